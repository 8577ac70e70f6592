"""Lists of addresses that lead elsewhere: aliases, forwards, groups, catch-alls."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_tables2 import Column

from mailplatform.directory.values import Posting
from mailplatform.ui.tables import BadgeColumn, LinkColumn, ListColumn, Table
from webadmin.tables.choices import AddressFilter
from webadmin.words import ENABLED, POSTING

_BY_ADDRESS = ("localpart", "domain__name")


class _Leading(Table):
    orders = {"address": _BY_ADDRESS, "enabled": ("enabled", *_BY_ADDRESS)}
    default_order = "address"


class AliasTable(_Leading):
    address = LinkColumn("webadmin:alias", ("pk",), verbose_name=_("Address"))
    targets = ListColumn(verbose_name=_("Leads to"))
    enabled = BadgeColumn(ENABLED, verbose_name=_("State"))


class ForwardTable(_Leading):
    address = LinkColumn("webadmin:forward", ("pk",), verbose_name=_("Address"))
    targets = ListColumn(verbose_name=_("Sends on to"))
    enabled = BadgeColumn(ENABLED, verbose_name=_("State"))


class CatchAllTable(_Leading):
    orders = {"address": ("domain__name",), "enabled": ("enabled", "domain__name")}
    address = LinkColumn("webadmin:catch-all", ("pk",), verbose_name=_("Domain"))
    targets = ListColumn(verbose_name=_("Leads to"))
    enabled = BadgeColumn(ENABLED, verbose_name=_("State"))


class GroupTable(_Leading):
    address = LinkColumn("webadmin:group", ("pk",), under="name", verbose_name=_("Address"))
    targets = ListColumn(verbose_name=_("Members"))
    count = Column(verbose_name=_("Number"))
    posting = BadgeColumn(POSTING, verbose_name=_("Who may write"))
    enabled = BadgeColumn(ENABLED, verbose_name=_("State"))


class LeadingFilter(AddressFilter):
    enabled = django_filters.ChoiceFilter(
        label=_("State"), choices=(("true", _("in use")), ("false", _("switched off"))), method="in_use", empty_label=_("Any")
    )

    def in_use(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(enabled=value == "true")


class GroupFilter(LeadingFilter):
    posting = django_filters.ChoiceFilter(
        label=_("Who may write"),
        choices=lambda: [(one, POSTING[one][0]) for one in Posting],
        empty_label=_("Any"),
    )
