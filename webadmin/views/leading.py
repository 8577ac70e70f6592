"""Addresses that lead elsewhere: aliases, forwards, groups, catch-alls. Four nouns, one way of listing, making and changing.

Targets in domains that who asks does not administer are counted, not named, and stay as they are when the rest is changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access.permissions import address_for, addresses_for, check_targets, domains_for, visible_addresses
from mailplatform.directory import addresses, groups
from mailplatform.directory.addresses import written
from mailplatform.directory.values import AddressKind
from mailplatform.runtime.errors import Conflict
from mailplatform.ui.forms import Form
from mailplatform.ui.middleware.session import Undo
from webadmin.forms.leading import (
    AliasForm,
    ForwardForm,
    GroupForm,
    NewAliasForm,
    NewCatchAllForm,
    NewForwardForm,
    NewGroupForm,
)
from webadmin.tables.leading import AliasTable, CatchAllTable, ForwardTable, GroupFilter, GroupTable, LeadingFilter
from webadmin.views.base import Admin, AskPage, FormPage, ListPage

PAGES = {
    AddressKind.ALIAS: "webadmin:alias",
    AddressKind.FORWARD: "webadmin:forward",
    AddressKind.GROUP: "webadmin:group",
    AddressKind.CATCH_ALL: "webadmin:catch-all",
}


class _Noun(Admin):
    """What the pages of one noun share. page: its URL name."""

    kind = AddressKind.ALIAS

    @property
    def page(self) -> str:
        return PAGES[self.kind]

    @property
    def list_url(self) -> str:
        return reverse(f"{self.page}s" if self.kind is not AddressKind.ALIAS else "webadmin:aliases")


class _List(_Noun, ListPage):
    filter_class = LeadingFilter

    def rows(self) -> QuerySet[Any]:
        rows = addresses_for(self.identity, self.kind)
        return rows.values("pk", "localpart", "domain__name", "enabled", "name", "posting")

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        leading = addresses.targets_of([row["pk"] for row in rows])
        every = tuple(dict.fromkeys(text for texts in leading.values() for text in texts))
        seen = set(visible_addresses(self.identity, every)[0])
        found = []
        for row in rows:
            texts = leading.get(row["pk"], ())
            shown = [text for text in texts if text in seen]
            if len(shown) < len(texts):
                shown.append(_more(len(texts) - len(shown)))
            address = written(row["localpart"], row["domain__name"])
            found.append({**row, "address": address, "targets": shown, "count": len(texts)})
        return found


def _more(count: int) -> str:
    return ngettext("%(count)d in a domain of others", "%(count)d in domains of others", count) % {"count": count}


class Aliases(_List):
    title, here, icon = _("Aliases"), "aliases", "at"
    lead = _("Further names for mailboxes and groups of this house.")
    table_class = AliasTable
    add = ("webadmin:alias-add", _("Add alias"))
    empty, empty_lead = _("No alias yet"), _("An alias is a second name: mail to it reaches somebody who has another one.")


class Forwards(_List):
    kind = AddressKind.FORWARD
    title, here, icon = _("Forwards"), "forwards", "forward"
    lead = _("Addresses whose mail goes on to somewhere outside.")
    table_class = ForwardTable
    add = ("webadmin:forward-add", _("Add forward"))
    empty, empty_lead = _("No forward yet"), _("A forward sends mail on to addresses outside this house.")


class Groups(_List):
    kind = AddressKind.GROUP
    title, here, icon = _("Groups"), "groups", "people"
    lead = _("One address, many members, and a rule who may write to it.")
    table_class, filter_class = GroupTable, GroupFilter
    add = ("webadmin:group-add", _("Add group"))
    empty, empty_lead = _("No group yet"), _("Such as all@ or sales@: one letter reaches every member.")


class CatchAlls(_List):
    kind = AddressKind.CATCH_ALL
    title, here, icon = _("Catch-all"), "catch-alls", "funnel"
    lead = _("Where mail goes that no other address of a domain takes. Without one it is refused, which keeps spam away.")
    table_class = CatchAllTable
    add = ("webadmin:catch-all-add", _("Add catch-all"))
    empty, empty_lead = _("No catch-all"), _("Mail to unknown addresses is refused: the sender is told at once.")


class _Add(_Noun, FormPage):
    def form_options(self) -> dict[str, Any]:
        rows = domains_for(self.identity).filter(alias_of=None).order_by("name")
        return {"domains": list(rows.values_list("name", flat=True))}

    def initial(self) -> dict[str, Any]:
        return {"domain": self.request.GET.get("domain", "")}

    def cancel_url(self) -> str:
        return self.list_url

    def act(self, sent: dict[str, Any]) -> str:
        check_targets(self.identity, sent["targets"])
        address = f"{sent.get('localpart', '*')}@{sent['domain']}"
        if self.kind is AddressKind.GROUP:
            columns = {"name": sent["name"].strip(), "posting": sent["posting"]}
            made = groups.add_group(address, sent["targets"], actor=self.web.actor, **columns)
        else:
            made = addresses.add(address, self.kind, sent["targets"], actor=self.web.actor)
        self.web.say(gettext("%(address)s is added.") % {"address": made.address})
        return reverse(self.page, args=[made.id])


class AddAlias(_Add):
    title, here, form_class, submit = _("Add alias"), "aliases", NewAliasForm, _("Add alias")


class AddForward(_Add):
    kind = AddressKind.FORWARD
    title, here, form_class, submit = _("Add forward"), "forwards", NewForwardForm, _("Add forward")


class AddGroup(_Add):
    kind = AddressKind.GROUP
    title, here, form_class, submit = _("Add group"), "groups", NewGroupForm, _("Add group")


class AddCatchAll(_Add):
    kind = AddressKind.CATCH_ALL
    title, here, form_class, submit = _("Add catch-all"), "catch-alls", NewCatchAllForm, _("Add catch-all")


class _One(_Noun):
    def prepare(self) -> None:
        self.address = address_for(self.identity, self.kwargs["pk"], self.kind)
        self.targets, self.hidden = visible_addresses(self.identity, self.address.targets)

    def page_title(self) -> str:
        return self.address.address

    def subject(self) -> tuple[str, int]:
        return str(self.kind), self.address.id


class _Edit(_One, FormPage):
    template_name = "webadmin/leading.html"
    stamped = True
    form_class: type[Form] = AliasForm

    def trail(self) -> Iterable[tuple[Any, str]]:
        return [(self.title, self.list_url)]

    def initial(self) -> dict[str, Any]:
        one = self.address
        return {"targets": list(self.targets), "enabled": one.enabled, "name": one.name, "posting": one.posting}

    def act(self, sent: dict[str, Any]) -> str:
        kinds, address = (self.kind,), self.address.address
        if "targets" in sent:
            wanted = sent.pop("targets")
            new = [text for text in wanted if text not in self.targets]
            gone = [text for text in self.targets if text not in wanted]
            check_targets(self.identity, new)
            addresses.set_targets(address, add=new, remove=gone, kinds=kinds, actor=self.web.actor)
        if sent:
            addresses.set_address(address, kinds=kinds, actor=self.web.actor, **sent)
        self.web.say(gettext("%(address)s is saved.") % {"address": address})
        return reverse(self.page, args=[self.address.id])

    def context(self, **more: Any) -> dict[str, Any]:
        words = _more(self.hidden) if self.hidden else ""
        leading = addresses.leading_to(self.address.id)
        mine = set(addresses_for(self.identity).filter(pk__in=[one.id for one in leading]).values_list("pk", flat=True))
        return super().context(
            hidden=words,
            remove=reverse(f"{self.page}-remove", args=[self.address.id]),
            leading=[one.address for one in leading if one.id in mine],
            **more,
        )


class Alias(_Edit):
    title, here, form_class = _("Aliases"), "aliases", AliasForm


class Forward(_Edit):
    kind = AddressKind.FORWARD
    title, here, form_class = _("Forwards"), "forwards", ForwardForm


class Group(_Edit):
    kind = AddressKind.GROUP
    title, here, form_class = _("Groups"), "groups", GroupForm


class CatchAll(_Edit):
    kind = AddressKind.CATCH_ALL
    title, here, form_class = _("Catch-all"), "catch-alls", AliasForm


class _Remove(_One, AskPage):
    """Undone by making it again with the same targets; not where some of them may not be named."""

    submit = _("Remove")

    def page_title(self) -> str:
        return gettext("Remove %(address)s?") % {"address": self.address.address}

    def consequences(self) -> Sequence[str]:
        named = ", ".join(self.targets[:5]) + (" …" if len(self.targets) > 5 else "")
        said = [gettext("Mail to %(address)s is refused from that moment on.") % {"address": self.address.address}]
        if named:
            said.append(gettext("It leads to %(targets)s, who stay as they are.") % {"targets": named})
        return said

    def back_url(self) -> str:
        return reverse(self.page, args=[self.address.id])

    def act(self, sent: dict[str, Any]) -> str:
        one = self.address
        leading = addresses.leading_to(one.id)
        check_leading(self, leading)
        addresses.remove_address(one.address, kinds=(self.kind,), actor=self.web.actor)
        undo = None
        if not self.hidden:
            fields = {"domain": one.domain, "targets": "\n".join(one.targets), "name": one.name, "posting": one.posting}
            if self.kind is not AddressKind.CATCH_ALL:
                fields["localpart"] = one.address.rpartition("@")[0]
            undo = Undo(reverse(f"{self.page}-add"), fields)
        self.web.say(gettext("%(address)s is removed.") % {"address": one.address}, undo)
        return self.list_url


def check_leading(page: Admin, leading: Sequence[Any]) -> None:
    """What addresses of others lead to cannot be removed, and is refused without naming them. Raises Conflict."""
    mine = set(addresses_for(page.identity).filter(pk__in=[one.id for one in leading]).values_list("pk", flat=True))
    if any(one.id not in mine for one in leading):
        raise Conflict(gettext("Addresses in a domain of others lead to it; ask an administrator to change those first."))


class RemoveAlias(_Remove):
    here = "aliases"


class RemoveForward(_Remove):
    kind, here = AddressKind.FORWARD, "forwards"


class RemoveGroup(_Remove):
    kind, here = AddressKind.GROUP, "groups"


class RemoveCatchAll(_Remove):
    kind, here = AddressKind.CATCH_ALL, "catch-alls"
