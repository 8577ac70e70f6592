"""The list of domains, and what it is narrowed by."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_tables2 import Column

from mailplatform.ui.filters import Filter
from mailplatform.ui.tables import BadgeColumn, CountColumn, LinkColumn, SizeColumn, Table
from webadmin.tables.choices import SEARCH
from webadmin.words import ENABLED


class DomainTable(Table):
    fields = ("id", "name", "alias_of__name", "description", "enabled", "account_count", "address_count", "account_quota_bytes")
    orders = {"name": ("name",), "enabled": ("enabled", "name"), "accounts": ("account_count",), "addresses": ("address_count",)}
    default_order = "name"

    name = LinkColumn("webadmin:domain", ("name",), under="description", verbose_name=_("Domain"))
    alias_of__name = Column(verbose_name=_("Another name of"))
    accounts = CountColumn(accessor="account_count", verbose_name=_("Mailboxes"))
    addresses = CountColumn(accessor="address_count", verbose_name=_("Other addresses"))
    account_quota_bytes = SizeColumn(verbose_name=_("Quota a mailbox"))
    enabled = BadgeColumn(ENABLED, verbose_name=_("State"))


class DomainFilter(Filter):
    q = django_filters.CharFilter(method="search", label=_("Search domains"), widget=SEARCH)
    enabled = django_filters.ChoiceFilter(
        label=_("State"), choices=(("true", _("in use")), ("false", _("switched off"))), method="in_use", empty_label=_("Any")
    )

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=value.strip()) | Q(description__icontains=value.strip()))

    def in_use(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(enabled=value == "true")
