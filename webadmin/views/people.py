"""Lists of mailboxes and opening one: people's and shared ones are two lists, and one page each thereafter (views.person)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access import credentials
from mailplatform.access.permissions import addresses_for, domains_for
from mailplatform.access.sending import SendingLimits
from mailplatform.directory.addresses import written
from mailplatform.directory.values import AccountKind, AccountState, AddressKind
from mailplatform.mailflow import limits
from mailplatform.mailflow.accounts import open_account
from mailplatform.store import usage
from mailplatform.ui import sizes
from webadmin.forms.people import NewPersonForm, NewSharedForm, PlaceForm
from webadmin.tables.people import (
    LimitsFilter,
    LimitsTable,
    PeopleFilter,
    PeopleTable,
    SharedFilter,
    SharedTable,
    UsageFilter,
    UsageTable,
)
from webadmin.views.base import FormPage, ListPage

_COLUMNS = ("localpart", "account_id", "limit_bytes", "limit_messages", "at", "person", "state")
_LIMITS = SendingLimits.__slots__


class _Accounts(ListPage):
    """Rows of principal addresses, each with its account."""

    kinds: Sequence[AccountKind] = tuple(AccountKind)

    def rows(self) -> QuerySet[Any]:
        return self.accounts().values(*_COLUMNS, "role", "what", "created")

    def accounts(self) -> QuerySet[Any]:
        return (
            addresses_for(self.identity, AddressKind.ACCOUNT)
            .filter(account__kind__in=self.kinds)
            .annotate(
                limit_bytes=Coalesce("account__quota_bytes", "domain__account_quota_bytes"),
                limit_messages=Coalesce("account__quota_messages", "domain__account_quota_messages"),
                at=F("domain__name"),
                person=F("account__name"),
                role=F("account__owner__role"),
                state=F("account__state"),
                what=F("account__kind"),
                created=F("account__created_at"),
            )
        )

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        used = usage.usage_many([row["account_id"] for row in rows])
        return [
            {
                **row,
                "address": written(row["localpart"], row["at"]),
                "name": row["person"],
                "kind": row["what"],
                "used_bytes": used[row["account_id"]].bytes if row["account_id"] in used else 0,
            }
            for row in rows
        ]


class People(_Accounts):
    title, here, icon = _("Mailboxes"), "people", "person"
    lead = _("One for each person. Shared ones have a list of their own.")
    table_class, filter_class = PeopleTable, PeopleFilter
    kinds = (AccountKind.PERSONAL,)
    add = ("webadmin:person-add", _("Add mailbox"))
    empty, empty_lead = _("No mailbox yet"), _("Add the first one: an address, a name, a password.")


class Shared(_Accounts):
    title, here, icon = _("Shared mailboxes"), "shared", "tray"
    lead = _("Mail that several people read, and rooms and things that are booked. Nobody signs in to them.")
    table_class, filter_class = SharedTable, SharedFilter
    kinds = (AccountKind.SHARED, AccountKind.RESOURCE)
    add = ("webadmin:shared-add", _("Add shared mailbox"))
    empty, empty_lead = _("No shared mailbox yet"), _("Such as info@ or office@: mail for a team rather than a person.")


class Usage(_Accounts):
    title, here, icon = _("Quotas and usage"), "usage", "gauge"
    lead = _("The fullest first. A quota is the mailbox's own, or else its domain's.")
    table_class, filter_class = UsageTable, UsageFilter
    empty = _("No mailbox yet")

    def rows(self) -> QuerySet[Any]:
        alive = self.accounts().exclude(account__state=AccountState.CLOSED)
        return usage.annotated(alive, "account_id").values(*_COLUMNS, "used_bytes", "used_messages", "used_expunged")

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        return [
            {**row, "address": written(row["localpart"], row["at"]), "name": row["person"], "restorable": _size(row)}
            for row in rows
        ]


class Limits(_Accounts):
    title, here, icon = _("Sending limits"), "limits", "limit"
    lead = _("How much one person may send: a stolen password does less harm. Without limits of their own the site's hold.")
    table_class, filter_class = LimitsTable, LimitsFilter
    kinds = (AccountKind.PERSONAL,)
    empty = _("No mailbox yet")

    def rows(self) -> QuerySet[Any]:
        own = {f"own_{name}": F(f"account__owner__sending_limit__{name}") for name in _LIMITS}
        rows: QuerySet[Any] = self.accounts().annotate(**own)
        return rows.values(*_COLUMNS, *own)

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        found = []
        for row in rows:
            force = limits.in_force(SendingLimits(*(row[f"own_{name}"] for name in _LIMITS)))
            own = any(row[f"own_{name}"] is not None for name in _LIMITS)
            shown = {name: getattr(force, name) for name in _LIMITS}
            found.append({**row, "address": written(row["localpart"], row["at"]), "name": row["person"], "own": own, **shown})
        return found


def _size(row: Mapping[str, Any]) -> str:
    return sizes.shown(row["used_expunged"]) if row["used_expunged"] else "–"


class _Open(FormPage):
    """Open an account whole."""

    form_class: type[PlaceForm]
    kind = AccountKind.PERSONAL

    def form_options(self) -> dict[str, Any]:
        rows = domains_for(self.identity).filter(alias_of=None).order_by("name")
        return {"domains": list(rows.values_list("name", flat=True))}

    def initial(self) -> dict[str, Any]:
        return {"domain": self.request.GET.get("domain", "")}


class AddPerson(_Open):
    title, here = _("Add mailbox"), "people"
    form_class, submit, cancel = NewPersonForm, _("Add mailbox"), "webadmin:people"

    def act(self, sent: dict[str, Any]) -> str:
        drawn = "" if sent["password"] else credentials.generated()
        info = open_account(
            f"{sent['localpart']}@{sent['domain']}",
            password=sent["password"] or drawn,
            name=sent["name"].strip(),
            quota_bytes=sent["quota_bytes"],
            actor=self.web.actor,
        )
        self.made, self.drawn = info, drawn
        if not drawn:
            self.web.say(gettext("%(address)s is open.") % {"address": info.address})
        return reverse("webadmin:person", args=[info.id])

    def done(self, where: str) -> HttpResponse:
        if not self.drawn:
            return super().done(where)
        self.template_name = "webadmin/secret.html"
        words = gettext("%(address)s is open. This is its password; it is shown this once.") % {"address": self.made.address}
        return self.show(secret=self.drawn, words=words, onward=where, again=self.request.path)


class AddShared(_Open):
    title, here = _("Add shared mailbox"), "shared"
    form_class, submit, cancel = NewSharedForm, _("Add shared mailbox"), "webadmin:shared"

    def act(self, sent: dict[str, Any]) -> str:
        info = open_account(
            f"{sent['localpart']}@{sent['domain']}",
            name=sent["name"].strip(),
            kind=sent["kind"],
            quota_bytes=sent["quota_bytes"],
            actor=self.web.actor,
        )
        self.web.say(gettext("%(address)s is open.") % {"address": info.address})
        return reverse("webadmin:person", args=[info.id])
