"""Lists of mailboxes: people's, shared ones, how full they are, how much they may send."""

from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from mailplatform.directory.values import AccountKind, AccountState, Role
from mailplatform.ui.tables import BadgeColumn, CountColumn, LinkColumn, MeterColumn, Table, WhenColumn
from webadmin.tables.choices import AddressFilter
from webadmin.words import KINDS, ROLES, STATES

_BY_ADDRESS = ("localpart", "domain__name")


def _states() -> list[tuple[str, Any]]:
    return [(state, STATES[state][0]) for state in AccountState]


class PeopleTable(Table):
    orders = {
        "address": _BY_ADDRESS,
        "name": ("account__name", *_BY_ADDRESS),
        "role": ("account__owner__role", *_BY_ADDRESS),
        "state": ("account__state", *_BY_ADDRESS),
        "created": ("account__created_at",),
    }
    default_order = "address"

    address = LinkColumn("webadmin:person", ("account_id",), under="name", verbose_name=_("Address"))
    used = MeterColumn("used_bytes", "limit_bytes", verbose_name=_("Space used"))
    role = BadgeColumn(ROLES, verbose_name=_("Role"))
    state = BadgeColumn(STATES, verbose_name=_("State"))
    created = WhenColumn(verbose_name=_("Created"))


class SharedTable(Table):
    orders = {name: PeopleTable.orders[name] for name in ("address", "state", "created")} | {"kind": ("account__kind",)}
    default_order = "address"

    address = LinkColumn("webadmin:person", ("account_id",), under="name", verbose_name=_("Address"))
    kind = BadgeColumn(KINDS, verbose_name=_("Kind"))
    used = MeterColumn("used_bytes", "limit_bytes", verbose_name=_("Space used"))
    state = BadgeColumn(STATES, verbose_name=_("State"))
    created = WhenColumn(verbose_name=_("Created"))


class UsageTable(Table):
    orders = {"address": _BY_ADDRESS, "used": ("used_bytes",), "messages": ("used_messages",), "restorable": ("used_expunged",)}
    default_order = "-used"

    address = LinkColumn("webadmin:person-quota", ("account_id",), under="name", verbose_name=_("Address"))
    used = MeterColumn("used_bytes", "limit_bytes", verbose_name=_("Space used"))
    messages = MeterColumn("used_messages", "limit_messages", counts=True, verbose_name=_("Messages"))
    restorable = CountColumn(accessor="restorable", verbose_name=_("Deleted, restorable"))

    def render_restorable(self, value: Any) -> Any:
        return value


class LimitsTable(Table):
    orders = {"address": _BY_ADDRESS}
    default_order = "address"

    address = LinkColumn("webadmin:person-limits", ("account_id",), under="name", verbose_name=_("Address"))
    messages_per_hour = CountColumn(verbose_name=_("Messages an hour"))
    messages_per_day = CountColumn(verbose_name=_("Messages a day"))
    recipients_per_hour = CountColumn(verbose_name=_("Recipients an hour"))
    recipients_per_day = CountColumn(verbose_name=_("Recipients a day"))
    own = BadgeColumn({True: (_("own limits"), "accent"), False: (_("as the site"), "plain")}, verbose_name=_("Set by"))


class PeopleFilter(AddressFilter):
    also = "account__name"

    state = django_filters.ChoiceFilter(
        field_name="account__state", label=_("State"), choices=lambda: _states(), empty_label=_("Any")
    )
    role = django_filters.ChoiceFilter(
        field_name="account__owner__role",
        label=_("Role"),
        choices=lambda: [(role, ROLES[role][0]) for role in Role],
        empty_label=_("Any"),
    )


class SharedFilter(AddressFilter):
    also = "account__name"

    state = django_filters.ChoiceFilter(
        field_name="account__state", label=_("State"), choices=lambda: _states(), empty_label=_("Any")
    )
    kind = django_filters.ChoiceFilter(
        field_name="account__kind",
        label=_("Kind"),
        choices=lambda: [(kind, KINDS[kind][0]) for kind in (AccountKind.SHARED, AccountKind.RESOURCE)],
        empty_label=_("Any"),
    )


class UsageFilter(AddressFilter):
    also = "account__name"

    full = django_filters.ChoiceFilter(
        label=_("How full"),
        choices=(("80", _("80 % and more")), ("95", _("95 % and more")), ("none", _("without a quota"))),
        method="fullness",
        empty_label=_("Any"),
    )

    def fullness(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "none":
            return rows.filter(limit_bytes=None)
        return nearly_full(rows, int(value))


def nearly_full(rows: QuerySet[Any], percent: int) -> QuerySet[Any]:
    """Those who use so much of their quota, of rows with `limit_bytes` and `used_bytes`."""
    used = Q(limit_bytes=0, used_bytes__gt=0) | Q(limit_bytes__gt=0, used_bytes__gte=F("limit_bytes") * percent / 100)
    return rows.filter(used, limit_bytes__isnull=False)


class LimitsFilter(AddressFilter):
    also = "account__name"

    own = django_filters.ChoiceFilter(
        label=_("Set by"),
        choices=(("yes", _("own limits")), ("no", _("as the site"))),
        method="set_by",
        empty_label=_("Any"),
    )

    def set_by(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(account__owner__sending_limit__isnull=value == "no")
