"""The list of what waits to be delivered, and what it is narrowed by."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _
from django_tables2 import Column

from mailplatform.ui.filters import Filter
from mailplatform.ui.tables import DASH, BadgeColumn, CountColumn, LinkColumn, Table
from mailplatform.ui.templatetags import ui
from webadmin.words import QUEUE_STATES

SEARCH = forms.TextInput(
    attrs={"type": "search", "placeholder": _("Recipient, sender, destination or reason"), "autocomplete": "off"}
)


class TickColumn(Column):
    """A box to choose the row for what the buttons below the list do. It belongs to their form wherever it stands."""

    def __init__(self, form: str, **options: Any) -> None:
        super().__init__(accessor="id", verbose_name=_("Choose"), **options)
        self._form = form

    def render(self, value: int, record: Mapping[str, Any]) -> SafeString:
        words = gettext("Choose %(recipient)s") % {"recipient": record["forward_path"]}
        box = '<input type="checkbox" name="id" value="{}" form="{}" aria-label="{}">'
        return format_html(box, value, self._form, words)


class SenderColumn(Column):
    def render(self, value: str) -> str:
        return value

    def value(self, value: str) -> str:
        return value


class TryColumn(Column):
    """When the next attempt is, by the clock; for what is held, never by itself."""

    def render(self, value: Any, record: Mapping[str, Any]) -> SafeString:
        match record["state"]:
            case "held":
                return format_html('<span class="soft">{}</span>', gettext("when it is released"))
            case "leased":
                return format_html("{}", pgettext("an attempt", "under way"))
        return format_html('{}<span class="under">{}</span>', ui.when(value), value.strftime("%Y-%m-%d %H:%M:%S UTC"))


class QueueTable(Table):
    fields = (
        *("id", "state", "transport", "destination", "forward_path", "message__reverse_path", "message__trace_id"),
        *("attempts", "message__created_at", "due_at", "last_reply", "hold_reason"),
    )
    orders = {
        "forward_path": ("forward_path",),
        "sender": ("message__reverse_path",),
        "destination": ("destination", "due_at"),
        "state": ("state", "due_at"),
        "attempts": ("attempts",),
        "due_at": ("due_at",),
    }
    default_order = "due_at"

    tick = TickColumn("chosen")
    forward_path = LinkColumn("webadmin:message", ("message__trace_id",), verbose_name=_("Recipient"), under="under")
    sender = SenderColumn(accessor="message__reverse_path", verbose_name=_("Sender"), default=_("the house itself"))
    state = BadgeColumn(QUEUE_STATES, verbose_name=_("State"))
    attempts = CountColumn(verbose_name=_("Attempts"))
    due_at = TryColumn(verbose_name=_("Next try"))
    reason = Column(verbose_name=_("Why it waits"), default=DASH, attrs={"td": {"class": "reason"}})


class QueueFilter(Filter):
    q = django_filters.CharFilter(method="search", label=_("Search the queue"), widget=SEARCH)
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[(state, words[0]) for state, words in QUEUE_STATES.items()], empty_label=_("Any")
    )
    destination = django_filters.CharFilter(method="to", label=_("Destination"))
    sender = django_filters.CharFilter(method="by", label=_("Sender"))

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = value.strip()
        return rows.filter(
            Q(forward_path__icontains=text)
            | Q(message__reverse_path__icontains=text)
            | Q(destination__icontains=text)
            | Q(last_reply__icontains=text)
            | Q(hold_reason__icontains=text)
        )

    def to(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = value.strip().lower()
        return rows.filter(Q(destination=text) | Q(forward_path__iendswith=f"@{text}"))

    def by(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = value.strip()
        if text == "<>":
            return rows.filter(message__reverse_path="")
        return (
            rows.filter(message__reverse_path__iendswith=text)
            if text.startswith("@")
            else rows.filter(message__reverse_path__iexact=text)
        )
