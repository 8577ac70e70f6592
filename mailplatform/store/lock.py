"""The order of all changes: one row an account is locked first, numbers every change, and is held to commit.

Commit order is modseq order (RFC 7162 §3.1: a client that has seen n must never find something below n later), because
every writer draws its numbers under the lock and commits before the next may draw. The lock is a statement of its own:
inside a larger statement its snapshot would be older than the lock. The same row carries usage, so nothing else is locked.

Accounts of one transaction are locked in id order, in one statement. Lock order of the house: accounts, queue items, blobs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from mailplatform.runtime.errors import NotFound
from mailplatform.store import notify, statements


class Ledger:
    """One locked account: where modseqs, keyword numbers and uidvalidities are drawn, and what changed is noted."""

    __slots__ = (
        "_start",
        "account_id",
        "bytes",
        "expunged_bytes",
        "last_email",
        "last_folder",
        "last_thread",
        "last_uidvalidity",
        "messages",
        "modseq",
        "next_keyword",
    )

    def __init__(self, row: tuple[int, ...]) -> None:
        (
            self.account_id,
            self.modseq,
            self.bytes,
            self.messages,
            self.expunged_bytes,
            self.next_keyword,
            self.last_uidvalidity,
            self.last_folder,
            self.last_email,
            self.last_thread,
        ) = row
        self._start = row

    def draw(self, number: int = 1) -> int:
        """Take so many modseqs; the first of them. The last is then self.modseq."""
        first = self.modseq + 1
        self.modseq += number
        return first

    def draw_uidvalidity(self, seconds: int) -> int:
        """A uidvalidity larger than any this account ever had. RFC 9051 §2.3.1.1 suggests the time."""
        self.last_uidvalidity = max(seconds, self.last_uidvalidity + 1)
        return self.last_uidvalidity

    def emails_changed(self) -> None:
        self.last_email = self.modseq

    def folders_changed(self) -> None:
        self.last_folder = self.modseq

    def row(self) -> tuple[int, ...]:
        return (
            self.account_id,
            self.modseq,
            self.bytes,
            self.messages,
            self.expunged_bytes,
            self.next_keyword,
            self.last_uidvalidity,
            self.last_folder,
            self.last_email,
            self.last_thread,
        )

    @property
    def altered(self) -> bool:
        return self.row() != self._start

    def kinds(self) -> tuple[str, ...]:
        """What changed, in the words of hints."""
        marks = ((notify.FOLDER, self.last_folder, 7), (notify.EMAIL, self.last_email, 8), (notify.THREAD, self.last_thread, 9))
        return tuple(kind for kind, last, index in marks if last != self._start[index])


@contextmanager
def locked(*account_ids: int) -> Iterator[dict[int, Ledger]]:
    """A transaction that holds these accounts; their ledgers are written back at its end, hints go on commit.

    Raises NotFound for an account without a store.
    """
    wanted = sorted(set(account_ids))
    with transaction.atomic():
        ledgers = {row[0]: Ledger(row) for row in statements.run("lock_accounts", {"accounts": wanted})}
        for account_id in wanted:
            if account_id not in ledgers:
                raise NotFound("there is no such account", subject=str(account_id))
        yield ledgers
        altered = [ledger.row() for ledger in ledgers.values() if ledger.altered]
        if altered:
            columns = list(zip(*altered, strict=True))
            statements.run("write_accounts", {f"c{number}": list(column) for number, column in enumerate(columns)})
        for ledger in ledgers.values():
            kinds = ledger.kinds()
            if kinds:
                notify.changed(ledger.account_id, ledger.modseq, kinds)
