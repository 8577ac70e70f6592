"""Finding out what became of a message: its transactions, and their events in the order of time.

The search goes by what only trace_message is indexed for (trace id, Message-ID, either path); events are read by trace
id. A trace id tells when its transaction began, so months before it are never touched. Spilt rows are found as well.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower

from mailplatform.trace import ids, words
from mailplatform.trace.models import TraceEvent, TraceMessage, TraceSpill

LIMIT = 50
MESSAGE_FIELDS = (
    *("trace_id", "at", "retention", "organisation_id", "account_id", "direction", "verdict", "reason"),
    *("reverse_path", "forward_path", "message_id", "subject", "client", "helo", "size"),
)
# Rows are written at the commit, which is never before the transaction began but for two machines' clocks.
CLOCK_SLACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event."""

    at: datetime
    code: str
    params: dict[str, Any]

    def words(self, language: str = words.FALLBACK) -> str:
        return words.render(self.code, self.params, language)


@dataclass(frozen=True, slots=True)
class Life:
    """One transaction with all its recipients, and all that happened to its message since."""

    trace_id: str
    began: datetime | None
    recipients: tuple[dict[str, Any], ...]
    events: tuple[Happened, ...] = field(default=())


def find(
    *,
    trace_id: str = "",
    message_id: str = "",
    reverse_path: str = "",
    forward_path: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    organisation_id: int | None = None,
    limit: int = LIMIT,
) -> list[Life]:
    """The lives that fit all that is given, newest first; at most `limit` transactions."""
    wanted = Q()
    if trace_id:
        wanted &= Q(trace_id=trace_id)
    if message_id:
        bare = message_id.strip().strip("<>")
        wanted &= Q(message_id__in=[bare, f"<{bare}>"])
    if organisation_id is not None:
        wanted &= Q(organisation_id=organisation_id)
    if since is not None:
        wanted &= Q(at__gte=since)
    if until is not None:
        wanted &= Q(at__lt=until)
    rows = TraceMessage.objects.alias(reverse_key=Lower("reverse_path"), forward_key=Lower("forward_path")).filter(wanted)
    if reverse_path:
        rows = rows.filter(reverse_key=reverse_path.strip("<>").lower())
    if forward_path:
        rows = rows.filter(forward_key=forward_path.strip("<>").lower())
    newest = list(rows.order_by("-at").values_list("trace_id", flat=True)[: limit * 20])
    found = list(dict.fromkeys(newest))[:limit]
    if trace_id and not found:
        found = [trace_id]  # events alone, or rows that were spilt
    return [life for life in _lives(found) if life.recipients or life.events]


def _lives(trace_ids: Sequence[str]) -> list[Life]:
    recipients: dict[str, list[dict[str, Any]]] = defaultdict(list)
    events: dict[str, list[Happened]] = defaultdict(list)
    if not trace_ids:
        return []
    begun = [moment for moment in map(_began, trace_ids) if moment is not None]
    floor = min(begun) - CLOCK_SLACK if len(begun) == len(trace_ids) else datetime(1970, 1, 1, tzinfo=UTC)
    for row in TraceMessage.objects.filter(trace_id__in=trace_ids, at__gte=floor).order_by("at").values(*MESSAGE_FIELDS):
        recipients[row["trace_id"]].append(row)
    happened = TraceEvent.objects.filter(trace_id__in=trace_ids, at__gte=floor).order_by("at")
    for trace_id, at, code, params in happened.values_list("trace_id", "at", "code", "params"):
        events[trace_id].append(Happened(at, code, params))
    for kind, row in TraceSpill.objects.filter(trace_id__in=trace_ids).order_by("at").values_list("kind", "row"):
        at = datetime.fromisoformat(row["at"])
        if kind == "event":
            events[row["trace_id"]].append(Happened(at, row["code"], row["params"]))
        else:
            recipients[row["trace_id"]].append(row | {"at": at})
    return [
        Life(trace_id, _began(trace_id), tuple(recipients[trace_id]), tuple(sorted(events[trace_id], key=lambda event: event.at)))
        for trace_id in trace_ids
    ]


def _began(trace_id: str) -> datetime | None:
    try:
        return ids.began(trace_id)
    except ValueError:
        return None
