"""A queue of units that are committed together: one durable flush serves many arrivals.

A mail server's cost is the flush to disk. While one commit is under way the next batch forms, so an idle system waits
for nothing and a busy one shares the flush among dozens of messages. The committer knows nothing of mail: it is given
``commit(units) -> outcomes`` and calls it from a thread of its own, started at the first ``put`` (after a fork).

Invariants: every unit put gets exactly one outcome, in its future; a unit is in one batch at a time; nothing is
acknowledged before ``commit`` returned. A second thread helps only when many wait or the first is slow, since more
committers make smaller batches.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mailplatform.runtime import metrics
from mailplatform.runtime.errors import TemporarilyUnavailable

U = TypeVar("U")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Later:
    """An outcome that is none yet: the unit could not be taken now (its account is busy) and goes to the side queue."""


Outcome = Any | BaseException | Later
LATER = Later()

BATCHES = metrics.Histogram("commit_batch_units", "Units committed together.", "committer", bounds=metrics.SIZES)
SECONDS = metrics.Histogram("commit_seconds", "How long a batch took to commit.", "committer")
_living: weakref.WeakSet[Committer[Any]] = weakref.WeakSet()
metrics.Gauge(
    "commit_waiting_units",
    "Units that wait for their commit.",
    lambda: {(one._name,): float(one.waiting()) for one in list(_living)},
    "committer",
)

_FIRST, _SECOND, _ASIDE = "first", "second", "aside"
_SECOND_IDLE = 0.25  # seconds; the second thread is for bursts
_GATHER_STEP = 0.0005
_LOOK_AHEAD = 200  # units passed over while looking for such as can go


class Committer(Generic[U]):
    """Batches units for ``commit(units, patient) -> outcomes`` (same length and order).

    commit: called in the committer's threads; an outcome is a value (the future's result), an exception instance (the
        future's exception), or LATER: given again by the side thread with ``patient=True``. There commit may wait, and must
        bring every unit to an end in its own time: the side thread gives what is LATER again at once.
        An exception raised fails the whole batch with TemporarilyUnavailable.
    most: units a batch. helper_at: units waiting that start the second thread. helper_after: seconds the first may run.
    on_thread_end: called when a thread has been idle for idle_seconds and ends (to close its database connection).
    gather: seconds at most that a batch is waited for to become as large as the one before.
    keys: what a unit needs for itself while it is committed (its accounts). A unit whose keys a running batch has stays in
        the queue: two batches of one process that want the same lock would only send each other's units aside.
    inline: commit in the caller's thread, one unit a batch (tests).
    """

    def __init__(
        self,
        commit: Callable[[list[U], bool], Sequence[Outcome]],
        *,
        name: str = "committer",
        most: int = 200,
        helper_at: int = 50,
        helper_after: float = 0.010,
        idle_seconds: float = 60.0,
        gather: float = 0.0,
        most_waiting: int = 10_000,
        on_thread_end: Callable[[], None] | None = None,
        keys: Callable[[U], Iterable[Hashable]] = lambda _unit: (),
        inline: bool = False,
    ) -> None:
        self._commit = commit
        self._name: str = name
        self._most = most
        self._helper_at = helper_at
        self._helper_after = helper_after
        self._idle_seconds = idle_seconds
        self._gather = gather
        self._most_waiting = most_waiting
        self._on_thread_end = on_thread_end
        self._keys = keys
        self._inline = inline
        self._lock = threading.Lock()
        self._waiting: deque[tuple[U, Future[Any]]] = deque()
        self._aside: deque[tuple[U, Future[Any]]] = deque()
        # A condition a thread: a put wakes the one that is to work, not all of them.
        self._wake = {role: threading.Condition(self._lock) for role in (_FIRST, _SECOND, _ASIDE)}
        self._empty = threading.Condition(self._lock)
        self._threads: dict[str, threading.Thread] = {}
        self._running: dict[str, float] = {}  # role → when its commit began
        _living.add(self)
        self._taken: dict[str, set[Hashable]] = {}  # role → keys of the batch it runs

    def put(self, unit: U) -> Future[Any]:
        """Queue one unit; the future ends after its commit. Raises nothing: refusals come through the future."""
        future: Future[Any] = Future()
        if self._inline:
            self._run([(unit, future)], patient=True)
            return future
        with self._lock:
            if len(self._waiting) + len(self._aside) >= self._most_waiting:
                future.set_exception(TemporarilyUnavailable(private=f"{self._name}: {self._most_waiting} units wait"))
                return future
            self._waiting.append((unit, future))
            began = self._running.get(_FIRST)
            if began is None:
                self._ensure(_FIRST)
            elif _SECOND in self._running:
                pass
            elif len(self._waiting) >= self._helper_at or time.monotonic() - began > self._helper_after:
                self._ensure(_SECOND)
        return future

    def waiting(self) -> int:
        """How many units wait, the side queue included."""
        return len(self._waiting) + len(self._aside)

    def drain(self, seconds: float) -> bool:
        """Wait until nothing waits or runs, at most so long; True when empty."""
        with self._lock:
            return self._empty.wait_for(lambda: not (self._waiting or self._aside or self._running), seconds)

    def _ensure(self, role: str) -> None:
        """Wake the thread of a role, or start it. Under the lock."""
        thread = self._threads.get(role)
        if thread is None or not thread.is_alive():
            thread = threading.Thread(target=self._work, args=(role,), name=f"{self._name}-{role}", daemon=True)
            self._threads[role] = thread
            thread.start()
        else:
            self._wake[role].notify()

    def _next(self, role: str) -> list[tuple[U, Future[Any]]]:
        """The next batch of a thread; empty when it has been idle too long, and then the thread is no longer ours."""
        idle = _SECOND_IDLE if role == _SECOND else self._idle_seconds
        with self._lock:
            self._running.pop(role, None)
            if self._taken.pop(role, None) and self._waiting:
                self._wake[_SECOND if role == _FIRST else _FIRST].notify()  # it may have waited for what this batch had
            if not (self._waiting or self._aside or self._running):
                self._empty.notify_all()
            batch: list[tuple[U, Future[Any]]] = []

            def found() -> bool:
                batch.extend(self._all_aside() if role == _ASIDE else self._free(role))
                return bool(batch)

            if not self._wake[role].wait_for(found, timeout=idle):
                del self._threads[role]
                return []
            self._running[role] = time.monotonic()
            if role != _ASIDE and len(self._waiting) >= self._helper_at:
                self._ensure(_SECOND if role == _FIRST else _FIRST)
            return batch

    def _all_aside(self) -> list[tuple[U, Future[Any]]]:
        return [self._aside.popleft() for _ in range(min(len(self._aside), self._most))]

    def _free(self, role: str) -> list[tuple[U, Future[Any]]]:
        """The next units whose keys no running batch has. Under the lock."""
        if not self._waiting:
            return []
        others: set[Hashable] = set().union(*self._taken.values())
        batch: list[tuple[U, Future[Any]]] = []
        left: list[tuple[U, Future[Any]]] = []
        mine: set[Hashable] = set()
        while self._waiting and len(batch) < self._most and len(left) < _LOOK_AHEAD:
            one = self._waiting.popleft()
            keys = set(self._keys(one[0]))
            if others and not others.isdisjoint(keys):
                left.append(one)
            else:
                batch.append(one)
                mine |= keys
        self._waiting.extendleft(reversed(left))
        if batch:
            self._taken[role] = mine
        return batch

    def _work(self, role: str) -> None:
        last = 0
        try:
            while True:
                if role == _FIRST:
                    self._gather_like(last)
                batch = self._next(role)
                if not batch:
                    return
                last = len(batch)
                self._run(batch, patient=role == _ASIDE)
        finally:
            if self._on_thread_end:
                self._on_thread_end()

    def _gather_like(self, last: int) -> None:
        """After a batch of several, wait a moment for as many: who was just answered sends its next about now, and a commit costs
        nearly the same for one as for ten. Nobody is waited for after a batch of one."""
        if last < 2:
            return
        until = time.monotonic() + self._gather
        while until - time.monotonic() > 0 and len(self._waiting) < last:
            time.sleep(_GATHER_STEP)

    def _run(self, batch: list[tuple[U, Future[Any]]], *, patient: bool) -> None:
        began = time.monotonic()
        try:
            outcomes: Sequence[Outcome] = self._commit([unit for unit, _ in batch], patient)
            if len(outcomes) != len(batch):
                raise AssertionError(f"{self._name}: {len(outcomes)} outcomes for {len(batch)} units")
        except BaseException as error:
            log.exception("%s: a batch of %d units failed", self._name, len(batch))
            outcomes = [TemporarilyUnavailable(private=repr(error))] * len(batch)
        BATCHES.observe(len(batch), self._name)
        SECONDS.observe(time.monotonic() - began, self._name)
        aside = []
        for (unit, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Later):
                aside.append((unit, future))
            elif isinstance(outcome, BaseException):
                _end(future, error=outcome)
            else:
                _end(future, result=outcome)
        if aside and self._inline:
            self._run(aside, patient=True)
        elif aside:
            with self._lock:
                self._aside.extend(aside)
                self._ensure(_ASIDE)


def _end(future: Future[Any], result: Any = None, error: BaseException | None = None) -> None:
    """Set the outcome of a future whose waiter may have given up meanwhile (a peer that went away)."""
    if not future.set_running_or_notify_cancel():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
