"""The list of mailboxes that answer by themselves, or did."""

from datetime import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_tables2 import Column

from mailplatform.ui.tables import DASH, BadgeColumn, LinkColumn, Table
from webadmin.tables.choices import AddressFilter
from webadmin.words import ANSWERING, AUDIENCES


class DayColumn(Column):
    def render(self, value: datetime) -> str:
        return value.strftime("%Y-%m-%d %H:%M")


class ResponderTable(Table):
    orders = {
        "address": ("localpart", "domain__name"),
        "answering": ("answering", "localpart", "domain__name"),
        "begins": ("begins",),
        "ends": ("ends",),
    }
    default_order = "address"

    address = LinkColumn("webadmin:person-autoresponder", ("account_id",), under="name", verbose_name=_("Mailbox"))
    answering = BadgeColumn(ANSWERING, verbose_name=_("State"))
    begins = DayColumn(verbose_name=_("From"), default=DASH)
    ends = DayColumn(verbose_name=_("Until"), default=DASH)
    whom = BadgeColumn(AUDIENCES, verbose_name=_("Answers"))


class ResponderFilter(AddressFilter):
    also = "account__name"
    on = django_filters.ChoiceFilter(
        label=_("State"), choices=(("true", _("on")), ("false", _("off"))), method="is_on", empty_label=_("Any")
    )

    def is_on(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(answering=value == "true")
