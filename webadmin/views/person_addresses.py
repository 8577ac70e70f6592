"""The addresses of one mailbox: its own, the aliases that lead to it, the groups and forwards it is in."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access.permissions import addresses_for, domains_for
from mailplatform.directory import addresses
from mailplatform.directory.values import AddressKind
from mailplatform.ui.middleware.session import Undo
from webadmin.forms.people import AliasOfForm
from webadmin.views.base import FormPage
from webadmin.views.leading import PAGES
from webadmin.views.person import OnePerson
from webadmin.words import ADDRESS_KINDS


class Addresses(OnePerson, FormPage):
    template_name = "webadmin/person_addresses.html"
    form_class, submit = AliasOfForm, _("Add address")

    def form_options(self) -> dict[str, Any]:
        rows = domains_for(self.identity).filter(alias_of=None).order_by("name")
        return {"domains": list(rows.values_list("name", flat=True))}

    def initial(self) -> dict[str, Any]:
        return {"domain": self.account.domain}

    def act(self, sent: dict[str, Any]) -> str:
        made = addresses.add_alias(f"{sent['localpart']}@{sent['domain']}", [self.account.address], actor=self.web.actor)
        words = gettext("Mail to %(alias)s reaches %(address)s from now on.")
        undo = Undo(reverse("webadmin:alias-remove", args=[made.id]))
        self.web.say(words % {"alias": made.address, "address": self.account.address}, undo)
        return self.url("person-addresses")

    def context(self, **more: Any) -> dict[str, Any]:
        own = addresses_for(self.identity, AddressKind.ACCOUNT).filter(account_id=self.account.id).values_list("pk", flat=True)
        leading = [info for pk in own for info in addresses.leading_to(pk)]
        mine = set(addresses_for(self.identity).filter(pk__in=[one.id for one in leading]).values_list("pk", flat=True))
        shown = [
            (one, ADDRESS_KINDS[AddressKind(one.kind)][0], reverse(PAGES[AddressKind(one.kind)], args=[one.id]))
            for one in leading
            if one.id in mine
        ]
        alias_domains = domains_for(self.identity).filter(alias_of__name=self.account.domain).order_by("name")
        return super().context(
            leading=shown, hidden=len(leading) - len(shown), further=list(alias_domains.values_list("name", flat=True)), **more
        )
