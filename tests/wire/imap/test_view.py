"""A session's view: what it is told, when, and in which order. RFC 3501 §7.3, §7.4.1."""

import pytest

from protocols.imap.wire.fetch_lines import FlagWriter, updates
from protocols.imap.wire.flags import DELETED, SEEN
from protocols.imap.wire.snapshot import Row, Snapshot
from protocols.imap.wire.view import NOTHING, OutOfOrder, View
from tests.wire.imap.test_snapshot import folder, row, uids

WRITER = FlagWriter({1: "$Junk"})


def told(view: View, present: Snapshot, *, expunge: bool = True, modseq: bool = False, vanished: bool = False) -> bytes:
    news = view.update(present, allow_expunge=expunge)
    return updates(view, news, WRITER, modseq=modseq, vanished=vanished)


def test_nothing_new() -> None:
    one = folder(range(1, 5))
    view = View(one)
    assert view.update(one, allow_expunge=True) is NOTHING
    assert not NOTHING


def test_an_arrival() -> None:
    one = folder(range(1, 5))
    view = View(one)
    news = view.update(one.apply([row(9)]), allow_expunge=False, recent=((9, 9),))
    assert updates(view, news, WRITER) == b"* 5 EXISTS\r\n* 1 RECENT\r\n"
    assert view.is_recent(9)
    assert not view.is_recent(4)


def test_expunges_are_told_largest_first() -> None:
    one = folder(range(1, 7))
    assert told(View(one), one.apply((), [2, 3, 6])) == b"* 6 EXPUNGE\r\n* 3 EXPUNGE\r\n* 2 EXPUNGE\r\n"
    assert told(View(one), one.apply((), [2, 3, 6]), vanished=True) == b"* VANISHED 2:3,6\r\n"


def test_expunges_wait_and_sequence_numbers_stay() -> None:
    one = folder(range(1, 6))
    view = View(one)
    two = one.apply([row(6), row(5, 8, SEEN)], [2])
    assert told(view, two, expunge=False, modseq=True) == b"* 6 EXISTS\r\n* 0 RECENT\r\n* 5 FETCH (FLAGS (\\Seen) MODSEQ (8))\r\n"
    assert uids(view.known) == [1, 2, 3, 4, 5, 6]
    assert view.leftover == 1
    assert view.pending
    assert view.known.seq_of(5) == 5
    three = two.apply([row(7)], [4])
    assert told(view, three, expunge=False) == b"* 7 EXISTS\r\n* 0 RECENT\r\n"
    assert view.leftover == 2
    assert told(view, three) == b"* 4 EXPUNGE\r\n* 2 EXPUNGE\r\n"
    assert view.known is three
    assert told(view, three) == b""


def test_what_came_and_went_between_two_updates_is_not_told() -> None:
    one = folder([1, 2])
    view = View(one)
    assert told(view, one.apply([row(3)]).apply((), [3])) == b""


def test_arrivals_and_expunges_together() -> None:
    one = folder([1, 2, 3])
    view = View(one)
    assert told(view, one.apply([row(4), row(5)], [1, 2])) == b"* 2 EXPUNGE\r\n* 1 EXPUNGE\r\n* 3 EXISTS\r\n* 0 RECENT\r\n"


def test_own_changes_are_not_repeated() -> None:
    one = folder([1, 2, 3])
    view = View(one)
    mine = row(2, 7, SEEN)
    view.acknowledge([mine])
    assert view.known.row_of(2) == mine
    # An older version still on its way must not undo it,
    assert told(view, one.apply([row(3, 6, DELETED)])) == b"* 3 FETCH (FLAGS (\\Deleted))\r\n"
    assert view.known.row_of(2) == mine
    # and the version that has it says nothing more.
    present = one.apply([row(3, 6, DELETED), mine])
    assert told(view, present) == b""
    assert view.known is present


@pytest.mark.parametrize("expunge", [False, True])
def test_own_changes_survive_an_older_version_whatever_else_it_brings(expunge: bool) -> None:
    one = folder([1, 2, 3])
    view = View(one)
    mine = row(2, 7, SEEN)
    view.acknowledge([mine])
    told(view, one.apply([row(4, 5)], [1]), expunge=expunge)
    assert uids(view.known) == ([2, 3, 4] if expunge else [1, 2, 3, 4])
    assert view.known.row_of(2) == mine


def test_a_change_by_another_after_mine_is_told() -> None:
    one = folder([1, 2])
    view = View(one)
    view.acknowledge([row(2, 7, SEEN)])
    assert told(view, one.apply([row(2, 9, SEEN, (1,))])) == b"* 2 FETCH (FLAGS (\\Seen $Junk))\r\n"


def test_changes_of_what_is_expunged_are_not_told() -> None:
    one = folder([1, 2])
    view = View(one)
    two = one.apply([row(1, 5, DELETED)])
    assert told(view, two.apply((), [1]), expunge=False) == b""
    assert view.known.row_of(1) == row(1)


def test_recent_flags_are_the_sessions_own() -> None:
    one = folder([1, 2, 3])
    mine, other = View(one, recent=((2, 3),)), View(one)
    assert mine.recent_count() == 2
    assert other.recent_count() == 0
    two = one.apply([row(2, 5, SEEN)])
    assert told(mine, two) == b"* 2 FETCH (FLAGS (\\Seen \\Recent))\r\n"
    assert told(other, two) == b"* 2 FETCH (FLAGS (\\Seen))\r\n"
    assert told(mine, two.apply((), [3])) == b"* 3 EXPUNGE\r\n"
    assert mine.recent_count() == 1


def test_a_uid_that_returns_ends_the_session() -> None:
    one = folder([1, 2, 9])
    with pytest.raises(OutOfOrder):
        View(one).update(one.apply([row(5)]), allow_expunge=True)


def test_everything_goes() -> None:
    one = folder(range(1, 3001))
    view = View(one)
    assert told(view, Snapshot(), expunge=False) == b""
    assert view.known.count == 3000
    assert told(view, Snapshot()) == b"".join(b"* %d EXPUNGE\r\n" % seq for seq in range(3000, 0, -1))
    assert view.known.count == 0
    assert told(view, Snapshot().apply([Row(3001, 0, (), 9, 1, 1, 1)])) == b"* 1 EXISTS\r\n* 0 RECENT\r\n"
