"""What the supervisor waits on: descriptors and moments, in one thread."""

from __future__ import annotations

import heapq
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, order=True)
class _Due:
    at: float
    number: int
    action: Callable[[], None] = field(compare=False)


class Loop:
    """Descriptors call back when readable, moments when they come; ``turn`` runs what is due."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._moments: list[_Due] = []
        self._numbers = 0

    def watch(self, fd: int, action: Callable[[], None]) -> None:
        self._selector.register(fd, selectors.EVENT_READ, action)

    def forget(self, fd: int) -> None:
        """Stop watching; nothing when it was not watched."""
        try:
            self._selector.unregister(fd)
        except (KeyError, ValueError):
            pass

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self._numbers += 1
        heapq.heappush(self._moments, _Due(time.monotonic() + seconds, self._numbers, action))

    def turn(self, longest: float) -> None:
        """Handle what has happened; wait at most so long for something to happen."""
        while self._moments and self._moments[0].at <= time.monotonic():
            heapq.heappop(self._moments).action()
        wait = longest
        if self._moments:
            wait = min(longest, max(0.0, self._moments[0].at - time.monotonic()))
        for key, _ in self._selector.select(wait):
            if self._selector.get_map().get(key.fd) is key:  # an earlier action may have stopped watching it
                key.data()
