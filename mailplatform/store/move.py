"""COPY (RFC 9051 §6.4.7, RFC 4315 §3) and MOVE (RFC 6851): further entries of the same message, never further bytes.

COPY is all or nothing: one transaction, quota checked for the whole set, a bounded number of messages. MOVE goes in short
transactions, each of which moves its messages whole: nowhere is one in both folders or in none (RFC 6851 §3.3).
A copy carries the flags, keywords and internal date of its source (RFC 9051 §6.4.7).

Known gap: between accounts a copy needs a message of its own there; until shared folders come (RFC 4314) it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from mailplatform.runtime import clock
from mailplatform.runtime.errors import LimitReached, NotPermitted
from mailplatform.store import bulk, statements, trail, usage
from mailplatform.store.expunge import remove
from mailplatform.store.lock import Ledger, locked
from mailplatform.store.values import Actor, Copied, FolderId, Reason
from mailplatform.trace.events import Code


def copy(folder_id: int, uids: Sequence[int], target_folder_id: int, *, viewer: int, actor: Actor) -> Copied:
    """Copy the entries of `uids` that exist. Raises NotFound, OverQuota, LimitReached, NotPermitted; then nothing is copied."""
    account_id = _account_of_both(folder_id, target_folder_id)
    wanted = _bounded(uids)
    with locked(account_id) as ledgers:
        ledger = ledgers[account_id]
        source, target = bulk.places(folder_id, target_folder_id)
        rows = _copy(ledger, source, target, wanted)
        if rows:
            usage.check_room(ledger, sum(row[3] for row in rows), len(rows))
        _count(ledger, target, rows)
        _tell(Code.COPIED, source, target, rows, actor)
        return _copied(source, target, rows, source.highestmodseq if source.id != target.id else ledger.modseq)


def move(folder_id: int, uids: Sequence[int], target_folder_id: int, *, viewer: int, actor: Actor) -> Copied:
    """Move the entries of `uids` that exist. Raises NotFound, LimitReached, NotPermitted.

    An error after the first transaction leaves what was moved until then moved; the error is raised.
    """
    account_id = _account_of_both(folder_id, target_folder_id)
    wanted = _bounded(uids)
    sources: list[int] = []
    targets: list[int] = []
    for portion in bulk.breaths(bulk.slices(wanted)):
        with locked(account_id) as ledgers:
            source, target = bulk.places(folder_id, target_folder_id)
            done = _move(ledgers[account_id], source, target, portion, actor)
        sources += done.source
        targets += done.target
    source, target = bulk.places(folder_id, target_folder_id)
    return Copied(target.uidvalidity, tuple(sources), tuple(targets), FolderId(target.id), source.highestmodseq)


def move_all(folder_id: int, target_folder_id: int, *, actor: Actor) -> None:
    """Move everything that a folder holds: the renaming of INBOX."""
    account_id = _account_of_both(folder_id, target_folder_id)
    last = 0
    while True:
        with locked(account_id) as ledgers:
            source, target = bulk.places(folder_id, target_folder_id)
            params = {"folder": folder_id, "after": last, "only": 0, "limit": bulk.portion_rows()}
            portion = [row[0] for row in statements.run("deleted_uids", params)]
            _move(ledgers[account_id], source, target, portion, actor)
        if len(portion) < bulk.portion_rows():
            return
        last = portion[-1]
        bulk.pause()


def _account_of_both(folder_id: int, target_folder_id: int) -> int:
    account_id = bulk.account_of(folder_id)
    if bulk.account_of(target_folder_id) != account_id:
        raise NotPermitted("messages cannot be copied between accounts yet", subject=str(target_folder_id))
    return account_id


def _bounded(uids: Sequence[int]) -> list[int]:
    wanted = sorted(set(uids))
    most = settings.SITE.store.copy_rows
    if len(wanted) > most:
        raise LimitReached(f"at most {most} messages may be copied or moved at once", subject="messages")
    return wanted


def _copy(ledger: Ledger, source: bulk.Place, target: bulk.Place, uids: list[int]) -> list[tuple[int, int, int, int]]:
    """Insert the copies; (uid, message id, flags, size) of each source entry, ascending: the first copy has target.uidnext."""
    if not uids:
        return []
    params = {
        "folder": source.id,
        "target": target.id,
        "uids": uids,
        "uidnext": target.uidnext,
        "base": ledger.modseq + 1,
        "now": clock.now(),
    }
    rows = [(row[0], row[1], row[2], row[3]) for row in statements.run("copy_entries", params)]
    ledger.draw(len(rows))
    return rows


def _count(ledger: Ledger, target: bulk.Place, rows: list[tuple[int, int, int, int]]) -> None:
    if not rows:
        return
    flags = [row[2] for row in rows]
    size = sum(row[3] for row in rows)
    bulk.count(
        target.id,
        ledger.modseq,
        added=len(rows),
        messages=len(rows),
        unseen=bulk.unseen(flags),
        deleted=bulk.deleted(flags),
        size=size,
    )
    ledger.bytes += size
    ledger.messages += len(rows)
    ledger.emails_changed()


def _move(ledger: Ledger, source: bulk.Place, target: bulk.Place, uids: list[int], actor: Actor) -> Copied:
    rows = _copy(ledger, source, target, uids)
    _count(ledger, target, rows)
    remove(ledger, source, [row[0] for row in rows], 0, actor, Reason.MOVED)
    _tell(Code.MOVED, source, target, rows, actor)
    return _copied(source, target, rows, ledger.modseq)


def _copied(source: bulk.Place, target: bulk.Place, rows: list[tuple[int, int, int, int]], highest: int) -> Copied:
    uids = tuple(row[0] for row in rows)
    return Copied(
        target.uidvalidity, uids, tuple(range(target.uidnext, target.uidnext + len(rows))), FolderId(target.id), highest
    )


def _tell(code: Code, source: bulk.Place, target: bulk.Place, rows: list[tuple[int, int, int, int]], actor: Actor) -> None:
    each = [{"uid": row[0], "new_uid": target.uidnext + number} for number, row in enumerate(rows)]
    common = {"account": source.account_id, "source": source.name, "target": target.name}
    trail.tell(code, [row[1] for row in rows], common, each, actor)
