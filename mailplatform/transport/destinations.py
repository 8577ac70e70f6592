"""Destinations: whose turn it is, and how many attempts at once each may have. The choice is pure; what is known is a row.

Standards: RFC 5321 §4.5.4.1 (a host that failed is not called for every message anew).
Invariants: the turn goes round, so a destination with ten thousand messages waits for one with a single message, once; one that
cannot be reached waits as a whole, and one attempt then finds out for all; those that fail or have never taken a message share a
quarter of all slots, those that are slow another, so that the healthy ones never wait for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailplatform.runtime.database import cursor
from mailplatform.runtime.sqlfiles import load
from mailplatform.standards.address import BadAddress, parse
from mailplatform.transport.models import Destination

_PACKAGE = "mailplatform.transport"
UNPROVEN_SLOTS = 2  # attempts at once at a destination that has not taken anything yet
FORGET = timedelta(days=30)


def domain_of(path: str) -> str:
    """The domain of an address, in A-labels and lower case; "" of the null path; an address literal keeps its brackets."""
    if not path:
        return ""
    try:
        return parse(path).domain.name
    except BadAddress:
        return path.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a destination that has ready items. concurrency 0: as the site says."""

    name: str
    failures: int = 0
    proven: bool = False
    concurrency: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """slots: attempts at once in all; each: of these for one destination that is well."""

    slots: int
    each: int

    @property
    def doubtful(self) -> int:
        """Slots for all that fail or are unproven, together; and as many for all that are slow."""
        return max(self.slots // 4, 1)


def waiting(transport: str, *, after: str, limit: int, now: datetime) -> list[Standing]:
    """Destinations with ready items, in the order of names behind `after`; those that wait as a whole are left out."""
    with cursor() as opened:
        params: dict[str, Any] = {"transport": transport, "after": after, "limit": limit, "now": now}
        opened.execute(load(_PACKAGE, "lease_destinations"), params)
        return [Standing(*row) for row in opened.fetchall()]


def share(
    candidates: Sequence[Standing],
    under_way: Mapping[str, int],
    slow: frozenset[str],
    limits: Limits,
    *,
    doubtful: int = 0,
    sluggish: int = 0,
) -> dict[str, int]:
    """How many attempts each may begin now, going round from the first candidate.

    under_way: attempts at each destination already; doubtful: how many of them count among those that fail or are unproven,
    sluggish: among the slow; slow: names.
    """
    free = limits.slots - sum(under_way.values())
    quarter, other_quarter = limits.doubtful - doubtful, limits.doubtful - sluggish
    given: dict[str, int] = {}
    waiting = list(candidates)
    while waiting and free > 0:
        left: list[Standing] = []
        for one in waiting:
            if free <= 0:
                break
            busy = under_way.get(one.name, 0) + given.get(one.name, 0)
            drags = one.name in slow
            doubted = not drags and is_doubtful(one)
            if busy >= most_at(one, slow, limits) or (doubted and quarter <= 0) or (drags and other_quarter <= 0):
                continue
            given[one.name] = given.get(one.name, 0) + 1
            free -= 1
            quarter -= doubted
            other_quarter -= drags
            left.append(one)
        waiting = left
    return given


def is_doubtful(one: Standing) -> bool:
    return one.failures > 0 or not one.proven


def most_at(one: Standing, slow: frozenset[str], limits: Limits) -> int:
    """Attempts at once there. A failed connection leaves room for one probe."""
    if one.failures > 0:
        return 1
    most = min(one.concurrency, limits.slots) if one.concurrency else limits.each
    return most if one.proven and one.name not in slow else min(most, UNPROVEN_SLOTS)


def forget(now: datetime) -> int:
    """Destinations of which nothing was heard for a month, unless a person set something there; how many."""
    old = Destination.objects.filter(concurrency=0, failures=0, proven_at__lt=now - FORGET)
    return old.delete()[0]
