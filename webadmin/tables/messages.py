"""The list of messages that came, went or were refused, and what it is narrowed by."""

import re
from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_tables2 import Column

from mailplatform.runtime import clock
from mailplatform.ui.filters import Filter
from mailplatform.ui.tables import BadgeColumn, LinkColumn, Table, WhenColumn
from webadmin.words import VERDICTS

SEARCH = forms.TextInput(
    attrs={"type": "search", "placeholder": _("Address, @domain, subject, Message-ID or trace number"), "autocomplete": "off"}
)
PERIODS = {
    "hour": (_("the last hour"), timedelta(hours=1)),
    "day": (_("the last 24 hours"), timedelta(days=1)),
    "week": (_("the last 7 days"), timedelta(days=7)),
    "month": (_("the last 30 days"), timedelta(days=30)),
}
TRACE_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{20}", re.IGNORECASE)
WORDS_LOOK_BACK = timedelta(days=30)
"""Subjects and domains have no index: they are looked for in what is recent, unless a period is chosen."""


class MessageTable(Table):
    """Newest first, always: the list grows for ever, and is paged by time."""

    fields = ("trace_id", "at", "verdict", "reverse_path", "forward_path", "subject")

    subject = LinkColumn("webadmin:message", ("trace_id",), verbose_name=_("Subject"), empty_values=())
    reverse_path = Column(verbose_name=_("From"), default=_("the house itself"))
    forward_path = Column(verbose_name=_("To"))
    verdict = BadgeColumn(VERDICTS, verbose_name=_("At the door"))
    at = WhenColumn(verbose_name=_("When"))


class MessageFilter(Filter):
    q = django_filters.CharFilter(method="search", label=_("Search messages"), widget=SEARCH)
    sender = django_filters.CharFilter(method="by", label=_("From"))
    recipient = django_filters.CharFilter(method="to", label=_("To"))
    verdict = django_filters.ChoiceFilter(
        label=_("At the door"), choices=[(verdict, words[0]) for verdict, words in VERDICTS.items()], empty_label=_("Any")
    )
    period = django_filters.ChoiceFilter(
        method="lately",
        label=_("When"),
        choices=[(name, words) for name, (words, _span) in PERIODS.items()],
        empty_label=_("Any time"),
    )

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = value.strip()
        bare = text.strip("<>")
        if TRACE_ID.fullmatch(text):
            return rows.filter(trace_id=text.lower())
        if "@" in bare.strip("@"):
            keyed: QuerySet[Any] = rows.alias(sender_key=Lower("reverse_path"), recipient_key=Lower("forward_path"))
            address = bare.lower()
            return keyed.filter(Q(sender_key=address) | Q(recipient_key=address) | Q(message_id__in=[bare, f"<{bare}>"]))
        if not self.data.get("period"):
            rows = rows.filter(at__gte=clock.now() - WORDS_LOOK_BACK)
        if text.startswith("@"):
            return rows.filter(Q(reverse_path__iendswith=text) | Q(forward_path__iendswith=text))
        return rows.filter(Q(subject__icontains=text) | Q(reverse_path__icontains=text) | Q(forward_path__icontains=text))

    def by(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        found: QuerySet[Any] = rows.alias(sender_key=Lower("reverse_path")).filter(sender_key=value.strip().strip("<>").lower())
        return found

    def to(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        found: QuerySet[Any] = rows.alias(recipient_key=Lower("forward_path")).filter(
            recipient_key=value.strip().strip("<>").lower()
        )
        return found

    def lately(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(at__gte=clock.now() - PERIODS[value][1])
