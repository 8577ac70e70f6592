"""Destinations: whose turn it is, and how many attempts at once each may have. The choice is pure; what is known is a row.

Standards: RFC 5321 §4.5.4.1 (a host that failed is not called for every message anew).
Invariants: the turn goes round, so a destination with ten thousand messages waits for one with a single message, once; one that
cannot be reached waits as a whole, and one attempt then finds out for all; those that fail, have never taken a message, or are
slow share a quarter of all slots, the slow ones half of it, so that the healthy ones never wait for them.
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
    """slots: attempts at once in all; each: of these for one destination that is well; ahead: leases in hand beyond the slots."""

    slots: int
    each: int
    ahead: int = 0

    @property
    def doubtful(self) -> int:
        """Slots for all that fail, are unproven or slow, together."""
        return max(self.slots // 4, 1)

    @property
    def sluggish(self) -> int:
        """Of these, for new attempts at those that are slow."""
        return max(self.doubtful // 2, 1)


def waiting(transport: str, *, after: str, limit: int, now: datetime) -> list[Standing]:
    """Destinations with ready items, in the order of names behind `after`; those that wait as a whole are left out."""
    with cursor() as opened:
        params: dict[str, Any] = {"transport": transport, "after": after, "limit": limit, "now": now}
        opened.execute(load(_PACKAGE, "lease_destinations"), params)
        return [Standing(*row) for row in opened.fetchall()]


def share(
    candidates: Sequence[Standing],
    held: Mapping[str, int],
    slow: frozenset[str],
    limits: Limits,
    *,
    burdens: int = 0,
    sluggish: int = 0,
) -> dict[str, int]:
    """How many leases of each may be taken now, going round from the first candidate; first for slots, then ahead of them.

    held: leases of each destination in hand already; burdens: how many of them count in the quarter of those that fail, are
    unproven or slow; sluggish: among the slow; slow: names.
    """
    quarter, half = limits.doubtful - burdens, limits.sluggish - sluggish
    given: dict[str, int] = {}
    for turns in (1, 2) if limits.ahead else (1,):
        free = limits.slots + limits.ahead * (turns - 1) - sum(held.values()) - sum(given.values())
        waiting = list(candidates)
        while waiting and free > 0:
            left: list[Standing] = []
            for one in waiting:
                if free <= 0:
                    break
                drags = one.name in slow
                burden = drags or is_doubtful(one)
                if burden and (turns > 1 or quarter <= 0 or (drags and half <= 0)):
                    continue
                if held.get(one.name, 0) + given.get(one.name, 0) >= most_at(one, slow, limits) * turns:
                    continue
                given[one.name] = given.get(one.name, 0) + 1
                free -= 1
                quarter -= burden
                half -= drags
                left.append(one)
            waiting = left
    return given


def kept_out(
    candidates: Sequence[Standing], held: Mapping[str, int], slow: frozenset[str], limits: Limits, *, burdens: int
) -> int:
    """How many have nothing in hand only because the quarter of the failing, unproven and slow is full."""
    if burdens < limits.doubtful:
        return 0
    return sum(1 for one in candidates if is_doubtful(one) and one.name not in slow and not held.get(one.name))


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
