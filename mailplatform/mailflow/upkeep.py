"""The upkeep of the queue: due items are made ready, delays told, old mail given up, leases of the dead taken back, what is
finished swept away, and reports made. Celery's ticks do it; an agent does it by itself when no tick has come for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from mailplatform.delivery import answers
from mailplatform.mailflow import reports
from mailplatform.runtime import clock, pubsub
from mailplatform.transport import destinations, lease, pulse, settle

SECONDS = 20.0  # of one call; what is left comes with the next


def release(now: datetime) -> dict[str, int]:
    """Due items, leases of agents that died, messages with nothing left to do; numbers by what was done."""
    end = time.monotonic() + SECONDS
    done = {
        "due": _all(lambda: lease.release_due(now), end),
        "expired": _all(lambda: lease.release_expired(now), end),
        "finished": _all(settle.sweep, end),
    }
    if done["due"] or done["expired"]:
        wake()
    return {name: number for name, number in done.items() if number}


def tell(now: datetime) -> dict[str, int]:
    """Delays and ends, and the reports about them."""
    end = time.monotonic() + SECONDS
    done = {
        "delayed": _all(lambda: settle.warn(now), end),
        "given up": _all(lambda: settle.expire(now), end),
        "reports": reports.make(now, end),
        "forgotten": destinations.forget(now) + _all(lambda: answers.forget(now), end),
    }
    return {name: number for name, number in done.items() if number}


def report(now: datetime) -> int:
    """The reports that are due; how many."""
    return reports.make(now, time.monotonic() + SECONDS)


def by_tick() -> dict[str, int]:
    """What the tick of releases does."""
    now = clock.now()
    pulse.beat(pulse.TICK, now)
    return release(now)


def by_agent() -> bool:
    """Everything, if no tick has come for a while; whether it was so. Agents that look at the same moment take turns."""
    now = clock.now()
    if not pulse.is_missing(now, settings.SITE.outbound.tick_missing_seconds):
        return False
    pulse.beat(pulse.AGENT, now)
    release(now)
    tell(now)
    return True


def wake() -> None:
    """Agents look at the queue."""
    pubsub.publish("queue.local", "")
    pubsub.publish("queue.smtp", "")


def _all(some: Callable[[], int], end: float) -> int:
    """Again and again, until nothing is left or the time is over."""
    total = 0
    while time.monotonic() < end and (done := some()):
        total += done
    return total
