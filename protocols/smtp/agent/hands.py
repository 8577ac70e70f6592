"""The leases in an agent's hands: which are under way, which wait for their turn, and whose share of the slots each takes.

A destination that is well has some leases in hand beyond those under way, so that a slot that becomes free goes on at once,
over the same connection, without asking the queue. What is in hand is bounded: the slots, and a quarter of them ahead.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from mailplatform.transport import destinations
from mailplatform.transport.destinations import Limits, Standing
from mailplatform.transport.values import Lease, LeasedItem


class Kind(Enum):
    """The share of the slots that an attempt counts among."""

    WELL, DOUBTFUL, SLUGGISH = 1, 2, 3


@dataclass(eq=False, slots=True)
class Hand:
    """One lease. most: attempts at once at its destination. began: loop time. dotted: its final dot may have been sent. put_off:
    it is cut short, so that others have their turn."""

    lease: Lease
    standing: Standing
    kind: Kind
    most: int
    began: float = 0.0
    task: asyncio.Task[None] | None = None
    dotted: bool = False
    put_off: bool = False

    @property
    def destination(self) -> str:
        return self.lease.destination


class Hands:
    """All of them. held: by destination, under way or not."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.held: Counter[str] = Counter()
        self._under_way: dict[Hand, None] = {}  # in the order in which they began
        self._at: Counter[str] = Counter()  # under way by destination
        self._ahead: dict[str, deque[Hand]] = {}
        self._kinds: Counter[Kind] = Counter()

    @property
    def under_way(self) -> list[Hand]:
        return list(self._under_way)

    @property
    def free(self) -> int:
        """Slots in which nothing is under way."""
        return self._limits.slots - len(self._under_way)

    @property
    def sluggish(self) -> int:
        return self._kinds[Kind.SLUGGISH]

    @property
    def burdens(self) -> int:
        """How many count in the quarter of the failing, the unproven and the slow."""
        return self._kinds[Kind.SLUGGISH] + self._kinds[Kind.DOUBTFUL]

    def items(self) -> Iterator[LeasedItem]:
        """All that is leased."""
        for hand in self._under_way:
            yield from hand.lease.items
        for waiting in self._ahead.values():
            for hand in waiting:
                yield from hand.lease.items

    def take(self, lease: Lease, standing: Standing, slow: frozenset[str]) -> Hand:
        """A new lease; it waits until it is begun."""
        kind = Kind.WELL
        if lease.destination in slow:
            kind = Kind.SLUGGISH
        elif destinations.is_doubtful(standing):
            kind = Kind.DOUBTFUL
        hand = Hand(lease, standing, kind, destinations.most_at(standing, slow, self._limits))
        self._ahead.setdefault(lease.destination, deque()).append(hand)
        self.held[lease.destination] += 1
        self._kinds[kind] += 1
        return hand

    def next(self, destination: str = "") -> Hand | None:
        """One that may begin now, of this destination if there is one, and counts as under way from here on."""
        if self.free <= 0:
            return None
        for name in (destination, *self._ahead):
            waiting = self._ahead.get(name)
            if waiting and self._at[name] < waiting[0].most:
                hand = waiting.popleft()
                if not waiting:
                    del self._ahead[name]
                self._under_way[hand] = None
                self._at[name] += 1
                return hand
        return None

    def is_short(self, destination: str) -> bool:
        """Whether the queue should be asked for more."""
        waiting = self._ahead.get(destination)
        return waiting is None or len(waiting) <= waiting[0].most // 2

    def slows(self, hand: Hand) -> None:
        """It takes long, and counts among the slow; one that was well only while the quarter has room."""
        if hand.kind is Kind.DOUBTFUL or (hand.kind is Kind.WELL and self.burdens < self._limits.doubtful):
            self._kinds[hand.kind] -= 1
            hand.kind = Kind.SLUGGISH
            self._kinds[Kind.SLUGGISH] += 1

    def dragging(self, before: float) -> list[Hand]:
        """Those in the quarter that began before a time and have not come to their dot, the oldest first."""
        return [
            hand
            for hand in self._under_way
            if hand.kind is not Kind.WELL and hand.began < before and not hand.dotted and not hand.put_off
        ]

    def ended(self, hand: Hand) -> None:
        del self._under_way[hand]
        self._at[hand.destination] -= 1
        self._forget(hand)
        if self._at[hand.destination] <= 0:
            del self._at[hand.destination]

    def give_up(self, destination: str | None = None) -> list[Hand]:
        """Those that were not begun, at one destination or all, are no longer in hand."""
        names = list(self._ahead) if destination is None else [destination]
        given = [hand for name in names for hand in self._ahead.pop(name, ())]
        for hand in given:
            self._forget(hand)
        return given

    def _forget(self, hand: Hand) -> None:
        self._kinds[hand.kind] -= 1
        self.held[hand.destination] -= 1
        if self.held[hand.destination] <= 0:
            del self.held[hand.destination]
