"""Messages: what came, went or was refused, and the story of each, from the first word at the door to where it lies now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access.traces import life_for, traces_for
from mailplatform.trace.events import Code
from mailplatform.trace.search import Happened, Life
from mailplatform.transport.visible import waiting_for
from webadmin.tables.messages import MessageFilter, MessageTable
from webadmin.views.base import Admin
from webadmin.views.timed import TimedPage
from webadmin.words import DIRECTIONS, QUEUE_STATES, VERDICTS

TONES: Mapping[str, str] = {
    Code.PLACED: "good",
    Code.DELIVERED: "good",
    Code.RESTORED: "good",
    Code.REFUSED: "bad",
    Code.FAILED: "bad",
    Code.SESSION_REFUSED: "bad",
    Code.DELAYED: "warn",
    Code.DEFERRED: "warn",
    Code.IN_DOUBT: "warn",
    Code.HELD: "warn",
    Code.DISCARDED: "warn",
    Code.DELETED: "warn",
    Code.EXPUNGED: "warn",
    Code.FOLDER_GONE: "warn",
    Code.REPORTED: "accent",
    Code.FORWARDED: "accent",
}


class Messages(TimedPage):
    title, here, icon = _("Messages"), "messages", "trace"
    lead = _("Every message that came, went or was refused. Open one to read what became of it, step by step.")
    table_class, filter_class = MessageTable, MessageFilter
    empty, empty_lead = _("No message yet"), _("As soon as mail comes in or goes out, it is told here.")

    def rows(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = traces_for(self.identity).values(*MessageTable.fields)
        return rows

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.order_by("-at", "-trace_id", "-forward_path")

    def mark(self, row: Mapping[str, Any]) -> str:
        return f"{row['at'].isoformat()}_{row['trace_id']}_{row['forward_path']}"

    def before(self, rows: QuerySet[Any], mark: str) -> QuerySet[Any]:
        text, trace_id, path = (*mark.split("_", 2), "", "")[:3]
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return rows
        if at.tzinfo is None:
            return rows
        behind = Q(at__lt=at) | Q(trace_id__lt=trace_id) | Q(trace_id=trace_id, forward_path__lt=path)
        return rows.filter(behind, at__lte=at)

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        return [row | {"subject": row["subject"] or gettext("(no subject)")} for row in rows]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story. report: the trace id of the message that the line speaks of."""

    at: datetime
    words: str
    tone: str
    report: str


class Message(Admin):
    here = "messages"
    template_name = "webadmin/message.html"

    def prepare(self) -> None:
        self.life = life_for(self.identity, self.kwargs["trace_id"].lower())

    def trail(self) -> Iterable[tuple[Any, str]]:
        return [(gettext("Messages"), reverse("webadmin:messages"))]

    def page_title(self) -> str:
        rows = self.life.recipients
        return (rows[0]["subject"] if rows else "") or gettext("(no subject)")

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        columns = ("pk", "forward_path", "destination", "state", "attempts", "due_at", "expires_at", "last_reply", "hold_reason")
        found = waiting_for(self.identity).filter(message__trace_id=self.life.trace_id).order_by("pk").values_list(*columns)
        waiting: list[dict[str, Any]] = [dict(zip(columns, row, strict=True)) for row in found]
        for row in waiting:
            row["words"], row["tone"] = QUEUE_STATES.get(row["state"], (row["state"], "plain"))
        return self.show(
            life=self.life, first=_first(self.life), ways=list(_ways(self.life)), steps=list(_steps(self.life)), waiting=waiting
        )


def _first(life: Life) -> dict[str, Any] | None:
    if not life.recipients:
        return None
    row = life.recipients[0]
    return row | {"way": DIRECTIONS.get(row["direction"], (row["direction"], "plain"))[0]}


def _ways(life: Life) -> Iterator[dict[str, Any]]:
    """Each recipient with what was decided at the door."""
    for row in life.recipients:
        words, tone = VERDICTS.get(row["verdict"], (row["verdict"], "plain"))
        yield {"path": row["forward_path"], "words": words, "tone": tone, "reason": row["reason"]}


def _steps(life: Life) -> Iterator[Step]:
    language = (get_language() or "en").partition("-")[0]
    for event in life.events:
        yield Step(event.at, _sentence(event, language), TONES.get(event.code, "plain"), str(event.params.get("report") or ""))


def _sentence(event: Happened, language: str) -> str:
    words = event.words(language)
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")
