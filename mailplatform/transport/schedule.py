"""When to try again; pure. RFC 5321 §4.5.4.1: the first retry after some minutes, then rarer, giving up after days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

_JITTER = 0.1  # a tenth of a pause to either side, so that what failed together does not come back together


def pause(attempts: int, *, first: float, longest: float, jitter: float = 0.0) -> float:
    """Seconds until the next attempt after so many failed ones: doubling, bounded; jitter (-1 … 1) moves it by a tenth."""
    doubled = first * 2.0 ** min(max(attempts - 1, 0), 30)
    return min(doubled, longest) * (1 + jitter * _JITTER)


def listed(attempts: int, pauses: Sequence[float], *, jitter: float = 0.0) -> float:
    """The same from a list of pauses, whose last one goes on."""
    return pauses[min(max(attempts, 1), len(pauses)) - 1] * (1 + jitter * _JITTER)


def next_try(
    attempts: int, now: datetime, expires_at: datetime | None, *, first: float, longest: float, jitter: float = 0.0
) -> datetime | None:
    """The moment of the next attempt; None when the item will have expired by then and nothing is left to try."""
    return bounded(now, pause(attempts, first=first, longest=longest, jitter=jitter), expires_at, least=first)


def bounded(now: datetime, seconds: float, expires_at: datetime | None, *, least: float) -> datetime | None:
    """now + seconds, not later than the end; None when that is nearer than `least` seconds, and this was the last attempt."""
    due = now + timedelta(seconds=seconds)
    if expires_at is None or due <= expires_at:
        return due
    return expires_at if now < expires_at - timedelta(seconds=least) else None
