"""The ledger of an outbound agent: claims, marks before the dot and settlements of many attempts, written together.

One transaction for those that wait at the same moment serves a hundred attempts. What is settled is traced in the same one. A
mark is on disk before its dot leaves, and so is what was committed before it. Claims and settlements alone do not wait for the
disk: a claim that is lost with the server is found out by its mark, which then fails; settlements are remembered until they are
on disk for sure, and written again when the server goes away before.

Invariants: a mark's answer is the truth at its commit; a settlement whose answer was lost is written again, and the tokens tell
whether it had been; a result of a lease that is another's by now is dropped, and the trace says so.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from mailplatform.runtime import clock, metrics
from mailplatform.runtime.committer import Committer
from mailplatform.runtime.committer import Outcome as Committed
from mailplatform.runtime.database import close_connection, cursor, lost, sqlstate, unavailable
from mailplatform.runtime.errors import TemporarilyUnavailable
from mailplatform.runtime.pipeline import FORGOTTEN, Pipeline, pipelined
from mailplatform.runtime.sqlfiles import load
from mailplatform.store.append import run
from mailplatform.trace import record
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow, is_missing_partition
from mailplatform.transport import lease as leases
from mailplatform.transport import schedule, settle
from mailplatform.transport.settle import Verdict
from mailplatform.transport.values import BEFORE_MAIL, Ending, Lease, LeasedItem, Outcome

log = logging.getLogger(__name__)
_BATCH = 200
ATTEMPTS = metrics.Counter("deliveries_total", "Recipients outside for whom an attempt ended, by its outcome.", "outcome")
_NEVER = 1_000_000
_TRIES = 3
_FLUSHED_AFTER = 1.0  # seconds; a living server has flushed what was committed (thrice wal_writer_delay, 0.2 s by default)
_AGAIN_AFTER = 1.0


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
        self._marks = self._committer("queue-marks", inline)
        self._books = self._committer("queue", inline)
        self._of_thread = threading.local()

    def _committer(self, name: str, inline: bool) -> Committer[Claim | Mark | Settle]:
        """One thread, and one connection: what is small and comes often is best written together."""
        return Committer(
            self.commit,
            name=name,
            most=_BATCH,
            helper_at=_NEVER,
            helper_after=_NEVER,
            most_waiting=_NEVER,
            on_thread_end=self._leave,
            inline=inline,
        )

    def put(self, unit: Claim | Mark | Settle) -> Future[Any]:
        """Marks go a way of their own: somebody outside waits for each of them."""
        return (self._marks if isinstance(unit, Mark) else self._books).put(unit)

    def drain(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        return self._marks.drain(seconds) and self._books.drain(max(until - time.monotonic(), 0.0))

    def commit(self, units: list[Claim | Mark | Settle], patient: bool = False) -> Sequence[Committed]:
        """Settlements first, then marks (items in id order), then claims, which wait for nobody. A deadlock or a lost
        connection fails them all for now; another error fails the one that caused it."""
        spill, tries = False, 0
        while True:
            try:
                return self._write(units, spill=spill)
            except DatabaseError as error:
                if is_missing_partition(error) and not spill:
                    log.warning("a trace partition is missing, spilling: %s", error)
                    spill = True
                elif sqlstate(error) == FORGOTTEN and tries < _TRIES:
                    tries += 1
                elif isinstance(error, (OperationalError, InterfaceError)) and lost(error):
                    self._lost()
                    return [unavailable(error)] * len(units)
                else:
                    return self._each_alone(units, error)
            except Exception as error:
                return self._each_alone(units, error)

    def _each_alone(self, units: list[Claim | Mark | Settle], error: Exception) -> Sequence[Committed]:
        if len(units) > 1:
            return [outcome for unit in units for outcome in self.commit([unit])]
        log.error("queue: %s cannot be written", type(units[0]).__name__, exc_info=error)
        return [TemporarilyUnavailable(private=f"{type(error).__name__}: {error}")]

    def _write(self, units: list[Claim | Mark | Settle], *, spill: bool) -> Sequence[Committed]:
        now = clock.now()
        seconds = settings.SITE.outbound.lease_seconds
        settlements = [unit for unit in units if isinstance(unit, Settle)]
        items = [item for unit in units if isinstance(unit, Mark) for item in unit.items]
        claims = {n: unit for n, unit in enumerate(units) if isinstance(unit, Claim)}
        held: Callable[[], set[int]] = set
        with transaction.atomic():
            with pipelined() as pipe:
                if not items:
                    run(pipe, "ledger_unflushed", package="mailplatform.transport")
                settling = _Settling(pipe, settlements, now) if settlements else None
                if items:
                    until, young = now + timedelta(seconds=seconds), now + timedelta(seconds=seconds / 2)
                    held = leases.mark(pipe, items, until, young)
                taken = {n: leases.taking(pipe, one.shares, seconds=seconds, now=now) for n, one in claims.items()}
            ahead = settling.trace(spill=spill) if settling is not None else Ahead()
        self._committed(settlements, flushed=bool(items))
        if ahead.dues or ahead.reports:
            self._ahead(ahead)
        good = held()
        results: dict[int, Any] = {n: found() for n, found in taken.items()}
        for n, unit in enumerate(units):
            if isinstance(unit, Mark):
                results[n] = all(item.item_id in good for item in unit.items)
        return [results.get(n) for n in range(len(units))]

    # -- what was committed, and is not on disk for sure --

    @property
    def _unsure(self) -> deque[tuple[float, Settle]]:
        """Of this thread, whose connection would have been lost with the server: settlements, and when they were committed."""
        if not hasattr(self._of_thread, "unsure"):
            self._of_thread.unsure = deque()
        return cast("deque[tuple[float, Settle]]", self._of_thread.unsure)

    def _committed(self, settlements: Sequence[Settle], *, flushed: bool) -> None:
        """The server lives: what this connection committed a while ago is on disk, and all of it after a flush."""
        now, unsure = time.monotonic(), self._unsure
        while unsure and (flushed or now - unsure[0][0] > _FLUSHED_AFTER):
            unsure.popleft()
        if not flushed:
            unsure.extend((now, one) for one in settlements)

    def _lost(self) -> None:
        """The server may have gone before it flushed: settlements that were on their way to the disk are written again."""
        close_connection()
        unsure = self._unsure
        for _, one in unsure:
            self._again(one)
        unsure.clear()

    def _again(self, one: Settle) -> None:
        def ended(done: Future[Any]) -> None:
            if not done.cancelled() and done.exception() is not None:
                timer = threading.Timer(_AGAIN_AFTER, self._again, [one])
                timer.daemon = True
                timer.start()

        self.put(one).add_done_callback(ended)

    def _leave(self) -> None:
        """The thread ends: its connection is asked a last time whether the server is the one it was."""
        if self._unsure:
            try:
                with cursor() as asking:
                    asking.execute(load("mailplatform.transport", "ledger_unflushed"))
            except DatabaseError:
                self._lost()
        close_connection()


class _Settling:
    """Settlements on their way, in the caller's transaction; what is traced hangs on which of them count."""

    def __init__(self, pipe: Pipeline, settlements: Sequence[Settle], now: datetime) -> None:
        self._judged = judged = _Judged()
        for one in settlements:
            _judge(one, judged, now)
        self._taken = settle.send(pipe, judged.verdicts, now)
        settle.note_destinations(list(judged.destinations.values()), now, pipe=pipe)

    def trace(self, *, spill: bool = False) -> Ahead:
        """When the pipeline has ended."""
        judged, taken = self._judged, self._taken()
        good = [verdict for verdict in judged.verdicts if verdict.item_id in taken]
        late = [verdict for verdict in judged.verdicts if verdict.item_id not in taken]
        before = settle.said_before(late)
        events = [event for verdict in good for event in judged.events[verdict.item_id]]
        for verdict in late:
            if verdict.item_id not in before:
                told = judged.events[verdict.item_id][0]
                params = {"recipient": told.params["recipient"], "reply": verdict.reply}
                events.append(EventRow(told.trace_id, Code.STALE_RESULT, params))
        if events:
            with pipelined() as pipe:
                record.insert(pipe, [], events, spill=spill)
        for verdict in good:
            ATTEMPTS.add(1, str(verdict.kind))
        return Ahead(frozenset(v.due_at for v in good if v.due_at is not None), any(v.report for v in good))


def write(settlements: Sequence[Settle], now: datetime) -> Ahead:
    """Settle and trace in the caller's transaction."""
    if not settlements:
        return Ahead()
    with pipelined() as pipe:
        settling = _Settling(pipe, settlements, now)
    return settling.trace()


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
