"""Under which addresses somebody may send: their own, shown; further ones, granted and taken back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access import sending
from mailplatform.access.permissions import check_sender, visible_addresses
from mailplatform.directory.names import names_of
from mailplatform.ui.middleware.session import Undo
from webadmin.forms.people import GrantForm
from webadmin.views.base import FormPage
from webadmin.views.person import Personal


class SendAs(Personal, FormPage):
    template_name = "webadmin/person_send_as.html"
    form_class, submit = GrantForm, _("Allow")

    def act(self, sent: dict[str, Any]) -> str:
        check_sender(self.identity, sent["address"])
        address = sending.grant(self.user_id, sent["address"], actor=self.web.actor)
        words = gettext("%(login)s may now send as %(address)s.") % {"login": self.account.address, "address": address}
        self.web.say(words, Undo(self.url("person-send-as-revoke"), {"address": address}))
        return self.url("person-send-as")

    def context(self, **more: Any) -> dict[str, Any]:
        granted, hidden = visible_addresses(self.identity, tuple(sorted(sending.granted(self.user_id))))
        own, _hidden = visible_addresses(self.identity, tuple(sorted(names_of(self.account.id).addresses)))
        return super().context(own=own, granted=granted, hidden=hidden, **more)


class Revoke(Personal, FormPage):
    """Taken back at once, since it is given again at once."""

    form_class = GrantForm

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        return self.done(self.url("person-send-as"))

    def act(self, sent: dict[str, Any]) -> str:
        check_sender(self.identity, sent["address"])
        address = sending.revoke(self.user_id, sent["address"], actor=self.web.actor)
        words = gettext("%(login)s may no longer send as %(address)s.") % {"login": self.account.address, "address": address}
        self.web.say(words, Undo(self.url("person-send-as"), {"address": address}))
        return self.url("person-send-as")
