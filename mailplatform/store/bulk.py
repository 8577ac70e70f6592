"""Changes of many entries: cut into transactions short enough that a delivery waits for one unnoticed, with a breath between.

Also what every such transaction must know of its folders, and how their counters move. Counters, entries and the account's
row change together; `store verify` proves it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings

from mailplatform.runtime.errors import NotFound
from mailplatform.store import statements
from mailplatform.store.models import Folder
from mailplatform.store.values import Flag

_SEEN, _DELETED = int(Flag.SEEN), int(Flag.DELETED)  # plain numbers: an operation on a Flag costs as much as a row


@dataclass(frozen=True, slots=True)
class Place:
    """A folder as a writer sees it, under its account's lock."""

    id: int
    account_id: int
    uidvalidity: int
    uidnext: int
    highestmodseq: int
    messages: int
    deleted: int
    seen_shared: bool
    live: bool
    viewed: bool  # others than the owner have their own \Seen in it
    name: str


def account_of(folder_id: int) -> int:
    """Whose folder this is, which never changes. Raises NotFound."""
    account_id = Folder.objects.filter(pk=folder_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NotFound("there is no such folder", subject=str(folder_id))
    return account_id


def places(*folder_ids: int, drain: bool = False) -> list[Place]:
    """These folders, in this order. Raises NotFound when one is gone or, unless `drain`, deleted."""
    found = {row[0]: Place(*row) for row in statements.run("folders_for_write", {"folders": list(folder_ids)})}
    for folder_id in folder_ids:
        if folder_id not in found or not (found[folder_id].live or drain):
            raise NotFound("there is no such folder", subject=str(folder_id))
    return [found[folder_id] for folder_id in folder_ids]


def portion_rows() -> int:
    """Rows of one transaction of a bulk change."""
    return settings.SITE.store.bulk_rows


def slices(uids: Iterable[int]) -> list[list[int]]:
    """The uids, each once, ascending, in transactions' portions."""
    ordered = list(uids) if isinstance(uids, range) and uids.step > 0 else sorted(set(uids))
    rows = portion_rows()
    return [ordered[start : start + rows] for start in range(0, len(ordered), rows)]


def breaths(portions: Sequence[list[int]]) -> Iterator[list[int]]:
    """The portions one by one; a pause between two lets waiting deliveries in."""
    for number, portion in enumerate(portions):
        if number:
            pause()
        yield portion


def pause() -> None:
    time.sleep(settings.SITE.store.bulk_pause_seconds)


def count(
    folder_id: int,
    highestmodseq: int,
    *,
    added: int = 0,
    messages: int = 0,
    unseen: int = 0,
    deleted: int = 0,
    size: int = 0,
) -> None:
    """Move a folder's counters by these differences; added: uids given out."""
    statements.run(
        "count_folder",
        {
            "folder": folder_id,
            "highestmodseq": highestmodseq,
            "added": added,
            "messages": messages,
            "unseen": unseen,
            "deleted": deleted,
            "size": size,
        },
    )


def unseen(flags: Sequence[int]) -> int:
    """How many of these flags are without \\Seen."""
    return len(flags) - sum(one & _SEEN for one in flags)


def deleted(flags: Sequence[int]) -> int:
    """How many of these flags have \\Deleted."""
    return sum(one & _DELETED for one in flags) // _DELETED
