"""Settling: what an attempt said becomes the item's state, if the lease is still its holder's.

A report that is due (RFC 3464) is a column, ``dsn_due``: settle writes it, and whoever makes the report clears it in the
transaction that carries the report. A message whose items are all done, with no report due, is swept, and its blob let go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from mailplatform.runtime.database import cursor
from mailplatform.runtime.sqlfiles import load
from mailplatform.store import blobs
from mailplatform.transport.enqueue import PIN
from mailplatform.transport.models import OutboundMessage, QueueItem
from mailplatform.transport.values import Ending

_PACKAGE = "mailplatform.transport"
_SWEEP = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an item. due_at: the next attempt of a deferred item. report: the RFC 3464 action that is due, or ""."""

    item_id: int
    token: UUID
    kind: Ending
    reply: str = ""
    due_at: datetime | None = None
    report: str = ""


def settle(outcomes: Sequence[Verdict]) -> set[int]:
    """Write the outcomes; the ids that were settled. The others are stale: another agent has them, and nothing was written."""
    if not outcomes:
        return set()
    states = {
        Ending.DELIVERED: QueueItem.State.DONE,
        Ending.FAILED: QueueItem.State.DONE,
        Ending.EXPANDED: QueueItem.State.DONE,
        Ending.DEFERRED: QueueItem.State.DEFERRED,
    }
    ordered = sorted(outcomes, key=lambda outcome: outcome.item_id)
    with cursor() as opened:
        opened.execute(
            load(_PACKAGE, "settle"),
            {
                "ids": [o.item_id for o in ordered],
                "tokens": [o.token for o in ordered],
                "states": [str(states[o.kind]) for o in ordered],
                "replies": [o.reply[:1000].replace("\x00", "") for o in ordered],
                "dues": [o.due_at for o in ordered],
                "reports": [o.report for o in ordered],
            },
        )
        return {row[0] for row in opened.fetchall()}


def sweep(limit: int = _SWEEP) -> int:
    """Delete messages all of whose items are done, and let their blobs go; how many. Tick by tick, in short transactions."""
    with transaction.atomic():
        with cursor() as opened:
            opened.execute(load(_PACKAGE, "settle_finished"), {"limit": limit})
            finished = [row[0] for row in opened.fetchall()]
        if finished:
            QueueItem.objects.filter(message_id__in=finished)._raw_delete("default")
            blobs.unpin(PIN, finished)
            OutboundMessage.objects.filter(pk__in=finished)._raw_delete("default")
        return len(finished)
