"""What was done in the administration, and what that list is narrowed by."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_tables2 import Column

from mailplatform.runtime import clock
from mailplatform.ui.filters import Filter
from mailplatform.ui.tables import DASH, Table, WhenColumn
from webadmin.said import PARAMS, actor, spoken
from webadmin.tables.messages import PERIODS

SEARCH = forms.TextInput(attrs={"type": "search", "placeholder": _("Who did it, or what it was done to"), "autocomplete": "off"})


class ParamsColumn(Column):
    """What was changed: name and value, as they were recorded."""

    def render(self, value: Mapping[str, Any]) -> SafeString | str:
        if not value:
            return DASH
        pairs = (
            (PARAMS.get(name, name.replace("_", " ")), _written(name, one))
            for name, one in value.items()
            if one not in (None, "", [])
        )
        items = format_html_join("", '<span class="item"><span class="soft">{}:</span> {}</span> ', pairs)
        return format_html("<span>{}</span>", items)


def _written(name: str, value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_written(name, one) for one in value) or DASH
    return DASH if value in (None, "") else spoken(name, value)


class ActorColumn(Column):
    def render(self, value: str) -> str:
        return actor(value)


class AuditTable(Table):
    fields = ("id", "at", "actor_name", "code", "subject_kind", "subject_name", "params")

    at = WhenColumn(verbose_name=_("When"))
    actor_name = ActorColumn(verbose_name=_("Who"), default=_("the house itself"))
    words = Column(verbose_name=_("What was done"))
    subject_name = Column(verbose_name=_("To what"), attrs={"td": {"class": "main"}}, default=DASH)
    params = ParamsColumn(verbose_name=_("How"), empty_values=())


class AuditFilter(Filter):
    q = django_filters.CharFilter(method="search", label=_("Search the log"), widget=SEARCH)
    kind = django_filters.ChoiceFilter(
        field_name="subject_kind",
        label=_("About"),
        empty_label=_("Anything"),
        choices=[
            ("domain", _("domains")),
            ("account", _("mailboxes")),
            ("user", _("people")),
            ("address", _("addresses")),
            ("queue", _("the queue")),
            ("network", _("networks")),
        ],
    )
    period = django_filters.ChoiceFilter(
        method="lately",
        label=_("When"),
        choices=[(name, words) for name, (words, _span) in PERIODS.items()],
        empty_label=_("Any time"),
    )

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = value.strip()
        return rows.filter(Q(actor_name__icontains=text) | Q(subject_name__icontains=text) | Q(code__icontains=text))

    def lately(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(at__gte=clock.now() - PERIODS[value][1])
