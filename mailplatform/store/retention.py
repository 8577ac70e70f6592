"""The second end of expunged messages: how long they can be restored, and how long clients can be told that they are gone.

Two lives. The restorable content ends after the site's retention period, sooner where an account keeps too many bytes or the
disk runs empty, oldest first; messages that nothing names then go, and the collector takes their bytes. The slim row (folder,
uid, modseq) ends by age alone, and only that raises the folder's expunged_floor.

Work goes in slices under the account's lock, each a transaction of its own; it may stop anywhere and run twice.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from mailplatform.store import bulk, statements, trail
from mailplatform.store.lock import locked
from mailplatform.store.values import SYSTEM
from mailplatform.trace.events import Code


@dataclass(frozen=True, slots=True)
class Purged:
    """What one run did. complete: nothing more was due."""

    messages: int
    bytes: int
    forgotten: int
    complete: bool


def run(now: datetime, seconds: float) -> Purged:
    """Purge and forget what is due, for about so many seconds."""
    limits = settings.SITE.store
    end = time.monotonic() + seconds
    messages = size = forgotten = 0
    before = now - timedelta(seconds=limits.retention_seconds * _share())
    params = {"before": before, "cap": limits.restorable_bytes}
    for account_id, held in statements.run("purge_accounts", params):
        limit = before
        if held > limits.restorable_bytes:
            excess = statements.run("purge_excess", {"account": account_id, "cap": limits.restorable_bytes})[0][0]
            limit = max(before, excess + timedelta(microseconds=1)) if excess else before
        done = bulk.portion_rows()
        while done == bulk.portion_rows():
            if time.monotonic() > end:
                return Purged(messages, size, forgotten, False)
            done, freed = purge(account_id, limit, now)
            messages, size = messages + done, size + freed
            bulk.pause()
    old = now - timedelta(seconds=limits.tombstone_seconds)
    for (account_id,) in statements.run("forget_accounts", {"before": old}):
        done = bulk.portion_rows()
        while done == bulk.portion_rows():
            if time.monotonic() > end:
                return Purged(messages, size, forgotten, False)
            done = forget(account_id, old)
            forgotten += done
            bulk.pause()
    return Purged(messages, size, forgotten, True)


def purge(account_id: int, before: datetime, now: datetime) -> tuple[int, int]:
    """Empty one slice of an account's expunged messages older than `before`: how many, and their bytes."""
    with locked(account_id) as ledgers:
        ledger = ledgers[account_id]
        params = {"account": account_id, "before": before, "limit": bulk.portion_rows(), "now": now}
        rows = statements.run("purge_content", params)
        if not rows:
            return 0, 0
        freed = sum(row[1] for row in rows)
        ledger.expunged_bytes -= freed
        message_ids = sorted({row[0] for row in rows})
        trail.tell_many(Code.PURGED, {"account": account_id}, len(rows), SYSTEM)
        statements.run("purge_messages", {"messages": message_ids})
        return len(rows), freed


def forget(account_id: int, before: datetime) -> int:
    """Delete one slice of an account's slim rows older than `before`; how many."""
    with locked(account_id):
        params = {"account": account_id, "before": before, "limit": bulk.portion_rows()}
        return int(statements.run("forget_expunged", params)[0][0])


def _share() -> float:
    """Of the retention period, by how much of the disk is free: whole above the limit, none on a full disk."""
    limit = settings.SITE.store.yield_free_percent
    try:
        figures = os.statvfs(settings.SITE.home)
    except OSError:
        return 1.0
    free = 100 * figures.f_bavail / max(figures.f_blocks, 1)
    return 1.0 if free >= limit else free / limit
