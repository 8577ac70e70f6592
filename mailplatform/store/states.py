"""A folder's row as the value that callers see, with the counts that one viewer sees.

In a folder whose \\Seen is not shared, `viewer_state.unseen` is the difference between another viewer's count of unseen
messages and the folder's own, so that a delivery, unseen by all, writes no row a viewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailplatform.store.models import ViewerState
from mailplatform.store.values import FolderState, SpecialUse

COLUMNS = (
    "id",
    "account_id",
    "name",
    "uidvalidity",
    "uidnext",
    "highestmodseq",
    "messages",
    "unseen",
    "deleted",
    "size",
    "recent_from",
    "special_use",
    "subscribed",
    "created_modseq",
    "changed_modseq",
    "expunged_floor",
    "seen_shared",
)
_UNSEEN = COLUMNS.index("unseen")
_SPECIAL_USE = COLUMNS.index("special_use")


def state(row: Sequence[Any], unseen_difference: int = 0) -> FolderState:
    """A row of COLUMNS as the value that callers see."""
    values = list(row[: len(COLUMNS)])
    values[_UNSEEN] = max(0, values[_UNSEEN] + unseen_difference)
    values[_SPECIAL_USE] = SpecialUse(values[_SPECIAL_USE]) if values[_SPECIAL_USE] else None
    return FolderState(*values)


def seen_by(rows: list[tuple[Any, ...]], account_id: int, viewer: int) -> list[FolderState]:
    """Rows of COLUMNS, all of one account, as `viewer` (the account that looks) sees them."""
    if viewer == account_id:
        return [state(row) for row in rows]
    own = dict(
        ViewerState.objects.filter(viewer_id=viewer, folder_id__in=[row[0] for row in rows]).values_list("folder_id", "unseen")
    )
    return [state(row, own.get(row[0], 0)) for row in rows]
