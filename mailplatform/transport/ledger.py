"""The ledger of an outbound agent: claims, marks before the dot and settlements of many attempts, written together.

Each of them is small and has to be durable before the agent goes on; one transaction for those that wait at the same moment
serves a hundred attempts with one flush. What is settled is traced in the same transaction.

Invariants: a mark's answer is the truth at its commit; a settlement whose answer was lost is written again, and the tokens tell
whether it had been; a result of a lease that is another's by now is dropped, and the trace says so.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from mailplatform.runtime import clock, metrics
from mailplatform.runtime.committer import Committer
from mailplatform.runtime.committer import Outcome as Committed
from mailplatform.runtime.database import close_connection, lost, unavailable
from mailplatform.runtime.errors import TemporarilyUnavailable
from mailplatform.trace import record
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport import lease as leases
from mailplatform.transport import schedule, settle
from mailplatform.transport.settle import Verdict
from mailplatform.transport.values import BEFORE_MAIL, Ending, Lease, LeasedItem, Outcome

log = logging.getLogger(__name__)
_BATCH = 200
ATTEMPTS = metrics.Counter("deliveries_total", "Recipients outside for whom an attempt ended, by its outcome.", "outcome")


@dataclass(frozen=True, slots=True)
class Claim:
    """Take so many of each destination."""

    shares: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """From here on a dot may be sent for these; the answer: whether every lease is still good."""

    items: tuple[LeasedItem, ...]


@dataclass(frozen=True, slots=True)
class Settle:
    """What an attempt said of a lease. failures: of its destination in a row, before this; proven: it took something before."""

    lease: Lease
    outcomes: tuple[Outcome, ...]
    failures: int = 0
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Ahead:
    """What settlements left to be done soon. dues: moments of next attempts. reports: whether a report is due."""

    dues: frozenset[datetime] = frozenset()
    reports: bool = False


@dataclass(slots=True)
class _Judged:
    verdicts: list[Verdict] = field(default_factory=list)
    events: dict[int, list[EventRow]] = field(default_factory=dict)
    destinations: dict[str, tuple[str, bool, str, datetime | None]] = field(default_factory=dict)


class Ledger:
    """put → a future: list[Lease] for a Claim, bool for a Mark, None for a Settle. Errors are TemporarilyUnavailable.

    ahead: told, in the committer's thread, what a commit left to be done soon.
    """

    def __init__(self, *, inline: bool = False, ahead: Callable[[Ahead], None] = lambda _ahead: None) -> None:
        self._ahead = ahead
        self._committer: Committer[Claim | Mark | Settle] = Committer(
            self.commit, name="queue", most=_BATCH, helper_at=10 * _BATCH, on_thread_end=close_connection, inline=inline
        )

    def put(self, unit: Claim | Mark | Settle) -> Future[Any]:
        return self._committer.put(unit)

    def drain(self, seconds: float) -> bool:
        return self._committer.drain(seconds)

    def commit(self, units: list[Claim | Mark | Settle], patient: bool = False) -> Sequence[Committed]:
        """Settlements first, then marks (items in id order), then claims, which wait for nobody. A deadlock or a lost
        connection fails them all for now; another error fails the one that caused it."""
        try:
            return self._write(units)
        except (OperationalError, InterfaceError) as error:
            if lost(error):
                close_connection()
                return [unavailable(error)] * len(units)
            return self._each_alone(units, error)
        except Exception as error:
            return self._each_alone(units, error)

    def _each_alone(self, units: list[Claim | Mark | Settle], error: Exception) -> Sequence[Committed]:
        if len(units) > 1:
            return [outcome for unit in units for outcome in self.commit([unit])]
        log.error("queue: %s cannot be written", type(units[0]).__name__, exc_info=error)
        return [TemporarilyUnavailable(private=f"{type(error).__name__}: {error}")]

    def _write(self, units: list[Claim | Mark | Settle]) -> Sequence[Committed]:
        now = clock.now()
        seconds = settings.SITE.outbound.lease_seconds
        results: dict[int, Any] = {}
        with transaction.atomic():
            ahead = write([unit for unit in units if isinstance(unit, Settle)], now)
            marks = [unit for unit in units if isinstance(unit, Mark)]
            if marks:
                until = now + timedelta(seconds=seconds)
                held = leases.mark_in_doubt([item for mark in marks for item in mark.items], until=until)
            for n, unit in enumerate(units):
                if isinstance(unit, Mark):
                    results[n] = all(item.item_id in held for item in unit.items)
                elif isinstance(unit, Claim):
                    results[n] = leases.take(unit.shares, seconds=seconds, now=now)
        if ahead.dues or ahead.reports:
            self._ahead(ahead)
        return [results.get(n) for n in range(len(units))]


def write(settlements: Sequence[Settle], now: datetime) -> Ahead:
    """Settle and trace in the caller's transaction."""
    if not settlements:
        return Ahead()
    judged = _Judged()
    for one in settlements:
        _judge(one, judged, now)
    taken = settle.settle(judged.verdicts, now)
    late = [verdict for verdict in judged.verdicts if verdict.item_id not in taken]
    for verdict in judged.verdicts:
        if verdict.item_id in taken:
            ATTEMPTS.add(1, str(verdict.kind))
    before = settle.said_before(late)
    events = [event for item_id in taken for event in judged.events[item_id]]
    for verdict in late:
        if verdict.item_id not in before:
            told = judged.events[verdict.item_id][0]
            params = {"recipient": told.params["recipient"], "reply": verdict.reply}
            events.append(EventRow(told.trace_id, Code.STALE_RESULT, params))
    settle.note_destinations(list(judged.destinations.values()), now)
    record.write(*events)
    good = [verdict for verdict in judged.verdicts if verdict.item_id in taken]
    return Ahead(frozenset(v.due_at for v in good if v.due_at is not None), any(v.report for v in good))


def _pauses(lease: Lease) -> Sequence[float]:
    """Those of the lease's route, else the site's."""
    own = lease.route.retry_after if lease.route is not None else ()
    return own or settings.SITE.outbound.retry_after


def _judge(one: Settle, judged: _Judged, now: datetime) -> None:
    pauses = _pauses(one.lease)
    items = {item.item_id: item for item in one.lease.items}
    for outcome in one.outcomes:
        item = items[outcome.item_id]
        jitter = random.uniform(-1, 1)  # noqa: S311
        verdict = settle.judge(item, one.lease.message, outcome, now, pauses, jitter)
        judged.verdicts.append(verdict)
        judged.events[item.item_id] = list(_told(one.lease, item, outcome, verdict))
    name, said = one.lease.destination, _of_destination(one, now)
    if said is not None:
        judged.destinations[name] = said


def _of_destination(one: Settle, now: datetime) -> tuple[str, bool, str, datetime | None] | None:
    """What this attempt says of the destination; None when it is nothing new."""
    if not one.outcomes:
        return None
    terms, name = settings.SITE.outbound, one.lease.destination
    unreached = [o for o in one.outcomes if o.stage in BEFORE_MAIL and o.kind is Ending.DEFERRED]
    if len(unreached) == len(one.outcomes):
        seconds = min(schedule.listed(one.failures + 1, _pauses(one.lease)), terms.probe_longest_seconds)
        return (name, True, unreached[0].reply, now + timedelta(seconds=seconds))
    reached = any(outcome.stage not in BEFORE_MAIL for outcome in one.outcomes)
    return (name, False, "", None) if reached and (one.failures or not one.proven) else None


def _told(lease: Lease, item: LeasedItem, outcome: Outcome, verdict: Verdict) -> Sequence[EventRow]:
    params: dict[str, Any] = {
        "recipient": item.forward_path,
        "host": outcome.mx or lease.destination,
        "address": outcome.address,
        "tls": outcome.tls,
        "number": item.attempts,
        "reply": outcome.reply,
    }
    trace_id = lease.message.trace_id
    match verdict.kind:
        case Ending.DELIVERED | Ending.EXPANDED:
            return [EventRow(trace_id, Code.DELIVERED, params)]
        case Ending.FAILED:
            reason = "expired" if outcome.kind is Ending.DEFERRED else "refused"
            return [EventRow(trace_id, Code.FAILED, params | {"reason": reason, "stage": str(outcome.stage)})]
    assert verdict.due_at is not None
    told = [EventRow(trace_id, Code.DELAYED, params | {"due_at": verdict.due_at.isoformat(), "stage": str(outcome.stage)})]
    if outcome.in_doubt:
        told.append(EventRow(trace_id, Code.IN_DOUBT, {"recipient": item.forward_path, "host": params["host"]}))
    return told


def renew(held: Sequence[LeasedItem], now: datetime) -> set[int]:
    """A sign of life for these leases; the ids that are still ours."""
    return leases.renew(held, seconds=settings.SITE.outbound.lease_seconds, now=now) if held else set()
