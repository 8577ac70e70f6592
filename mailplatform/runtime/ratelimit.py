"""How often something happened lately: counts that all processes share through Valkey, and keep alone without it.

A count begins with its first hit and is forgotten `window` seconds later. Valkey is asked with a time limit and left
alone for a while after a call that failed; a process then counts by itself at the same limits, so that a lost or hung
Valkey slows nothing and opens nothing. Counts are advice to limits, never a promise.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import redis

from mailplatform.runtime import metrics

_ENTRIES = 100_000
_PREFIX = "rate:"
_TOGETHER = 200  # counts told in one call
FAILED = metrics.Counter("shared_counts_failed_total", "Calls to Valkey that failed: the process counts alone for a while.")


class Counter(Protocol):
    """What a limit needs of a count."""

    def hit(self, key: str, window: float, by: int = 1) -> int:
        """Count `by` more (or fewer); the number of hits since the first of the window, these included."""
        ...

    def hits(self, wanted: Sequence[tuple[str, float, int]]) -> list[int]:
        """As `hit`, for several (key, window, by) at once."""
        ...

    def clear(self, key: str) -> None:
        """Forget the hits of a key."""
        ...


class LocalCounter:
    """Counts of this process alone; bounded, the oldest windows go first."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, entries: int = _ENTRIES) -> None:
        self._monotonic = monotonic
        self._entries = entries
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def hit(self, key: str, window: float, by: int = 1) -> int:
        now = self._monotonic()
        with self._lock:
            count, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                self._counts.pop(key, None)
                count, until = 0, now + window
            self._counts[key] = (count + by, until)
            while len(self._counts) > self._entries:
                self._counts.popitem(last=False)
        return count + by

    def hits(self, wanted: Sequence[tuple[str, float, int]]) -> list[int]:
        return [self.hit(key, window, by) for key, window, by in wanted]

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)


class SharedCounter:
    """Counts in Valkey, with a local counter beside it that takes over.

    url: as of `[redis] url`. timeout, breaker: seconds of one call, and of leaving Valkey alone after a failed one.
    """

    def __init__(self, url: str, *, timeout: float, breaker: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=None)
        self._breaker = breaker
        self._monotonic = monotonic
        self._open_until = 0.0
        self._local = LocalCounter(monotonic)

    def hit(self, key: str, window: float, by: int = 1) -> int:
        return self.hits([(key, window, by)])[0]

    def hits(self, wanted: Sequence[tuple[str, float, int]]) -> list[int]:
        """As `hit`, for several (key, window, by) in one call."""
        mine = [self._local.hit(key, window, by) for key, window, by in wanted]
        if self._monotonic() < self._open_until:
            return mine
        try:
            with self._client.pipeline(transaction=False) as calls:
                for key, window, by in wanted:
                    calls.incrby(_PREFIX + key, by)
                    calls.pexpire(_PREFIX + key, max(1, int(window * 1000)), nx=True)
                ours = calls.execute()[::2]
        except (redis.RedisError, OSError):
            self._open_until = self._monotonic() + self._breaker
            FAILED.add()
            return mine
        return [max(int(shared), own) for shared, own in zip(ours, mine, strict=True)]

    def clear(self, key: str) -> None:
        self._local.clear(key)
        if self._monotonic() < self._open_until:
            return
        try:
            self._client.delete(_PREFIX + key)
        except (redis.RedisError, OSError):
            self._open_until = self._monotonic() + self._breaker
            FAILED.add()


class BehindCounter:
    """Counts that are told to the shared counter behind the caller's back, who waits for nobody.

    The answer is the greater of this process's own count and of what was last heard of the shared one with what is still to be
    told: late by as long as one call to Valkey takes. What does not fit into the queue is counted here alone.
    """

    def __init__(
        self,
        shared: Counter,
        monotonic: Callable[[], float] = time.monotonic,
        most_waiting: int = 10_000,
        entries: int = _ENTRIES,
    ) -> None:
        self._shared = shared
        self._own = LocalCounter(monotonic, entries)
        self._heard: OrderedDict[str, list[int]] = OrderedDict()  # key → [last heard, still to be told]
        self._entries = entries
        self._queue: queue.SimpleQueue[Sequence[tuple[str, float, int]]] = queue.SimpleQueue()
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def hit(self, key: str, window: float, by: int = 1) -> int:
        return self.hits([(key, window, by)])[0]

    def hits(self, wanted: Sequence[tuple[str, float, int]]) -> list[int]:
        own = self._own.hits(wanted)
        with self._lock:
            if self._queue.qsize() < self._most_waiting:
                for key, _, by in wanted:
                    self._heard.setdefault(key, [0, 0])[1] += by
                while len(self._heard) > self._entries:
                    self._heard.popitem(last=False)
                self._queue.put(wanted)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._tell, name="counts", daemon=True)
                    self._thread.start()
            return [max(mine, sum(self._heard.get(key, (0, 0)))) for mine, (key, _, _) in zip(own, wanted, strict=True)]

    def clear(self, key: str) -> None:
        self._own.clear(key)
        with self._lock:
            self._heard.pop(key, None)
        self._shared.clear(key)

    def _tell(self) -> None:
        while True:
            wanted = list(self._queue.get())
            while len(wanted) < _TOGETHER and not self._queue.empty():
                wanted += self._queue.get()
            summed: dict[tuple[str, float], int] = {}
            for key, window, by in wanted:
                summed[key, window] = summed.get((key, window), 0) + by
            counts = self._shared.hits([(key, window, by) for (key, window), by in summed.items()])
            with self._lock:
                for ((key, _), by), count in zip(summed.items(), counts, strict=True):
                    heard = self._heard.get(key)
                    if heard is not None:
                        heard[0], heard[1] = count, heard[1] - by
