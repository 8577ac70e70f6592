"""A folder's shared snapshot: numbers, columns, versions that share their blocks."""

import pytest

from protocols.imap.wire import sequence_sets, snapshot
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.flags import FLAGGED, SEEN
from protocols.imap.wire.snapshot import BLOCK, Row, Snapshot
from protocols.imap.wire.view import View


def row(uid: int, modseq: int = 1, flags: int = 0, keywords: tuple[int, ...] = ()) -> Row:
    return Row(uid, flags, keywords, modseq, uid + 1000, 1_700_000_000 + uid, 500 + uid)


def folder(uids: range | list[int]) -> Snapshot:
    return Snapshot.build([row(uid) for uid in uids])


MANY = folder(range(2, 6002, 2))  # 3,000 entries in three blocks, uids 2, 4 … 6000


def uids(one: Snapshot) -> list[int]:
    return one.uids(one.all)


def test_an_empty_folder() -> None:
    empty = Snapshot()
    assert (empty.count, empty.last_uid, empty.all, uids(empty), empty.highestmodseq) == (0, 0, (), [], 0)
    assert empty.seq_of(1) is None
    assert empty.uid_of(1) is None
    assert empty.positions_by_uid(((1, 9),)) == ()
    with pytest.raises(IndexError):
        empty.row_at(0)
    grown = empty.apply([row(5), row(3)])
    assert uids(grown) == [3, 5]
    assert uids(grown.apply((), [3, 5])) == []


def test_sequence_numbers_and_uids() -> None:
    assert [len(block) for block in MANY.blocks] == [1024, 1024, 952]
    for seq in (1, 2, 1024, 1025, 2048, 2049, 3000):
        assert MANY.uid_of(seq) == 2 * seq
        assert MANY.seq_of(2 * seq) == seq
        assert MANY.seq_of(2 * seq + 1) is None
        assert MANY.row_at(seq - 1) == row(2 * seq)
    assert MANY.uid_of(0) is None
    assert MANY.uid_of(3001) is None
    assert MANY.row_of(7) is None
    assert MANY.row_of(8) == row(8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"1:*", [(0, 3000)]),
        (b"*", [(2999, 3000)]),
        (b"9000:*", [(2999, 3000)]),
        (b"1", []),
        (b"1:2", [(0, 1)]),
        (b"3:6,5:9,6000", [(1, 4), (2999, 3000)]),
        (b"6001:7000", []),
        (b"2,4,6,10", [(0, 3), (4, 5)]),
        (b"2047:2050", [(1023, 1025)]),
    ],
)
def test_uid_sets(text: bytes, expected: list[tuple[int, int]]) -> None:
    assert list(View(MANY).positions(sequence_sets.parse(text), by_uid=True)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"1:*", [(0, 3000)]), (b"*", [(2999, 3000)]), (b"5,1:2,3", [(0, 3), (4, 5)]), (b"3000", [(2999, 3000)])],
)
def test_sequence_sets(text: bytes, expected: list[tuple[int, int]]) -> None:
    assert list(View(MANY).positions(sequence_sets.parse(text), by_uid=False)) == expected


@pytest.mark.parametrize("text", [b"3001", b"1:3001", b"4000:*"])
def test_sequence_numbers_that_are_not_there_are_bad(text: bytes) -> None:
    with pytest.raises(BadSyntax, match="sequence numbers up to 3000"):
        View(MANY).positions(sequence_sets.parse(text), by_uid=False)


def test_sets_in_an_empty_folder() -> None:
    view = View(Snapshot())
    assert view.positions(sequence_sets.parse(b"1:*"), by_uid=False) == ()
    assert view.positions(sequence_sets.parse(b"1:*"), by_uid=True) == ()
    assert view.positions(sequence_sets.parse(b"*"), by_uid=False) == ()
    with pytest.raises(BadSyntax):
        view.positions(sequence_sets.parse(b"1"), by_uid=False)


def test_columns() -> None:
    some = ((1022, 1026), (2999, 3000))
    assert MANY.uids(some) == [2046, 2048, 2050, 2052, 6000]
    assert MANY.message_ids(some) == [3046, 3048, 3050, 3052, 7000]
    assert [seq for seq, _ in MANY.rows(some)] == [1023, 1024, 1025, 1026, 3000]
    assert [each.uid for _, each in MANY.rows(some)] == MANY.uids(some)
    flagged = MANY.apply([row(2048, 7, SEEN), row(2050, 8, SEEN | FLAGGED)])
    assert flagged.with_flag(SEEN) == [1023, 1024]
    assert flagged.with_flag(SEEN, positions=((1024, 2000),)) == [1024]
    assert flagged.with_flag(SEEN, present=False, positions=some) == [1022, 1025, 2999]
    assert flagged.changed_since(7) == [1024]
    assert flagged.changed_since(1) == [1023, 1024]
    assert flagged.highestmodseq == 8


def test_a_new_version_shares_what_it_did_not_touch() -> None:
    arrived = MANY.apply([row(6002)])
    assert [one is other for one, other in zip(arrived.blocks, MANY.blocks, strict=True)] == [True, True, False]
    changed = MANY.apply([row(2050, 9, SEEN, (4,))])
    assert [one is other for one, other in zip(changed.blocks, MANY.blocks, strict=True)] == [True, False, True]
    assert changed.blocks[1].uids is MANY.blocks[1].uids
    assert changed.row_of(2050) == row(2050, 9, SEEN, (4,))
    assert MANY.row_of(2050) == row(2050)
    gone = MANY.apply((), [4, 4001, 99999])
    assert [one is other for one, other in zip(gone.blocks, MANY.blocks, strict=True)] == [False, True, True]
    assert gone.count == 2999
    assert MANY.apply() is MANY


def test_what_is_changed_and_vanished_at_once_is_gone() -> None:
    assert uids(folder([1, 2, 3]).apply([row(2, 5, SEEN), row(9)], [2, 9])) == [1, 3]


def test_keywords_move_with_their_entries() -> None:
    one = Snapshot.build([row(uid, 1, 0, (uid,) if uid % 2 else ()) for uid in range(1, 11)])
    two = one.apply([row(3, 2), row(11, 2, 0, (11,))], [1, 4])
    assert [each.keywords for _, each in two.rows(two.all)] == [(), (), (5,), (), (7,), (), (9,), (), (11,)]


def test_blocks_neither_grow_nor_turn_to_dust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "BLOCK", 8)
    monkeypatch.setattr(snapshot, "_SMALL", 3)
    one = folder(range(1, 200))
    for uid in range(1, 190):
        one = one.apply((), [uid])
        assert all(0 < len(block) <= 8 for block in one.blocks)
    assert uids(one) == list(range(190, 200))
    one = one.apply([row(uid) for uid in range(100, 190)])
    assert all(0 < len(block) <= 8 for block in one.blocks)
    assert uids(one) == list(range(100, 200))


def test_blocks_stay_full_enough_when_mail_is_read_and_deleted() -> None:
    one = folder(range(1, 4097))
    one = one.apply((), [uid for uid in range(1, 4097) if uid % 8])
    assert one.count == 512
    assert len(one.blocks) <= 2
    assert BLOCK == 1024
