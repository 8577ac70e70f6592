"""Arrivals: what one SMTP transaction or one APPEND commits, and the one way it gets into the store.

``put(unit)`` joins the process's committer; ``commit(units)`` writes a batch in one transaction of a few set-shaped
statements, so that one durable flush serves dozens of messages (mailflow.batch is that transaction). This module says what
happens when it does not go so well. The rules, in the order in which they are met:

- An account that is busy is not waited for: its units go aside, and a thread of their own waits for them, holding no lock
  while it waits, at most ``patience``; then mail goes through the local queue, and an APPEND is refused for now.
- A deadlock or serialization failure runs the batch again; a missing trace partition runs it again into the spill.
- A lost connection runs the batch again under the same unit ids, which tells what was committed from what was not.
- A full disk refuses with StorageFull. Any other error runs each unit alone, and only the guilty one fails.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError

from mailplatform.mailflow import batch
from mailplatform.mailflow.batch import CommittedBefore, Replanned
from mailplatform.mailflow.units import Recheck, Unit
from mailplatform.runtime import metrics
from mailplatform.runtime.committer import LATER, Committer, Later, Outcome
from mailplatform.runtime.database import close_connection, lost, sqlstate, unavailable
from mailplatform.runtime.errors import MailError, StorageFull, TemporarilyUnavailable
from mailplatform.runtime.pipeline import FORGOTTEN
from mailplatform.store import packs, space
from mailplatform.store.values import ArrivalResult
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow, is_missing_partition

__all__ = ["Recheck", "Unit", "commit", "drain", "put", "waiting"]

log = logging.getLogger(__name__)

ACCEPTED = metrics.Counter("messages_accepted_total", "Messages taken responsibility for, by the way they came.", "way")
BYTES = metrics.Counter("messages_accepted_bytes_total", "Their size.", "way")
PLACED = metrics.Counter("messages_placed_total", "Messages put into folders, by what put them there.", "how")
QUEUED = metrics.Counter("messages_queued_total", "Recipients put into the queue.", "transport")
UNCOMMITTED = metrics.Counter("messages_uncommitted_total", "Arrivals that were refused at their commit, for now or for good.")

_AGAIN = ("40001", "40P01", FORGOTTEN)  # serialization failure, deadlock, statements to be prepared anew
_LOCK_TIMEOUT = "55P03"
_DISK_FULL = "53100"
_TRIES = 5
_SWITCH = 0.001  # seconds
_RECONNECT = (0.0, 0.1, 0.3, 0.6, 1.0)  # seconds before each new try after a lost connection
_WAIT = 0.025  # seconds the side thread waits for one account before it looks at the others again


@dataclass(frozen=True, slots=True)
class Waiting:
    """A unit in the committer, and since when (monotonic)."""

    unit: Unit
    since: float


def _accounts(waiting: Waiting) -> list[int]:
    return [placement.account_id for placement in waiting.unit.placements]


_committers: dict[int, Committer[Waiting]] = {}  # by process, since threads do not survive a fork
_making = threading.Lock()


def _committer() -> Committer[Waiting]:
    found = _committers.get(os.getpid())
    if found is None:
        with _making:
            found = _committers.get(os.getpid())
            if found is None:
                limits = settings.SITE.arrivals
                found = Committer(
                    commit,
                    name="arrivals",
                    most=limits.batch,
                    helper_at=limits.helper_at,
                    helper_after=limits.helper_after_seconds,
                    gather=limits.gather_seconds,
                    most_waiting=limits.most_waiting,
                    on_thread_end=close_connection,
                    keys=_accounts,
                )
                # A committer waits for Postgres four times a batch, and each time for the interpreter, which a busy event loop
                # keeps for the switch interval: 5 ms by default would be 20 ms a batch.
                sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH))
                _committers.clear()
                _committers[os.getpid()] = found
    return found


def put(unit: Unit) -> Future[ArrivalResult]:
    """Commit a unit with those that wait beside it. The future's exceptions are MailErrors; a result is a promise kept."""
    return _committer().put(Waiting(unit, time.monotonic()))


def waiting() -> int:
    """Units that wait in this process; the indexer pauses while there are any."""
    return _committer().waiting()


def drain(seconds: float) -> bool:
    """Bring what waits to its end, and seal this process's pack. True when nothing is left."""
    done = _committer().drain(seconds)
    packs.writer.close()
    return done


def commit(waiting: list[Waiting], patient: bool) -> Sequence[Outcome]:
    """Commit a batch; an outcome a unit: ArrivalResult, MailError, or LATER."""
    try:
        space.check()
    except StorageFull as full:
        return [full] * len(waiting)
    units = [one.unit for one in waiting]
    if not patient:
        return _counted(units, _attempt(units))
    # One busy account is waited for, chosen by chance so that each has its turn; it is held then, while the others are tried.
    wanted = [p.account_id for p in random.choice(units).placements]  # noqa: S311
    outcomes = _attempt(units, wait_for=random.choice(wanted) if wanted else None)  # noqa: S311
    _give_up(waiting, outcomes)
    return _counted(units, outcomes)


def _counted(units: Sequence[Unit], outcomes: list[Outcome]) -> list[Outcome]:
    for unit, outcome in zip(units, outcomes, strict=True):
        if isinstance(outcome, ArrivalResult):
            if unit.messages:
                way = str(unit.messages[0].direction)
                ACCEPTED.add(1, way)
                BYTES.add(unit.messages[0].size or 0, way)
            if outcome.appended:
                PLACED.add(len(outcome.appended), str(unit.told))
            for message in unit.outbound:
                for item in message.items:
                    QUEUED.add(1, item.transport)
        elif not isinstance(outcome, Later):
            UNCOMMITTED.add()
    return outcomes


def _give_up(waiting: list[Waiting], outcomes: list[Outcome]) -> None:
    """Bring units to an end whose accounts have been busy for too long."""
    now = time.monotonic()
    busy = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Later)]
    out_of_time = [n for n in busy if now - waiting[n].since >= waiting[n].unit.patience]
    for n in out_of_time:
        outcomes[n] = TemporarilyUnavailable(private=f"accounts busy for {waiting[n].unit.patience} s")
    queued = [n for n in out_of_time if waiting[n].unit.aside is not None]
    for n, outcome in zip(queued, _attempt([_queued(waiting[n].unit) for n in queued]), strict=True):
        if not isinstance(outcome, Later):
            outcomes[n] = outcome


def _queued(unit: Unit) -> Unit:
    """The unit as it goes through the local queue: a queue row needs no account's lock. A sender's own copy still does."""
    assert unit.aside is not None
    told = EventRow(unit.trace_id, Code.LOCAL_QUEUED, {"recipients": len(unit.aside.items), "reason": "busy"})
    return replace(
        unit,
        placements=tuple(placement for placement in unit.placements if placement.sent),
        outbound=(*unit.outbound, unit.aside),
        events=(*unit.events, told),
        answering=(),  # the agent plans again
        epoch=None,
        rechecks=(),
        aside=None,
    )


def _attempt(units: list[Unit], wait_for: int | None = None) -> list[Outcome]:
    """Commit these, whatever it takes; each unit's outcome in its place."""
    outcomes: list[Outcome] = [LATER] * len(units)
    todo = list(range(len(units)))
    if not todo:
        return outcomes
    spill, conflicts, losses = False, 0, 0
    while todo:
        try:
            results = batch.run([units[n] for n in todo], wait_for=wait_for, wait_seconds=_WAIT, spill=spill)
        except CommittedBefore as found:
            for n in todo:
                if units[n].unit_id in found.results:
                    outcomes[n] = found.results[units[n].unit_id]
            todo = [n for n in todo if units[n].unit_id not in found.results]
            continue
        except DatabaseError as error:
            state = sqlstate(error)
            if wait_for is not None and state == _LOCK_TIMEOUT:
                wait_for = None  # still busy: the others go without it
                continue
            if is_missing_partition(error) and not spill:
                log.warning("a trace partition is missing, spilling: %s", error)
                spill = True
                continue
            if state in _AGAIN and conflicts < _TRIES:
                conflicts += 1
                continue
            if state == _DISK_FULL:
                return _fill(outcomes, todo, StorageFull(private=str(error)))
            if isinstance(error, (OperationalError, InterfaceError)) and lost(error):
                close_connection()
                if losses < len(_RECONNECT) and state not in (*_AGAIN, _LOCK_TIMEOUT):
                    log.warning("arrivals: the connection was lost, %d units again: %s", len(todo), error)
                    time.sleep(_RECONNECT[losses])
                    losses += 1
                    continue
                return _fill(outcomes, todo, unavailable(error))
            return _each_alone(units, outcomes, todo, error, _attempt)
        except MailError as refusal:  # of the whole batch: nothing that one unit could have caused
            return _fill(outcomes, todo, refusal)
        except Exception as error:
            return _each_alone(units, outcomes, todo, error, _attempt)
        again = []
        for n, result in zip(todo, results, strict=True):
            if isinstance(result, Replanned):
                units[n] = result.unit
                again.append(n)
            else:
                outcomes[n] = result
        todo, wait_for = again, None
    return outcomes


def _fill(outcomes: list[Outcome], todo: list[int], refusal: MailError) -> list[Outcome]:
    for n in todo:
        outcomes[n] = refusal
    return outcomes


def _each_alone(
    units: list[Unit], outcomes: list[Outcome], todo: list[int], error: Exception, attempt: Callable[[list[Unit]], list[Outcome]]
) -> list[Outcome]:
    """One unit made the batch fail: find it by running each by itself."""
    if len(todo) == 1:
        (n,) = todo
        log.error("arrivals: trace %s cannot be stored", units[n].trace_id, exc_info=error)
        outcomes[n] = TemporarilyUnavailable(private=f"{type(error).__name__}: {error}")
        return outcomes
    log.warning("arrivals: a batch of %d failed, each alone: %s", len(todo), error)
    for n in todo:
        (outcomes[n],) = attempt([units[n]])
    return outcomes
