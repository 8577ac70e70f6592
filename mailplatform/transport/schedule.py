"""When to try again; pure. RFC 5321 §4.5.4.1: the first retry after some minutes, then rarer, giving up after days."""

from __future__ import annotations

from datetime import datetime, timedelta


def pause(attempts: int, *, first: float, longest: float, jitter: float = 0.0) -> float:
    """Seconds until the next attempt after so many failed ones: doubling, bounded; jitter (-1 … 1) moves it by a tenth."""
    doubled = first * 2.0 ** min(max(attempts - 1, 0), 30)
    return min(doubled, longest) * (1 + jitter / 10)


def next_try(
    attempts: int, now: datetime, expires_at: datetime | None, *, first: float, longest: float, jitter: float = 0.0
) -> datetime | None:
    """The moment of the next attempt; None when the item will have expired by then and nothing is left to try."""
    due = now + timedelta(seconds=pause(attempts, first=first, longest=longest, jitter=jitter))
    if expires_at is None or due <= expires_at:
        return due
    # One last attempt at the very end, unless this was it.
    return expires_at if now < expires_at - timedelta(seconds=first) else None
