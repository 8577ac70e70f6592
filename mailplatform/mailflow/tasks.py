"""Ticks: what has to be looked at once in a while. Thin; each calls a room, and may run twice or be lost without harm.

Celery's beat sends them (mailplatform.celery has the table). Postgres is the queue of mail: a tick makes due items ready,
it never carries one. The local agent does the same by itself now and then, so mail moves without any tick.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError

from mailplatform.access import failures
from mailplatform.mailflow import upkeep
from mailplatform.runtime import clock
from mailplatform.runtime.database import close_connection, lost
from mailplatform.store import collect, expunge, packs, retention
from mailplatform.trace import partitions

log = logging.getLogger(__name__)
_SECONDS = 25.0  # of one tick; what is left comes with the next


def _tick(work: Callable[[], Any]) -> Any:
    """A task by the name of its function; a database that is away costs one tick and leaves no dead connection."""

    @shared_task(name=f"{__name__}.{work.__name__}", ignore_result=True)  # type: ignore[untyped-decorator]
    @wraps(work)
    def run() -> None:
        try:
            done = work()
            if done:
                log.info("%s: %s", work.__name__, done)
        except (OperationalError, InterfaceError) as error:
            if not lost(error):
                raise
            log.warning("%s: the database is away: %s", work.__name__, error)
            close_connection()

    return run


@_tick
def tick_release() -> dict[str, int]:
    """Items whose time has come, leases of agents that died, messages with nothing left to do."""
    return upkeep.by_tick()


@_tick
def tick_reports() -> dict[str, int]:
    """Delays and ends of outbound mail, and the reports that are due."""
    return upkeep.tell(clock.now())


@_tick
def tick_retention() -> dict[str, int]:
    """Entries of deleted folders leave, what the retention period has passed is purged, wrong passwords of old are forgotten."""
    failed = failures.forget_old()
    if not expunge.drain(_SECONDS / 2):
        return {}
    done = retention.run(clock.now(), _SECONDS / 2)
    found = (("purged", done.messages), ("forgotten", done.forgotten), ("failures", failed))
    return {name: number for name, number in found if number}


@_tick
def tick_collect() -> dict[str, int]:
    """Blobs that nothing names, packs that are mostly holes, results of arrivals that nobody asks for."""
    now, limits, end = clock.now(), settings.SITE.store, time.monotonic() + _SECONDS
    done = {
        "arrivals": collect.forget_arrivals(now, timedelta(seconds=limits.arrival_seconds)),
        "blobs": _collect(now, timedelta(seconds=limits.blob_grace_seconds)),
        "packs": collect.unlink_retired(now),
        "bytes": 0,
    }
    while time.monotonic() < end and (freed := collect.compact(now)):
        done["bytes"] += freed
    packs.writer.close()  # what compacting wrote is complete: the pack may be looked at itself
    return {name: number for name, number in done.items() if number}


_collected_to = 0  # where this worker's walk over the blobs goes on; a new worker begins anew


def _collect(now: datetime, grace: timedelta) -> int:
    global _collected_to
    done = collect.collect_all(now, grace, _collected_to, _SECONDS / 2)
    _collected_to = done.after or 0
    return done.deleted


@_tick
def tick_partitions() -> dict[str, int]:
    """Trace partitions ahead, and the end of old ones."""
    return partitions.tick()
