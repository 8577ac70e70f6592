"""A maildrop as one session numbers it (RFC 1939 §5): message numbers, sizes, unique-ids, and what is marked as deleted.

Numbers never change within a session. A unique-id is UIDVALIDITY and UID of the entry in the inbox, so it is the same in every
session, after a restart, an upgrade or a new name of the account, and a UID never comes again (RFC 9051 §2.3.1.1).
Pure: columns in, lines out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

PIECE = 2000
"""Lines of a listing made at once: a hundred thousand messages do not hold up others."""


class Drop:
    """uids: ascending. sizes: octets that RETR sends, stuffing not counted; index i of both is message i + 1."""

    __slots__ = ("_octets", "deleted", "retrieved", "sizes", "uids", "uidvalidity")

    def __init__(self, uidvalidity: int, uids: Sequence[int], sizes: Sequence[int]) -> None:
        self.uidvalidity = uidvalidity
        self.uids = uids
        self.sizes = sizes
        self.deleted: set[int] = set()  # indexes
        self.retrieved: set[int] = set()
        self._octets = sum(sizes)

    @property
    def messages(self) -> int:
        """How many are not marked as deleted."""
        return len(self.uids) - len(self.deleted)

    @property
    def octets(self) -> int:
        """How large these are together."""
        return self._octets

    def index(self, number: int) -> int | None:
        """Where a message stands; None when there is none of this number, or it is marked as deleted."""
        index = number - 1
        return index if 0 <= index < len(self.uids) and index not in self.deleted else None

    def delete(self, index: int) -> None:
        """Mark one."""
        self.deleted.add(index)
        self._octets -= self.sizes[index]

    def reset(self) -> int:
        """Unmark all; how many were marked."""
        count = len(self.deleted)
        self.deleted.clear()
        self._octets = sum(self.sizes)
        return count

    def unique_id(self, index: int) -> str:
        """One to 70 characters from ! to ~ (RFC 1939 §7)."""
        return f"{self.uidvalidity}.{self.uids[index]}"

    def scan(self) -> Iterator[bytes]:
        """The lines of LIST, in pieces."""
        for numbers in self._pieces():
            sizes = self.sizes
            yield "".join([f"{number + 1} {sizes[number]}\r\n" for number in numbers]).encode("ascii")

    def unique_ids(self) -> Iterator[bytes]:
        """The lines of UIDL, in pieces."""
        uids, before = self.uids, f"{self.uidvalidity}."
        for numbers in self._pieces():
            yield "".join([f"{number + 1} {before}{uids[number]}\r\n" for number in numbers]).encode("ascii")

    def _pieces(self) -> Iterator[list[int]]:
        deleted = self.deleted
        for start in range(0, len(self.uids), PIECE):
            numbers = range(start, min(start + PIECE, len(self.uids)))
            yield [number for number in numbers if number not in deleted] if deleted else list(numbers)
