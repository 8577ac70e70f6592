"""Numbering what arrives: uids, modseqs, message ids, threads, keywords, counters; pure arithmetic on locked rows.

An ``Allocation`` begins with what the batch read under its accounts' locks and takes one unit after another; a unit that
is refused leaves no trace in it. What it holds at the end is written by store.append.

Invariants: every entry takes the next uid of its folder and a modseq of its own, the next of its account; a message joins
the oldest thread (smallest created_modseq) that any of its references names, and its own references then name that thread;
threads keep their ids: two that a late message links stay two, the younger ones joined to the oldest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailplatform.runtime.errors import LimitReached, NotFound, OverQuota, TemporarilyUnavailable
from mailplatform.store.values import (
    AccountId,
    Appended,
    Flag,
    FolderId,
    MessageId,
    ModSeq,
    Placement,
    SentCopy,
    SpecialUse,
    Uid,
)

_SEEN, _DELETED = int(Flag.SEEN), int(Flag.DELETED)
_MOST_KEYWORDS = 1000  # an account; RFC 9051 §7.1 knows \* but no server promises without end
_MOST_UID = 2**32 - 1


@dataclass(slots=True)
class AccountRow:
    """A locked account: its counters, and what decides about it."""

    id: int
    modseq: int
    bytes: int
    messages: int
    next_keyword: int
    closed: bool = False
    quota_bytes: int | None = None
    quota_messages: int | None = None
    domain: DomainRow | None = None
    touched: bool = False
    keywords: dict[str, int] | None = None


@dataclass(slots=True)
class DomainRow:
    """A domain with a quota of its own, and what its accounts hold."""

    id: int
    quota_bytes: int | None
    quota_messages: int | None
    bytes: int
    messages: int


@dataclass(slots=True)
class FolderRow:
    """A live folder of a locked account."""

    id: int
    account_id: int
    name: str
    special_use: str
    uidvalidity: int
    uidnext: int
    highestmodseq: int
    messages: int
    unseen: int
    deleted: int
    size: int
    touched: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in Sent with the Message-ID of one that arrives. auto: we made it."""

    folder_id: int
    uid: int
    flags: int
    size: int
    auto: bool


@dataclass(slots=True)
class Rows:
    """Columns to be written, one tuple a row."""

    messages: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    threads: list[tuple[int, int, int]] = field(default_factory=list)
    refs: list[tuple[int, int, int]] = field(default_factory=list)
    keywords: list[tuple[int, int, str, str]] = field(default_factory=list)
    changed_threads: dict[int, list[int]] = field(default_factory=dict)  # id → [modseq, joined to]
    auto: list[tuple[int]] = field(default_factory=list)
    replaced: list[tuple[int, int, int]] = field(default_factory=list)  # folder, uid, modseq of the end


class Allocation:
    """What one batch may place, and what it has placed so far.

    accounts: the locked ones. folders: live ones of these accounts. known_threads: (account, hash) → (thread, created_modseq).
    next_id: gives a fresh message id. now: the commit's moment.
    """

    def __init__(
        self,
        accounts: dict[int, AccountRow],
        folders: Iterable[FolderRow],
        known_threads: dict[tuple[int, int], tuple[int, int]],
        next_id: Callable[[], int],
        now: datetime,
    ) -> None:
        self.accounts = accounts
        self.folders = {folder.id: folder for folder in folders}
        self._by_use = {(f.account_id, f.special_use): f for f in self.folders.values() if f.special_use}
        self._threads = known_threads
        self._next_id = next_id
        self._now = now
        self.rows = Rows()
        self.sent: dict[tuple[int, str], list[Kept]] = {}  # (account, Message-ID) → what stands in Sent already
        self.replaces: dict[tuple[int, int], int] = {}  # (folder, uid) → the uid it took the place of

    def locked(self, placements: Sequence[Placement]) -> bool:
        """Whether every account of these placements is in our hands."""
        return all(placement.account_id in self.accounts for placement in placements)

    def place(self, placements: Sequence[Placement]) -> tuple[Appended, ...]:
        """Place one unit, all or nothing. Raises NotFound (folder or account gone), OverQuota, TemporarilyUnavailable."""
        folders = [self._folder(placement) for placement in placements]
        self._check(placements, folders)
        return tuple(self._one(placement, folder) for placement, folder in zip(placements, folders, strict=True))

    def is_kept(self, placement: Placement) -> bool:
        """Whether our copy for Sent is not needed: one with its Message-ID stands there."""
        return placement.sent is SentCopy.AUTO and bool(self.sent.get((placement.account_id, placement.message.message_id)))

    def has_no_room(self, placement: Placement) -> bool:
        """Whether our copy for Sent does not fit into the sender's quota. The mail goes out all the same."""
        if placement.sent is not SentCopy.AUTO:
            return False
        try:
            _check_room(self.accounts[placement.account_id], len(placement.prefix) + placement.message.blob.size, 1)
        except OverQuota:
            return True
        return False

    def fell_back(self, placement: Placement, appended: Appended) -> bool:
        """Whether a placement that named a folder went to another, because its own is gone."""
        return placement.folder_id is not None and appended.folder_id != placement.folder_id

    def _folder(self, placement: Placement) -> FolderRow:
        account_id = placement.account_id
        if placement.folder_id is None:
            folder = self._by_use.get((account_id, placement.special_use.value))
        else:
            folder = self.folders.get(placement.folder_id)
            if folder is not None and folder.account_id != account_id:
                folder = None
        if folder is None and placement.strict:
            raise NotFound("there is no such folder")
        folder = folder or self._by_use.get((account_id, SpecialUse.INBOX.value))
        if folder is None:
            raise TemporarilyUnavailable(private=f"account {account_id} has no inbox")
        return folder

    def _check(self, placements: Sequence[Placement], folders: Sequence[FolderRow]) -> None:
        added: dict[int, list[int]] = {}
        uids: dict[int, int] = {}
        for placement, folder in zip(placements, folders, strict=True):
            account = self.accounts[placement.account_id]
            if account.closed:
                raise NotFound("the account is closed", subject=placement.address)
            uids[folder.id] = uids.get(folder.id, folder.uidnext) + 1
            if uids[folder.id] > _MOST_UID:
                raise LimitReached(private=f"folder {folder.id} has no uids left")
            if len(placement.keywords) + account.next_keyword > _MOST_KEYWORDS:
                self._check_keywords(account, placement.keywords)
            if placement.check_quota:
                sums = added.setdefault(account.id, [0, 0])
                sums[0] += len(placement.prefix) + placement.message.blob.size
                sums[1] += 1
        for account_id, (size, count) in added.items():
            account = self.accounts[account_id]
            for holder in (account, account.domain):
                if holder is not None:
                    _check_room(holder, size, count)

    def _check_keywords(self, account: AccountRow, keywords: Iterable[str]) -> None:
        known = account.keywords or {}
        new = {_fold(keyword) for keyword in keywords} - known.keys()
        if new and account.next_keyword + len(new) > _MOST_KEYWORDS:
            raise LimitReached("this account has too many keywords already")

    def _one(self, placement: Placement, folder: FolderRow) -> Appended:
        account = self.accounts[placement.account_id]
        message, flags = placement.message, placement.flags
        size = len(placement.prefix) + message.blob.size
        account.modseq = modseq = account.modseq + 1
        account.bytes += size
        account.messages += 1
        if account.domain is not None:
            account.domain.bytes += size
            account.domain.messages += 1
        account.touched = folder.touched = True
        uid = folder.uidnext
        folder.uidnext = uid + 1
        folder.highestmodseq = modseq
        folder.messages += 1
        folder.size += size
        if not flags & _SEEN:
            folder.unseen += 1
        if flags & _DELETED:
            folder.deleted += 1
        message_id = self._next_id()
        thread_id = self._thread(account.id, message_id, modseq, message.references)
        keywords = self._keywords(account, placement.keywords) if placement.keywords else ""
        self.rows.messages.append((message_id, account.id, placement, size, thread_id, modseq))
        date = placement.internal_date or self._now
        self.rows.entries.append(
            (folder.id, uid, account.id, message_id, thread_id, flags, keywords, modseq, date, message.sent_at, size)
        )
        if placement.sent is not None and message.message_id:
            mine = Kept(folder.id, uid, flags, size, placement.sent is SentCopy.AUTO)
            self._sent(account, folder, (account.id, message.message_id), mine)
            if mine.auto:
                self.rows.auto.append((message_id,))
        return Appended(
            AccountId(account.id), FolderId(folder.id), folder.uidvalidity, Uid(uid), ModSeq(modseq), MessageId(message_id)
        )

    def _sent(self, account: AccountRow, folder: FolderRow, key: tuple[int, str], mine: Kept) -> None:
        """Remember a copy in Sent; a client's takes the place of ours in the same folder."""
        others = self.sent.setdefault(key, [])
        for kept in [] if mine.auto else [one for one in others if one.auto and one.folder_id == folder.id]:
            account.modseq += 1
            account.bytes -= kept.size
            account.messages -= 1
            if account.domain is not None:
                account.domain.bytes -= kept.size
                account.domain.messages -= 1
            folder.highestmodseq = account.modseq
            folder.messages -= 1
            folder.size -= kept.size
            folder.unseen -= not kept.flags & _SEEN
            folder.deleted -= bool(kept.flags & _DELETED)
            self.rows.replaced.append((kept.folder_id, kept.uid, account.modseq))
            self.replaces[folder.id, mine.uid] = kept.uid
            others.remove(kept)
        others.append(mine)

    def _thread(self, account_id: int, message_id: int, modseq: int, references: Sequence[int]) -> int:
        known = self._threads
        named = {known[key] for ref in references if (key := (account_id, ref)) in known}
        if named:
            thread, created = oldest = min(named, key=lambda one: (one[1], one[0]))
            changed = self.rows.changed_threads
            changed.setdefault(thread, [0, 0])[0] = modseq
            for other, _ in named - {oldest}:
                change = changed.setdefault(other, [0, 0])
                change[0], change[1] = modseq, change[1] or thread
        else:
            thread, created = message_id, modseq
            self.rows.threads.append((thread, account_id, modseq))
        for ref in references:
            if (account_id, ref) not in known:
                known[account_id, ref] = (thread, created)
                self.rows.refs.append((account_id, ref, thread))
        return thread

    def _keywords(self, account: AccountRow, keywords: Iterable[str]) -> str:
        if account.keywords is None:
            account.keywords = {}
        numbers = set()
        for keyword in keywords:
            folded = _fold(keyword)
            number = account.keywords.get(folded)
            if number is None:
                number = account.keywords[folded] = account.next_keyword
                account.next_keyword += 1
                self.rows.keywords.append((account.id, number, keyword, folded))
            numbers.add(number)
        return ",".join(map(str, sorted(numbers)))


def _check_room(holder: AccountRow | DomainRow, size: int, count: int) -> None:
    whose = "" if isinstance(holder, AccountRow) else "the quota of the domain is exhausted"
    if holder.quota_bytes is not None and holder.bytes + size > holder.quota_bytes:
        raise OverQuota(whose, subject="bytes")
    if holder.quota_messages is not None and holder.messages + count > holder.quota_messages:
        raise OverQuota(whose, subject="messages")


def _fold(keyword: str) -> str:
    """ASCII lower-case: keywords are atoms and compare so. RFC 9051 §2.3.2."""
    return keyword.lower() if keyword.isascii() else "".join(c.lower() if c < "\x80" else c for c in keyword)
