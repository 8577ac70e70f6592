"""What one session's client believes about its folder: sequence numbers, pending updates, \\Recent. RFC 3501 §7.3, §7.4.1.

A View holds the version its client knows (`known`, a Snapshot). `update` takes the folder's present version and says what to tell
the client; entries expunged meanwhile stay in `known`, at their sequence numbers, until an update may expunge. Without such
leftovers `known` *is* the shared snapshot; with them, only the blocks touched are the session's own. Pure.

Invariant (tests check it against a list): a client that applies the updates in the order they are rendered (expunges, EXISTS,
RECENT, flags) has exactly `known`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.sequence_sets import SequenceSet, compact
from protocols.imap.wire.snapshot import Block, Positions, Row, Snapshot


@dataclass(frozen=True, slots=True)
class Updates:
    """What to tell the client, in the order of the fields.

    `expunged`: sequence numbers, largest first, so each is true when it is read; `vanished`: the same entries as uid ranges.
    `exists`, `recent`: new counts, or None. `changed`: positions in the updated view whose flags (or modseq) changed.
    """

    expunged: Sequence[int] = ()
    vanished: Sequence[tuple[int, int]] = ()
    exists: int | None = None
    recent: int | None = None
    changed: Sequence[int] = ()

    def __bool__(self) -> bool:
        return bool(self.expunged) or self.exists is not None or bool(self.changed)


NOTHING = Updates()


class OutOfOrder(ValueError):
    """A uid appeared below ones the client knows, which uids never do: the session must end (BYE)."""


class View:
    """See the module. `recent`: uid ranges (first, last) that are \\Recent for this session; last None: from there on."""

    __slots__ = ("_base", "_recent", "known", "leftover")

    def __init__(self, snapshot: Snapshot, *, recent: Iterable[tuple[int, int]] = ()) -> None:
        self.known = snapshot
        self._base = snapshot
        self._recent: list[tuple[int, int]] = [pair for pair in recent if pair[0] <= pair[1]]
        self.leftover = 0
        """How many entries in `known` are expunged already and not yet told."""

    @property
    def pending(self) -> bool:
        """Whether an update that may expunge has something to tell even without news."""
        return self.leftover > 0

    # -- numbers -----------------------------------------------------------------------------------------------------------------
    def positions(self, numbers: SequenceSet, *, by_uid: bool) -> Positions:
        """Positions in `known` of what the client named.

        Unknown uids fall out (RFC 3501 §6.4.8); sequence numbers beyond the last raise BadSyntax (RFC 3501 §9 seq-number: the
        server answers BAD), but in an empty folder `*` is just nothing.
        """
        known = self.known
        if by_uid:
            return known.positions_by_uid(numbers.resolve(known.last_uid))
        count = known.count
        ranges = numbers.resolve(count)
        if ranges and ranges[-1][1] > count and not (count == 0 and numbers.has_star):
            raise BadSyntax(0, f"sequence numbers up to {count}")
        return known.positions_by_seq(ranges)

    def is_recent(self, uid: int) -> bool:
        """Whether the entry is \\Recent here."""
        return any(first <= uid <= last for first, last in self._recent)

    @property
    def any_recent(self) -> bool:
        """Whether anything ever was \\Recent here (a cheap way round `is_recent`)."""
        return bool(self._recent)

    def recent_count(self) -> int:
        """How many entries of `known` are \\Recent here."""
        before = self.known.before
        return sum(before(last + 1) - before(first) for first, last in self._recent)

    # -- updates -----------------------------------------------------------------------------------------------------------------
    def acknowledge(self, rows: Iterable[tuple[int, int, tuple[int, ...], int, int, int, int]]) -> None:
        """What the session itself changed and has told (or, .SILENT, need not tell): no update will repeat it."""
        mine = [row for row in rows if self.known.position_of(row[0]) is not None]
        self.known = self.known.apply(mine)

    def update(
        self, present: Snapshot, *, allow_expunge: bool, recent: Iterable[tuple[int, int]] = (), announce_recent: bool = True
    ) -> Updates:
        """Move the client to the folder's `present` version, which must not be older than the last one given.

        `allow_expunge`: machine.may_expunge of the command in progress. `recent`: uid ranges newly \\Recent for this session.
        Raises OutOfOrder.
        """
        self._recent += [pair for pair in recent if pair[0] <= pair[1]]
        known = self.known
        if present is known or (present is self._base and not (allow_expunge and self.leftover)):
            self._base = present
            return NOTHING
        gone, added, changed, newer_here = _compare(known, present)
        if added and known.count and added[0] < known.last_uid:
            raise OutOfOrder(f"uid {added[0]} appeared below {known.last_uid}")
        keep: list[Row] = newer_here
        expunged: list[int] = []
        if gone and not allow_expunge:
            keep = keep + gone
            self.leftover = len(gone)
        else:
            self.leftover = 0
            expunged = [known.before(row.uid) + 1 for row in reversed(gone)]
        self._base = present
        self.known = present.apply(keep) if keep else present
        seq_of = self.known.position_of
        return Updates(
            expunged=expunged,
            vanished=compact([row.uid for row in gone]) if expunged else (),
            exists=self.known.count if added else None,
            recent=self.recent_count() if added and announce_recent else None,
            changed=[position for position in map(seq_of, changed) if position is not None],
        )

    def diff(self, present: Snapshot, allow_expunge: bool) -> Updates:
        """`update` in its plain form."""
        return self.update(present, allow_expunge=allow_expunge)


def _compare(old: Snapshot, new: Snapshot) -> tuple[list[Row], list[int], list[int], list[Row]]:
    """Rows gone, uids added, uids changed (all in uid order), and rows that are newer in `old`; blocks not shared only."""
    shared = {id(block) for block in old.blocks} & {id(block) for block in new.blocks}
    old_blocks = [block for block in old.blocks if id(block) not in shared]
    new_blocks = [block for block in new.blocks if id(block) not in shared]
    changed: list[int] = []
    newer: list[Row] = []
    by_uids = {id(block.uids): block for block in old_blocks}
    paired: set[int] = set()
    rest: list[Block] = []
    for block in new_blocks:
        twin = by_uids.get(id(block.uids))  # only flags changed: the column of uids is shared
        if twin is None:
            rest.append(block)
            continue
        paired.add(id(twin))
        _compare_twins(twin, block, changed, newer)
    before = {uid: (block, index) for block in old_blocks if id(block) not in paired for index, uid in enumerate(block.uids)}
    added: list[int] = []
    for block in rest:
        modseqs = block.modseqs
        for index, uid in enumerate(block.uids):
            known = before.pop(uid, None)
            if known is None:
                added.append(uid)
            elif known[0].modseqs[known[1]] < modseqs[index]:
                changed.append(uid)
            elif known[0].modseqs[known[1]] > modseqs[index]:
                newer.append(known[0].row(known[1]))
    gone = [block.row(index) for block, index in before.values()]
    changed.sort()
    return gone, added, changed, newer


def _compare_twins(old: Block, new: Block, changed: list[int], newer: list[Row]) -> None:
    if old.modseqs == new.modseqs:
        return
    for index, (before, after) in enumerate(zip(old.modseqs, new.modseqs, strict=True)):
        if before < after:
            changed.append(new.uids[index])
        elif before > after:
            newer.append(old.row(index))
