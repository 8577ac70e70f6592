"""A folder at one moment, as IMAP counts it: immutable blocks of entries in uid order, shared between versions and sessions.

A Snapshot is a tuple of Blocks of at most BLOCK entries; a new version (`apply`) shares every block it did not touch, so a folder
of 100,000 costs a delivery one block of a few KiB. Columns are arrays: uid, system flags, modseq, message id, internal date,
size; keywords are sparse. Position = seq - 1. Pure: the caller brings plain rows and knows where they come from.

Invariants: uids strictly ascend within and across blocks; no block is empty; nothing is changed after construction.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress
from typing import NamedTuple

BLOCK = 1024
"""Entries a block at most."""
_SMALL = 256
"""A block below this joins its neighbour, so that expunges do not leave dust."""


class Row(NamedTuple):
    """One entry. `flags`: bits of flags.py; `keywords`: ids, sorted; `internal_date`: epoch seconds; `size`: octets."""

    uid: int
    flags: int
    keywords: tuple[int, ...]
    modseq: int
    message_id: int
    internal_date: int
    size: int


RowLike = tuple[int, int, tuple[int, ...], int, int, int, int]
"""A Row, or the plain tuple of its fields."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Columns of up to BLOCK entries; `keywords` maps an index in the block to keyword ids, for those that have any."""

    uids: array  # type: ignore[type-arg]
    flags: bytes
    modseqs: array  # type: ignore[type-arg]
    message_ids: array  # type: ignore[type-arg]
    dates: array  # type: ignore[type-arg]
    sizes: array  # type: ignore[type-arg]
    keywords: Mapping[int, tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.uids)

    def row(self, index: int) -> Row:
        """The entry at an index."""
        return Row(
            self.uids[index],
            self.flags[index],
            self.keywords.get(index, ()),
            self.modseqs[index],
            self.message_ids[index],
            self.dates[index],
            self.sizes[index],
        )

    def rows(self) -> list[Row]:
        """All entries."""
        get = self.keywords.get
        return [
            Row(uid, flags, get(index, ()), modseq, message_id, date, size)
            for index, (uid, flags, modseq, message_id, date, size) in enumerate(
                zip(self.uids, self.flags, self.modseqs, self.message_ids, self.dates, self.sizes, strict=True)
            )
        ]


def make_block(rows: Sequence[RowLike]) -> Block:
    """A block of rows in uid order."""
    uids, flags, keywords, modseqs, message_ids, dates, sizes = zip(*rows, strict=True)
    return Block(
        array("I", uids),
        bytes(flags),
        array("Q", modseqs),
        array("Q", message_ids),
        array("q", dates),
        array("Q", sizes),
        {index: tuple(ids) for index, ids in enumerate(keywords) if ids},
    )


def _appended(block: Block, rows: Sequence[RowLike]) -> Block:
    """The block and rows behind it; the common case of a delivery."""
    tail = make_block(rows)
    keywords = block.keywords
    if tail.keywords:
        length = len(block)
        keywords = {**keywords, **{index + length: ids for index, ids in tail.keywords.items()}}
    return Block(
        block.uids + tail.uids,
        block.flags + tail.flags,
        block.modseqs + tail.modseqs,
        block.message_ids + tail.message_ids,
        block.dates + tail.dates,
        block.sizes + tail.sizes,
        keywords,
    )


class Slice(NamedTuple):
    """Entries `start` to `stop` (exclusive) of a block; the first has sequence number `seq`."""

    block: Block
    start: int
    stop: int
    seq: int


Positions = tuple[tuple[int, int], ...]
"""Sorted disjoint half-open (start, stop) ranges of positions (seq - 1)."""


class Snapshot:
    """See the module. Make one with `build` or from another with `apply`."""

    __slots__ = ("_lasts", "_starts", "blocks", "count")

    def __init__(self, blocks: tuple[Block, ...] = ()) -> None:
        self.blocks = blocks
        sizes = [len(block.uids) for block in blocks]
        self._starts = [0, *accumulate(sizes)]  # position where each block starts; last: the count
        self._lasts = [block.uids[-1] for block in blocks]
        self.count = self._starts[-1]

    @classmethod
    def build(cls, rows: Iterable[RowLike]) -> "Snapshot":
        """From rows (uid, flags, keywords, modseq, message_id, internal_date, size) in uid order."""
        everything = list(rows)
        return cls(tuple(make_block(everything[start : start + BLOCK]) for start in range(0, len(everything), BLOCK)))

    # -- numbers -----------------------------------------------------------------------------------------------------------------
    @property
    def last_uid(self) -> int:
        """The largest uid; 0 when empty."""
        return self._lasts[-1] if self._lasts else 0

    def position_of(self, uid: int) -> int | None:
        """Position of a uid."""
        number = bisect_left(self._lasts, uid)
        if number == len(self.blocks):
            return None
        uids = self.blocks[number].uids
        index = bisect_left(uids, uid)
        return self._starts[number] + index if uids[index] == uid else None

    def seq_of(self, uid: int) -> int | None:
        """Sequence number of a uid."""
        position = self.position_of(uid)
        return None if position is None else position + 1

    def uid_of(self, seq: int) -> int | None:
        """Uid at a sequence number."""
        return self.row_at(seq - 1).uid if 1 <= seq <= self.count else None

    def row_at(self, position: int) -> Row:
        """The entry at a position; IndexError beyond."""
        if not 0 <= position < self.count:
            raise IndexError(position)
        number = bisect_right(self._starts, position) - 1
        return self.blocks[number].row(position - self._starts[number])

    def row_of(self, uid: int) -> Row | None:
        """The entry of a uid."""
        position = self.position_of(uid)
        return None if position is None else self.row_at(position)

    def before(self, uid: int) -> int:
        """How many entries have a smaller uid."""
        number = bisect_left(self._lasts, uid)
        if number == len(self.blocks):
            return self.count
        return self._starts[number] + bisect_left(self.blocks[number].uids, uid)

    def positions_by_uid(self, ranges: Iterable[tuple[int, int]]) -> Positions:
        """Positions of uid ranges (first, last), sorted and disjoint; uids not there fall out."""
        return _joined((self.before(first), self.before(last + 1)) for first, last in ranges)

    def positions_by_seq(self, ranges: Iterable[tuple[int, int]]) -> Positions:
        """Positions of sequence number ranges (first, last), sorted and disjoint, cut at the count."""
        return _joined((max(first - 1, 0), min(last, self.count)) for first, last in ranges)

    @property
    def all(self) -> Positions:
        """Every position."""
        return ((0, self.count),) if self.count else ()

    # -- columns -----------------------------------------------------------------------------------------------------------------
    def slices(self, positions: Positions) -> Iterator[Slice]:
        """The pieces of blocks that hold the positions, in order."""
        starts, blocks = self._starts, self.blocks
        for start, stop in positions:
            number = bisect_right(starts, start) - 1
            while start < stop:
                base = starts[number]
                end = min(stop, starts[number + 1])
                yield Slice(blocks[number], start - base, end - base, start + 1)
                start = end
                number += 1

    def rows(self, positions: Positions) -> Iterator[tuple[int, Row]]:
        """(seq, entry) of the positions."""
        for block, start, stop, seq in self.slices(positions):
            for index in range(start, stop):
                yield seq + index - start, block.row(index)

    def uids(self, positions: Positions) -> list[int]:
        """Uids of the positions."""
        found: list[int] = []
        for block, start, stop, _ in self.slices(positions):
            found.extend(block.uids[start:stop])
        return found

    def message_ids(self, positions: Positions) -> list[int]:
        """Message ids of the positions."""
        found: list[int] = []
        for block, start, stop, _ in self.slices(positions):
            found.extend(block.message_ids[start:stop])
        return found

    def with_flag(self, bit: int, *, present: bool = True, positions: Positions | None = None) -> list[int]:
        """Positions (of those given, or all) whose flag `bit` is `present`."""
        found: list[int] = []
        for block, start, stop, seq in self.slices(self.all if positions is None else positions):
            base = seq - 1 - start
            flags = block.flags
            if present:
                found.extend([base + index for index in range(start, stop) if flags[index] & bit])
            else:
                found.extend([base + index for index in range(start, stop) if not flags[index] & bit])
        return found

    def changed_since(self, modseq: int, positions: Positions | None = None) -> list[int]:
        """Positions whose modseq is above `modseq`. RFC 7162 CHANGEDSINCE."""
        found: list[int] = []
        for block, start, stop, seq in self.slices(self.all if positions is None else positions):
            base = seq - 1 - start
            modseqs = block.modseqs
            found.extend([base + index for index in range(start, stop) if modseqs[index] > modseq])
        return found

    @property
    def highestmodseq(self) -> int:
        """The largest modseq of an entry here; the folder's own may be larger (expunges). 0 when empty."""
        return max((max(block.modseqs) for block in self.blocks), default=0)

    @property
    def octets(self) -> int:
        """About what the snapshot's blocks take in memory, for a cache's budget (shared blocks count fully)."""
        return sum(41 * len(block.uids) + 700 + 120 * len(block.keywords) for block in self.blocks)

    # -- versions ----------------------------------------------------------------------------------------------------------------
    def apply(self, rows: Iterable[RowLike] = (), vanished: Iterable[int] = ()) -> "Snapshot":
        """The next version: `rows` (changed and new ones, whole, in any order) put in, `vanished` uids left out.

        Of an entry that was there only flags, keywords and modseq are taken.
        Blocks without a change are shared. A uid both in `rows` and `vanished` is left out; unknown vanished uids are ignored.
        """
        gone = set(vanished)
        put = {row[0]: row for row in rows if row[0] not in gone}
        if not put and not gone:
            return self
        last = self.last_uid
        new = sorted([row for uid, row in put.items() if uid > last])
        touched: dict[int, list[RowLike]] = {}
        lost: dict[int, set[int]] = {}
        lasts = self._lasts
        for uid, row in put.items():
            if uid <= last:
                touched.setdefault(bisect_left(lasts, uid), []).append(row)
        for uid in gone:
            if uid <= last:
                lost.setdefault(bisect_left(lasts, uid), set()).add(uid)
        blocks: list[Block] = []
        if touched or lost:
            for number, block in enumerate(self.blocks):
                if number in lost:
                    changed = _changed(block, touched[number]) if number in touched else block
                    _extend(blocks, _without(changed, lost[number]), block)
                elif number in touched:
                    _extend(blocks, _changed(block, touched[number]), block)
                else:
                    blocks.append(block)
        else:
            blocks.extend(self.blocks)
        if new:
            _append_rows(blocks, new)
        return Snapshot(tuple(blocks))


def _joined(ranges: Iterable[tuple[int, int]]) -> Positions:
    joined: list[tuple[int, int]] = []
    for start, stop in ranges:
        if stop <= start:
            continue
        if joined and start <= joined[-1][1]:
            if stop > joined[-1][1]:
                joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return tuple(joined)


def _changed(block: Block, rows: Iterable[RowLike]) -> Block:
    """The block with flags, keywords and modseq of some rows replaced, and rows it did not have put between.

    The block may come out larger than BLOCK. Message id, date and size of an entry never change: those columns are shared."""
    flags = bytearray(block.flags)
    modseqs = block.modseqs[:]
    keywords = dict(block.keywords)
    strange: list[RowLike] = []
    uids = block.uids
    for row in rows:
        index = bisect_left(uids, row[0])
        if index == len(uids) or uids[index] != row[0]:
            strange.append(row)
            continue
        flags[index] = row[1]
        modseqs[index] = row[3]
        if row[2]:
            keywords[index] = tuple(row[2])
        else:
            keywords.pop(index, None)
    changed = Block(uids, bytes(flags), modseqs, block.message_ids, block.dates, block.sizes, keywords)
    if not strange:
        return changed
    return make_block(sorted([*changed.rows(), *strange]))


def _without(block: Block, lost: Collection[int]) -> Block | None:
    """The block without some uids; None when nothing is left."""
    kept = [uid not in lost for uid in block.uids]
    if all(kept):
        return block
    if not any(kept):
        return None
    keywords = block.keywords
    if keywords:
        places = [index for index, keep in enumerate(kept) if keep]
        keywords = {now: keywords[before] for now, before in enumerate(places) if before in keywords}
    return Block(
        array("I", compress(block.uids, kept)),
        bytes(compress(block.flags, kept)),
        array("Q", compress(block.modseqs, kept)),
        array("Q", compress(block.message_ids, kept)),
        array("q", compress(block.dates, kept)),
        array("Q", compress(block.sizes, kept)),
        keywords,
    )


def _extend(blocks: list[Block], block: Block | None, original: Block) -> None:
    """A rewritten block: as it is, joined to the one before when small, cut when too large."""
    if block is None:
        return
    size = len(block)
    if size > BLOCK:
        rows = block.rows()
        pieces = -(-size // BLOCK)
        length = -(-size // pieces)
        blocks.extend(make_block(rows[start : start + length]) for start in range(0, size, length))
    elif size < _SMALL and size < len(original) and blocks and len(blocks[-1]) + size <= BLOCK:
        blocks[-1] = _appended(blocks[-1], block.rows())
    else:
        blocks.append(block)


def _append_rows(blocks: list[Block], rows: Sequence[RowLike]) -> None:
    """New rows behind everything."""
    if blocks and len(blocks[-1]) < BLOCK:
        room = BLOCK - len(blocks[-1])
        blocks[-1] = _appended(blocks[-1], rows[:room])
        rows = rows[room:]
    blocks.extend(make_block(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK))
