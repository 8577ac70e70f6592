"""The bridge from asyncio doors to the synchronous house.

``await bridge.call(fn, …)`` runs ``fn`` on a bounded pool of threads, one Django connection a thread. The pool, not the
driver, decides latency; it is small, so that a burst in one lane (search, passwords) never starves another.

Invariants: no connection is held while a peer is waited for; a lost connection is closed at once, a read is tried once
more, a write raises TemporarilyUnavailable (Django outside a request never recovers by itself); a cancelled call ends in
its thread and only its result is dropped; connections open on need and close after a minute without work.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from mailplatform.runtime import metrics
from mailplatform.runtime.errors import StorageFull, TemporarilyUnavailable

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger(__name__)

CALLS = metrics.Histogram("database_call_seconds", "How long a call of a lane took, its wait for a thread not counted.", "lane")
LOST = metrics.Counter("database_lost_total", "Calls that found their connection lost.", "lane")
_lanes: weakref.WeakSet[Bridge] = weakref.WeakSet()
metrics.Gauge(
    "database_lane_threads",
    "Threads of a lane: how many there may be, how many work, and calls that wait for one.",
    lambda: {(lane.name, word): number for lane in list(_lanes) for word, number in lane.load().items()},
    "lane",
    "what",
)

# SQLSTATE classes that a second try or a later one can cure: connection, resources, operator intervention.
_PASSING = ("08", "53", "57", "55P03", "40")
_DISK_FULL = "53100"


def sqlstate(error: BaseException) -> str:
    """The five-letter SQLSTATE behind a Django database error, or ''."""
    cause = error.__cause__ or error
    return str(getattr(cause, "sqlstate", "") or "")


def lost(error: BaseException) -> bool:
    """Whether this error means that the connection or the server is away, not that the statement is wrong."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = sqlstate(error)
    return state == "" or state.startswith(_PASSING)


def unavailable(error: BaseException) -> TemporarilyUnavailable:
    """The domain error for a database error that will pass."""
    kind = StorageFull if sqlstate(error) == _DISK_FULL else TemporarilyUnavailable
    return kind(private=f"{type(error).__name__} {sqlstate(error)}".strip())


def close_connection() -> None:
    """Close this thread's connection, unless a test's transaction is open on it."""
    if not connection.in_atomic_block:
        connection.close()


def answers() -> str:
    """Whether the database answers this thread; "" when it does. The connection is closed again."""
    try:
        with connection.cursor() as opened:
            opened.execute("SELECT 1")
    except (OperationalError, InterfaceError) as error:
        return unavailable(error).private or "away"
    finally:
        close_connection()
    return ""


@contextmanager
def cursor() -> Iterator[CursorWrapper]:
    """Django's own cursor of this thread: SQL files and the ORM share one transaction."""
    with connection.cursor() as opened:
        yield opened


@contextmanager
def snapshot() -> Iterator[None]:
    """A transaction that sees one moment (REPEATABLE READ); plain inside a transaction that is open already."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as opened:
                opened.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


class Bridge:
    """A bounded lane of threads to the database.

    threads: at most so many calls at once, hence connections. Calls beyond wait in order.
    """

    def __init__(self, threads: int = 4, *, name: str = "db", idle_seconds: float = 60.0) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._local = threading.local()
        self._idle_seconds = idle_seconds
        self.name: str = name
        self.threads = threads
        self._asked = self._begun = self._ended = 0
        self._counting = threading.Lock()
        _lanes.add(self)

    def load(self) -> dict[str, float]:
        """allowed: threads; working: calls in them; waiting: calls for which there was none yet."""
        return {"allowed": self.threads, "working": self._begun - self._ended, "waiting": max(0, self._asked - self._begun)}

    async def call(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one read; when the connection is lost it is tried once more. Raises TemporarilyUnavailable after that."""
        loop = asyncio.get_running_loop()
        self._asked += 1  # on the loop only
        return await loop.run_in_executor(self._pool, lambda: self._run(fn, 2, args, kwargs))

    async def write(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one action, once: a lost connection raises TemporarilyUnavailable, its outcome being unknown."""
        loop = asyncio.get_running_loop()
        self._asked += 1
        return await loop.run_in_executor(self._pool, lambda: self._run(fn, 1, args, kwargs))

    def _run(self, fn: Callable[..., R], tries: int, args: Any, kwargs: Any) -> R:
        began = time.monotonic()
        with self._counting:
            self._begun += 1
        if began - getattr(self._local, "used", 0.0) > self._idle_seconds:
            close_connection()  # the server may have been restarted since
        try:
            while True:
                tries -= 1
                try:
                    return fn(*args, **kwargs)
                except (OperationalError, InterfaceError) as error:
                    if not lost(error):
                        raise
                    close_connection()
                    LOST.add(1, self.name)
                    if tries <= 0:
                        log.warning("%s: %s: %s", self.name, getattr(fn, "__name__", fn), unavailable(error).private)
                        raise unavailable(error) from error
        finally:
            self._local.used = now = time.monotonic()
            CALLS.observe(now - began, self.name)
            with self._counting:
                self._ended += 1

    def shutdown(self) -> None:
        """End the threads after their current calls."""
        self._pool.shutdown(wait=False, cancel_futures=True)
