"""Where the content goes: which messages lie in whose folder, read or not, and answered if somebody answered them; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailplatform.demo.people import PEOPLE
from mailplatform.demo.script import Written
from mailplatform.store.values import Flag

MEMBERS = {"team": ("anna", "bruno", "admin"), "info": ("anna",)}
"""Groups and aliases of the demonstration, and whose mailboxes they lead to."""
_LATELY = timedelta(days=9)  # what is older has been put away
_ARCHIVED = timedelta(days=40)
_READ = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Copy:
    """One message in one folder of one account. sent: the author's own copy; address: as it was written to."""

    account: str
    folder: str
    flags: int
    keywords: tuple[str, ...]
    address: str
    sent: bool


def copies(thread: Sequence[Written], number: int, at: datetime, now: datetime) -> Iterator[Copy]:
    """Where one message of a thread lies."""
    one = thread[number]
    options, age = one.options, now - at
    keywords = tuple(word.strip() for word in options.get("kw", "").split(",") if word.strip())
    author = PEOPLE[one.author]
    if "draft" in options:
        yield Copy(one.author, "Drafts", int(Flag.DRAFT | Flag.SEEN), (), author.address, True)
        return
    if author.is_ours:
        yield Copy(one.author, "Sent", int(Flag.SEEN), keywords, author.address, True)
    wanted: dict[str, str] = {}
    for name in (*one.to, *one.cc):
        for member in MEMBERS.get(name, (name,)):
            if PEOPLE[member].is_ours and member != one.author:
                wanted.setdefault(member, PEOPLE[name].address)
    for name, address in wanted.items():
        unread = "unread" in options or (age < _READ and "read" not in options) or "junk" in options
        flags = Flag(0) if unread else Flag.SEEN
        if "flagged" in options:
            flags |= Flag.FLAGGED
        if any(later.author == name for later in thread[number + 1 :]):
            flags |= Flag.ANSWERED | Flag.SEEN
        yield Copy(name, _folder(one, name, age), int(flags), keywords, address, False)


def _folder(one: Written, name: str, age: timedelta) -> str:
    if "junk" in one.options:
        return "Junk"
    if "trash" in one.options:
        return "Trash"
    if age < _LATELY or "keep" in one.options:
        return "INBOX"
    return one.folders.get(name) or ("Archive" if age > _ARCHIVED else "INBOX")
