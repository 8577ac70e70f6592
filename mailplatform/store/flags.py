"""Changes of flags and keywords: IMAP STORE (RFC 9051 §6.4.6) and its UNCHANGEDSINCE (RFC 7162 §3.1.3).

What is so already is not rewritten and takes no modseq. Each changed entry takes a modseq of its own. In a folder whose
\\Seen is not shared, another viewer's \\Seen stands in `seen` and nobody else's moves with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailplatform.store import bulk, keywords, statements
from mailplatform.store.lock import Ledger, locked
from mailplatform.store.models import ViewerState
from mailplatform.store.values import Actor, EntryRow, Flag, FlagChange, Stored

_ALL = int(Flag.SEEN | Flag.ANSWERED | Flag.FLAGGED | Flag.DELETED | Flag.DRAFT)


def store(
    folder_id: int,
    uids: Sequence[int],
    change: FlagChange,
    *,
    unchangedsince: int | None = None,
    viewer: int,
    actor: Actor,
) -> Stored:
    """Change the flags of the entries of `uids` that exist, in short transactions; uids without an entry are passed over.

    changed: the entries that changed, ascending. modified: those that are newer than unchangedsince, untouched.
    Raises NotFound, LimitReached (too many keywords).
    """
    account_id = bulk.account_of(folder_id)
    changed: list[EntryRow] = []
    modified: list[int] = []
    highest = 0
    written = False
    for portion in bulk.slices(uids):
        if written:
            bulk.pause()
        with locked(account_id) as ledgers:
            ledger = ledgers[account_id]
            (place,) = bulk.places(folder_id)
            highest = place.highestmodseq
            portion_changed, failed = _store(ledger, place, portion, change, unchangedsince, viewer)
            modified += failed
            written = ledger.altered
            if portion_changed:
                changed += portion_changed
                highest = ledger.modseq
    return Stored(tuple(changed), tuple(modified), highest)


@dataclass(frozen=True, slots=True)
class _Step:
    """A change in the numbers that entries carry."""

    clear: int
    set: int
    replace: bool
    add: list[int]
    remove: list[int]


def _step(ledger: Ledger, change: FlagChange) -> _Step:
    bits = change.flags & _ALL
    if change.mode == "remove":
        return _Step(bits, 0, False, [], keywords.numbers(ledger.account_id, change.keywords))
    numbers = keywords.allot(ledger, change.keywords)
    if change.mode == "add":
        return _Step(0, bits, False, numbers, [])
    return _Step(_ALL, bits, True, numbers, [])


def _store(
    ledger: Ledger, place: bulk.Place, uids: list[int], change: FlagChange, unchangedsince: int | None, viewer: int
) -> tuple[list[EntryRow], list[int]]:
    failed: list[int] = []
    if unchangedsince is not None:
        params = {"folder": place.id, "uids": uids, "viewer": viewer, "modseq": unchangedsince}
        failed = [row[0] for row in statements.run("newer_entries", params)]
        if failed:
            newer = set(failed)
            uids = [uid for uid in uids if uid not in newer]
    step = _step(ledger, change)
    own_seen = viewer != place.account_id and not place.seen_shared
    seen: bool | None = None
    if own_seen and (step.clear | step.set) & Flag.SEEN:
        seen = bool(step.set & Flag.SEEN)
        step = _Step(step.clear & ~Flag.SEEN, step.set & ~Flag.SEEN, step.replace, step.add, step.remove)
    elif place.viewed and not own_seen and not place.seen_shared and (step.clear | step.set) & Flag.SEEN:
        statements.run("keep_seen", {"folder": place.id, "uids": uids})
    rows = statements.run(
        "store_flags",
        {
            "folder": place.id,
            "uids": uids,
            "clear": step.clear,
            "set": step.set,
            "replace": step.replace,
            "add": step.add,
            "remove": step.remove,
            "base": ledger.modseq + 1,
        },
    )
    ledger.draw(len(rows))
    seen_uids = _store_seen(ledger, place, uids, viewer, seen) if seen is not None else []
    if not rows and not seen_uids:
        return [], failed
    before, after = [row[8] for row in rows], [row[2] for row in rows]
    bulk.count(
        place.id,
        ledger.modseq,
        unseen=bulk.unseen(after) - bulk.unseen(before),
        deleted=bulk.deleted(after) - bulk.deleted(before),
    )
    ledger.emails_changed()
    if seen_uids or place.viewed:
        statements.run("count_viewers", {"folder": place.id})
    if own_seen:
        touched = sorted({row[0] for row in rows} | set(seen_uids))
        rows = statements.run("read_entries", {"folder": place.id, "viewer": viewer, "uids": touched})
    changed = [EntryRow(row[0], row[1], row[2], tuple(row[3]), *row[4:8]) for row in rows]
    changed.sort()
    return changed, failed


def _store_seen(ledger: Ledger, place: bulk.Place, uids: list[int], viewer: int, seen: bool) -> list[int]:
    ViewerState.objects.bulk_create([ViewerState(folder_id=place.id, viewer_id=viewer)], ignore_conflicts=True)
    params = {"folder": place.id, "viewer": viewer, "uids": uids, "seen": seen, "base": ledger.modseq + 1}
    changed = [row[0] for row in statements.run("store_seen", params)]
    ledger.draw(len(changed))
    return changed
