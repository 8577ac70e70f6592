"""The end of entries: EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, RFC 4315 §2.1), and the draining of deleted folders.

An entry leaves `entry` and enters `expunged` in one statement, with who, by which client, and why; the bytes stay until
retention purges them. Its size leaves the account's quota at once and counts as restorable, unless it only moved.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from mailplatform.runtime import clock
from mailplatform.store import bulk, statements, trail
from mailplatform.store.lock import Ledger, locked
from mailplatform.store.models import Folder
from mailplatform.store.values import SYSTEM, Actor, Expunged, Flag, Reason
from mailplatform.trace.events import Code


def expunge(
    folder_id: int,
    uids: Sequence[int] | None,
    *,
    only_deleted: bool = True,
    actor: Actor,
    reason: Reason = Reason.EXPUNGED,
    at: datetime | None = None,
) -> Expunged:
    """Expunge entries, in short transactions. uids None: all of the folder. only_deleted: those that carry \\Deleted.
    at: the moment that retention counts from; None: now.

    Raises NotFound. Another's expunge of the same entries is no error: its uids are not in the answer.
    """
    account_id = bulk.account_of(folder_id)
    only = int(Flag.DELETED) if only_deleted else 0
    gone: list[int] = []
    if uids is None:
        while True:
            with locked(account_id) as ledgers:
                (place,) = bulk.places(folder_id)
                portion = _next(folder_id, gone[-1] if gone else 0, only) if place.deleted or not only_deleted else []
                gone += [row[0] for row in remove(ledgers[account_id], place, portion, only, actor, reason, at)]
                highest = ledgers[account_id].modseq if portion else place.highestmodseq
            if len(portion) < bulk.portion_rows():
                return Expunged(tuple(gone), highest)
            bulk.pause()
    highest = bulk.places(folder_id)[0].highestmodseq
    for portion in bulk.breaths(bulk.slices(uids)):
        with locked(account_id) as ledgers:
            (place,) = bulk.places(folder_id)
            rows = remove(ledgers[account_id], place, portion, only, actor, reason, at)
            gone += [row[0] for row in rows]
            highest = ledgers[account_id].modseq if rows else place.highestmodseq
    return Expunged(tuple(gone), highest)


def remove(
    ledger: Ledger,
    place: bulk.Place,
    uids: list[int],
    only: int,
    actor: Actor,
    reason: Reason,
    at: datetime | None = None,
) -> list[tuple[int, int, int, int]]:
    """Expunge these entries within the caller's transaction: (uid, message id, flags, size) of each, ascending."""
    if not uids:
        return []
    params = {
        "folder": place.id,
        "uids": uids,
        "only": only,
        "base": ledger.modseq + 1,
        "now": at or clock.now(),
        "reason": str(reason),
        "user_id": actor.user_id,
        "user_name": actor.name,
        "client": actor.client,
    }
    rows: list[tuple[int, int, int, int]] = sorted(
        (row[0], row[1], row[2], row[3]) for row in statements.run("expunge_entries", params)
    )
    if not rows:
        return []
    ledger.draw(len(rows))
    ledger.emails_changed()
    flags = [row[2] for row in rows]
    size = sum(row[3] for row in rows)
    bulk.count(
        place.id,
        ledger.modseq,
        messages=-len(rows),
        unseen=-bulk.unseen(flags),
        deleted=-bulk.deleted(flags),
        size=-size,
    )
    ledger.bytes -= size
    ledger.messages -= len(rows)
    if place.viewed:
        statements.run("drop_seen", {"folder": place.id, "uids": [row[0] for row in rows]})
        statements.run("count_viewers", {"folder": place.id})
    if reason is not Reason.MOVED:
        ledger.expunged_bytes += size
        common = {"account": ledger.account_id, "folder": place.name, "reason": str(reason), "client": actor.client}
        trail.tell(Code.EXPUNGED, [row[1] for row in rows], common, [{"uid": row[0]} for row in rows], actor)
    return rows


def drain(seconds: float) -> bool:
    """Move the entries of deleted folders to the expunged, for about so many seconds. True: nothing is left to drain."""
    end = time.monotonic() + seconds
    for folder_id, account_id in Folder.objects.filter(deleted_at__isnull=False, drained=False).values_list("id", "account_id"):
        while True:
            with locked(account_id) as ledgers:
                (place,) = bulk.places(folder_id, drain=True)
                portion = _next(folder_id, 0, 0)
                remove(ledgers[account_id], place, portion, 0, SYSTEM, Reason.FOLDER_DELETED)
                if len(portion) < bulk.portion_rows():
                    Folder.objects.filter(pk=folder_id).update(drained=True)
                    break
            if time.monotonic() > end:
                return False
            bulk.pause()
    return True


def _next(folder_id: int, after: int, only: int) -> list[int]:
    params = {"folder": folder_id, "after": after, "only": only, "limit": bulk.portion_rows()}
    return [row[0] for row in statements.run("deleted_uids", params)]
