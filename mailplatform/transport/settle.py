"""Settling: what an attempt said becomes the item's state, if the lease is still its holder's.

Standards: RFC 5321 §4.2.1, §4.5.4.1 (4yz: later, 5yz: never); RFC 3461 §4.1 and §6.2 (NOTIFY says which reports are wanted);
RFC 5321 §6.1 (no report about a message that has no reverse-path).
A report that is due (RFC 3464) is a column, ``dsn_due``: settle writes it, and whoever makes the report clears it in the
transaction that carries the report. A message whose items are all done, with no report due, is swept, and its blob let go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from mailplatform.runtime import clock
from mailplatform.runtime.arrays import columns
from mailplatform.runtime.database import cursor
from mailplatform.runtime.pipeline import Pipeline, pipelined
from mailplatform.runtime.sqlfiles import load
from mailplatform.store import blobs
from mailplatform.store.append import run
from mailplatform.trace import record
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport import schedule
from mailplatform.transport.enqueue import PIN
from mailplatform.transport.models import OutboundMessage, QueueItem
from mailplatform.transport.values import SMTP, Carried, Ending, LeasedItem, Outcome, Report, State

_PACKAGE = "mailplatform.transport"
_SWEEP = 500
_SETTLE = "ids:int8 tokens:uuid states:text replies:text statuses:text mxs:text dues:time reports:text doubts:bool"
_NOTE = "names:text failed:bool replies:text nexts:time"
_STATES = {
    Ending.DELIVERED: State.DONE,
    Ending.EXPANDED: State.DONE,
    Ending.FAILED: State.DONE,
    Ending.DEFERRED: State.DEFERRED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an item. due_at: the next attempt of a deferred item. report: the RFC 3464 action that is due, or "".
    doubt: it may have arrived although it is tried again."""

    item_id: int
    token: UUID
    kind: Ending
    reply: str = ""
    due_at: datetime | None = None
    report: str = ""
    status: str = ""
    mx: str = ""
    doubt: bool = False


def judge(item: LeasedItem, message: Carried, outcome: Outcome, now: datetime, pauses: Sequence[float], jitter: float) -> Verdict:
    """What an outcome means for its item; pure. pauses: `retry_after` of the route or `[outbound]`; jitter: -1 … 1."""

    def verdict(kind: Ending, report: Report = Report.NONE, due: datetime | None = None) -> Verdict:
        said = (outcome.reply, due, str(report), outcome.enhanced, outcome.mx)
        return Verdict(item.item_id, item.token, kind, *said, doubt=outcome.in_doubt and kind is Ending.DEFERRED)

    match outcome.kind:
        case Ending.DELIVERED:
            # RFC 3461 §5.2.2: whom we handed it to reports by itself, if it speaks DSN.
            due_report = Report.RELAYED if wants(item.notify, "SUCCESS") and not outcome.dsn_relayed else Report.NONE
        case Ending.EXPANDED:
            due_report = Report.EXPANDED if wants(item.notify, "SUCCESS") else Report.NONE
        case _:
            due = None
            if outcome.kind is Ending.DEFERRED:
                pause = 0.0 if outcome.again else schedule.listed(item.attempts, pauses, jitter=jitter)
                due = schedule.bounded(now, pause, item.expires_at, least=pauses[0])
            if due is not None:
                return verdict(Ending.DEFERRED, due=due)
            wanted = wants(item.notify, "FAILURE") and message.reverse_path
            return verdict(Ending.FAILED, Report.FAILED if wanted else Report.NONE)
    return verdict(outcome.kind, due_report if message.reverse_path else Report.NONE)


def wants(notify: str, word: str) -> bool:
    """Whether NOTIFY asks for this report (RFC 3461 §4.1); without it failures are told, and delays."""
    if not notify:
        return word in ("FAILURE", "DELAY")
    return word in notify.upper().split(",")


def settle(verdicts: Sequence[Verdict], now: datetime | None = None) -> set[int]:
    """Write the verdicts; the ids that were settled. The others are stale: another agent has them, and nothing was written."""
    if not verdicts:
        return set()
    with pipelined() as pipe:
        settled = send(pipe, verdicts, now or clock.now())
    return settled()


def send(pipe: Pipeline, verdicts: Sequence[Verdict], now: datetime) -> Callable[[], set[int]]:
    """The same inside ``pipelined``; call it afterwards."""
    rows = [
        (v.item_id, v.token, str(_STATES[v.kind]), _clean(v.reply), v.status[:16], _clean(v.mx), v.due_at, v.report, v.doubt)
        for v in sorted(verdicts, key=lambda verdict: verdict.item_id)
    ]
    taken = run(pipe, "settle", {**columns(_SETTLE, rows), "now": now}, package=_PACKAGE)
    return lambda: {row[0] for row in taken.fetchall()}


def said_before(verdicts: Sequence[Verdict]) -> set[int]:
    """Of verdicts that were not taken, those that an earlier try had written, whose answer was lost."""
    if not verdicts:
        return set()
    with cursor() as opened:
        params: dict[str, Any] = {"ids": [v.item_id for v in verdicts], "tokens": [v.token for v in verdicts]}
        opened.execute(load(_PACKAGE, "settle_said"), params)
        return {row[0] for row in opened.fetchall()}


def note_destinations(
    said: Sequence[tuple[str, bool, str, datetime | None]], now: datetime, *, transport: str = SMTP, pipe: Pipeline | None = None
) -> None:
    """Write what connections said: (destination, failed, the words, when to try next), each once. In `pipe`, or now."""
    if not said:
        return
    if pipe is None:
        with pipelined() as own:
            note_destinations(said, now, transport=transport, pipe=own)
        return
    rows = [(name, failed, _clean(reply), following) for name, failed, reply, following in said]
    run(pipe, "settle_destinations", {**columns(_NOTE, rows), "transport": transport, "now": now}, package=_PACKAGE)


def _clean(text: str) -> str:
    return text[:1000].replace("\x00", "").encode("utf-8", "replace").decode()


# -- what the ticks do


def warn(now: datetime, limit: int = _SWEEP) -> int:
    """Say which senders are to be told of a delay; how many items."""
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "settle_warn"), {"now": now, "limit": limit})
        return sum(1 for (due,) in opened.fetchall() if due == Report.DELAYED)


def expire(now: datetime, limit: int = _SWEEP) -> int:
    """Give up items whose time is over; how many. The report says what was heard of them last."""
    with transaction.atomic():
        with cursor() as opened:
            opened.execute(load(_PACKAGE, "settle_expire"), {"now": now, "limit": limit})
            rows = opened.fetchall()
        record.write(
            *[
                EventRow(trace_id, Code.FAILED, _gone(forward_path, mx or destination, reply, attempts))
                for _, trace_id, forward_path, destination, mx, reply, attempts in rows
            ]
        )
        return len(rows)


def _gone(recipient: str, host: str, reply: str, attempts: int) -> dict[str, Any]:
    return {"recipient": recipient, "host": host, "reply": reply, "reason": "expired", "number": attempts}


def sweep(limit: int = _SWEEP) -> int:
    """Delete messages all of whose items are done, and let their blobs go; how many. Tick by tick, in short transactions."""
    with transaction.atomic():
        with cursor() as opened:
            opened.execute(load(_PACKAGE, "settle_finished"), {"limit": limit})
            finished = [row[0] for row in opened.fetchall()]
        if finished:
            QueueItem.objects.filter(message_id__in=finished)._raw_delete("default")
            blobs.unpin(PIN, finished)
            OutboundMessage.objects.filter(pk__in=finished)._raw_delete("default")
        return len(finished)
