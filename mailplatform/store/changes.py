"""What happened in a folder: the feed behind IDLE, NOOP, CONDSTORE and QRESYNC (RFC 7162 §3.1, §3.2).

State and rows come from one moment, so whoever has read up to folder.highestmodseq will miss nothing: commit order is
modseq order (store.lock). Below the folder's expunged_floor nobody remembers single expunges; then every absent uid is
told, as RFC 7162 §3.2.5.2 allows.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import Any

from mailplatform.runtime import database
from mailplatform.runtime.errors import NotFound
from mailplatform.store import statements
from mailplatform.store.models import Folder
from mailplatform.store.states import COLUMNS, seen_by
from mailplatform.store.values import Changes, EntryRow, FolderState

_WIDTH = len(COLUMNS)


def highest(folder_id: int) -> int:
    """The folder's last modseq: whether anything happened at all. Raises NotFound, also when it is deleted."""
    found = Folder.objects.filter(pk=folder_id, deleted_at=None).values_list("highestmodseq", flat=True).first()
    if found is None:
        raise NotFound("there is no such folder", subject=str(folder_id))
    return found


def highest_of(folder_ids: Sequence[int]) -> dict[int, int]:
    """The same of many folders at once; deleted ones are absent."""
    return dict(Folder.objects.filter(pk__in=folder_ids, deleted_at=None).values_list("id", "highestmodseq"))


def since(folder_id: int, modseq: int, viewer: int) -> Changes:
    """Everything above `modseq`, as `viewer` sees it. Raises NotFound, also when the folder is deleted."""
    row = _read(folder_id, modseq)
    if row[1] == viewer and modseq >= row[COLUMNS.index("expunged_floor")]:
        return Changes(seen_by([row], viewer, viewer)[0], _entries(row[_WIDTH:]), tuple(row[-1] or ()), True)
    with database.snapshot():  # more than one statement: read again, all from one moment
        row = _read(folder_id, modseq)
        state = seen_by([row], row[1], viewer)[0]
        changed = _entries(row[_WIDTH:])
        if viewer != state.account_id and not state.seen_shared:
            changed = _seen_by_viewer(folder_id, modseq, viewer)
        if modseq >= state.expunged_floor:
            return Changes(state, changed, tuple(row[-1] or ()), True)
        return Changes(state, changed, _absent(state), False)


def _read(folder_id: int, modseq: int) -> tuple[Any, ...]:
    rows = statements.run("changes_since", {"folder": folder_id, "modseq": modseq}, binary=True)
    if not rows:
        raise NotFound("there is no such folder", subject=str(folder_id))
    return rows[0]


def _entries(columns: Sequence[Any]) -> tuple[EntryRow, ...]:
    uids, message_ids, flags, keywords, modseqs, dates, sizes, created = columns[:8]
    if not uids:
        return ()
    numbers = [tuple(map(int, text.split())) if text else () for text in keywords]
    return tuple(map(EntryRow, uids, message_ids, flags, numbers, modseqs, dates, sizes, created))


def _seen_by_viewer(folder_id: int, modseq: int, viewer: int) -> tuple[EntryRow, ...]:
    uids = [row[0] for row in statements.run("seen_since", {"folder": folder_id, "viewer": viewer, "modseq": modseq})]
    rows = statements.run("read_entries", {"folder": folder_id, "viewer": viewer, "uids": uids})
    return tuple(EntryRow(row[0], row[1], row[2], tuple(row[3]), *row[4:8]) for row in rows)


def _absent(state: FolderState) -> tuple[int, ...]:
    """Every uid below uidnext that has no entry."""
    (row,) = statements.run("entry_uids", {"folder": state.id}, binary=True)
    present = array("Q", row[0] or b"")
    if sys.byteorder == "little":
        present.byteswap()
    absent: list[int] = []
    expected = 1
    for uid in present:
        absent.extend(range(expected, uid))
        expected = uid + 1
    absent.extend(range(expected, state.uidnext))
    return tuple(absent)
