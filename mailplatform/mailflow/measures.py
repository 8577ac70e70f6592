"""What the whole house has waiting, measured where somebody asks for figures: one process declares these, and asks the database
at most once in fifteen seconds.

What a process counts by itself stands in the rooms that count it (runtime.metrics).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mailplatform.runtime import clock, metrics
from mailplatform.runtime.database import close_connection
from mailplatform.store.index import writer
from mailplatform.transport.backlog import backlog

REMEMBERED = 15.0
MOST_BEHIND = 10_000  # accounts counted; more is as bad


@dataclass(frozen=True, slots=True)
class House:
    """queue, due: as transport.backlog. behind: accounts whose search text is not written yet."""

    queue: metrics.Values = field(default_factory=dict)
    due: metrics.Values = field(default_factory=dict)
    behind: int = 0


def measure() -> House:
    """Ask the database; this thread's connection is closed again."""
    try:
        waiting = backlog(clock.now())
        return House(waiting.items, waiting.due, len(writer.behind(limit=MOST_BEHIND)))
    finally:
        close_connection()


def declare(ask: Callable[[], House] = measure, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Let this process tell the house's figures."""
    lock = threading.Lock()
    known: list[tuple[float, House]] = []

    def house() -> House:
        with lock:
            if not known or monotonic() - known[0][0] > REMEMBERED:
                known[:] = [(monotonic(), ask())]
            return known[0][1]

    metrics.Gauge(
        "queue_items", "Recipients of mail that wait, by transport and state.", lambda: house().queue, "transport", "state"
    )
    metrics.Gauge(
        "queue_oldest_due_seconds", "How long the oldest ready item has waited for its turn.", lambda: house().due, "transport"
    )
    metrics.Gauge("index_accounts_behind", "Accounts whose search text is not written yet.", lambda: house().behind)
