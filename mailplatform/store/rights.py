"""Who may do what in a folder: the letters of RFC 4314 §2.1.

The owner of an account has all rights in all of its folders, and nobody else has any: grants to others come with shared
mailboxes. Doors ask here from the first day, so that they will not change then.
"""

from __future__ import annotations

from enum import StrEnum

from mailplatform.runtime.errors import NotFound, NotPermitted
from mailplatform.store.values import FolderState


class Right(StrEnum):
    """One letter each. RFC 4314 §2.1; the obsolete c and d are said by their parts (§2.1.1)."""

    LOOKUP = "l"
    READ = "r"
    SEEN = "s"
    WRITE = "w"
    INSERT = "i"
    POST = "p"
    CREATE = "k"
    DELETE = "x"
    DELETE_MESSAGES = "t"
    EXPUNGE = "e"
    ADMINISTER = "a"


ALL = frozenset(Right)
NONE: frozenset[Right] = frozenset()


def of(folder: FolderState, viewer: int) -> frozenset[Right]:
    """The rights of a viewer (the account that looks) in a folder."""
    return ALL if viewer == folder.account_id else NONE


def need(folder: FolderState, viewer: int, *wanted: Right) -> None:
    """Raises NotPermitted where a right is missing; NotFound where the viewer may not even know of the folder (RFC 4314 §6)."""
    held = of(folder, viewer)
    if Right.LOOKUP not in held:
        raise NotFound("there is no such folder", subject=folder.name)
    missing = [right for right in wanted if right not in held]
    if missing:
        raise NotPermitted(private=f"lacks {''.join(missing)}", subject=folder.name)
