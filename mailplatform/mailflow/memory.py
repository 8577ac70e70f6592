"""Answers that were good a moment ago, in each process: kept for seconds, forgotten at once when a hint says that they may
have changed. What is committed is checked again, so a stale answer misplaces nothing."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_ENTRIES = 50_000


class Memory(Generic[K, V]):
    """Bounded, oldest first. An answer that was being found while the memory was emptied is not kept."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._generation = 0

    @property
    def generation(self) -> int:
        return self._generation

    def get(self, key: K) -> V | None:
        found = self._known.get(key)
        return found[1] if found is not None and time.monotonic() < found[0] else None

    def put(self, key: K, value: V, generation: int, seconds: float) -> None:
        """Remember an answer for so long, unless the memory was emptied since `generation` was read."""
        with self._lock:
            if generation != self._generation or seconds <= 0:
                return
            self._known.pop(key, None)
            self._known[key] = (time.monotonic() + seconds, value)
            if len(self._known) > _ENTRIES:
                self._known.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._generation += 1
            self._known.clear()
