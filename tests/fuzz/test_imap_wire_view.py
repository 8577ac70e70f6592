"""A view against a client that only hears lines: whatever changes, and whenever it is told, both have the same list.

The model of the folder is a dict, the model of the client a list that applies EXPUNGE, EXISTS and FETCH as RFC 3501 §7 says.
"""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.imap.wire import snapshot
from protocols.imap.wire.fetch_items import Attribute
from protocols.imap.wire.fetch_lines import FlagWriter, lines, updates
from protocols.imap.wire.sequence_sets import SequenceSet
from protocols.imap.wire.snapshot import Row, Snapshot
from protocols.imap.wire.view import View

WRITER = FlagWriter({number: f"$k{number}" for number in range(4)})
LINE = re.compile(rb"\* (\d+) (EXPUNGE|EXISTS|RECENT|FETCH)(?: \(FLAGS (\([^)]*\))(?: MODSEQ \((\d+)\))?\))?")


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    """Blocks of 6, so that a handful of entries meets every edge."""
    before = snapshot.BLOCK, snapshot._SMALL
    snapshot.BLOCK, snapshot._SMALL = 6, 3
    yield
    snapshot.BLOCK, snapshot._SMALL = before


class Client:
    """What a naive client holds: per sequence number its flags (as written) and modseq; None for what it never fetched."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, int] | None] = []
        self.fetching = False

    def hear(self, octets: bytes) -> None:
        for line in octets.splitlines():
            match = LINE.fullmatch(line)
            assert match is not None, line
            number = int(match.group(1))
            match match.group(2):
                case b"EXPUNGE":
                    assert not self.fetching
                    assert 1 <= number <= len(self.seen)
                    del self.seen[number - 1]
                case b"EXISTS":
                    assert number > len(self.seen)  # RFC 3501 §7.3.1: only expunges shrink it
                    self.seen += [None] * (number - len(self.seen))
                case b"FETCH":
                    assert 1 <= number <= len(self.seen)
                    self.seen[number - 1] = (match.group(3), int(match.group(4)))
                case _:
                    assert number <= len(self.seen)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.integers(1, 9)),
        st.tuples(st.just("flag"), st.lists(st.integers(0, 40), min_size=1, max_size=6)),
        st.tuples(st.just("expunge"), st.lists(st.integers(0, 40), min_size=1, max_size=12)),
        st.tuples(st.just("all gone"), st.none()),
        st.tuples(st.just("tell"), st.booleans()),
        st.tuples(st.just("mine"), st.integers(0, 40)),
    ),
    max_size=25,
)


class Folder:
    """The truth: a dict of rows, and the snapshot made from it step by step."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.present = Snapshot()
        self.uidnext = 1
        self.modseq = 1

    def change(self, rows: list[Row], gone: list[int] | None = None) -> None:
        for row in rows:
            self.rows[row.uid] = row
        for uid in gone or ():
            self.rows.pop(uid, None)
        self.present = self.present.apply(rows, gone or ())
        assert [row for _, row in self.present.rows(self.present.all)] == [self.rows[uid] for uid in sorted(self.rows)]
        assert all(0 < len(block) <= snapshot.BLOCK for block in self.present.blocks)

    def arrive(self, count: int) -> None:
        rows = []
        for _ in range(count):
            self.uidnext += 1 + self.modseq % 3
            self.modseq += 1
            rows.append(Row(self.uidnext, self.modseq % 32, (), self.modseq, self.uidnext, 0, 1))
        self.change(rows)

    def flag(self, picks: list[int]) -> list[Row]:
        rows = {}
        uids = sorted(self.rows)
        for pick in picks:
            if uids:
                self.modseq += 1
                uid = uids[pick % len(uids)]
                keywords = (self.modseq % 4,) if self.modseq % 2 else ()
                rows[uid] = self.rows[uid]._replace(flags=self.modseq % 32, keywords=keywords, modseq=self.modseq)
        self.change(list(rows.values()))
        return list(rows.values())

    def expunge(self, picks: list[int]) -> None:
        uids = sorted(self.rows)
        self.modseq += 1
        self.change([], [uids[pick % len(uids)] for pick in picks] if uids else [])


def fetch_unknown(client: Client, view: View) -> None:
    """The client asks for what it does not know; the answers come from the view, so numbers must agree."""
    assert len(client.seen) == view.known.count
    unknown = [seq for seq, value in enumerate(client.seen, 1) if value is None]
    if unknown:
        positions = view.positions(SequenceSet(tuple((seq, seq) for seq in unknown)), by_uid=False)
        client.fetching = True
        client.hear(b"".join(lines(view, positions, (Attribute.FLAGS, Attribute.MODSEQ), WRITER)))
        client.fetching = False


def expected(one: Snapshot) -> list[tuple[bytes, int]]:
    return [(WRITER.text(row.flags, row.keywords).encode(), row.modseq) for _, row in one.rows(one.all)]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(st.integers(0, 20), ACTIONS)
def test_client_and_view_agree(start: int, actions: list[tuple[str, object]]) -> None:
    folder = Folder()
    folder.arrive(start)
    view = View(folder.present)
    client = Client()
    client.seen = [None] * view.known.count
    fetch_unknown(client, view)
    for action, argument in [*actions, ("tell", False), ("tell", True)]:
        match action:
            case "arrive":
                folder.arrive(argument)  # type: ignore[arg-type]
            case "flag":
                folder.flag(argument)  # type: ignore[arg-type]
            case "expunge":
                folder.expunge(argument)  # type: ignore[arg-type]
            case "all gone":
                folder.expunge(list(range(len(folder.rows))))
            case "mine":
                # A STORE of this session: the client is told by the command's own answer, not again by an update.
                for row in folder.flag([argument]):  # type: ignore[list-item]
                    seq = view.known.seq_of(row.uid)
                    if seq is not None and client.seen[seq - 1] is not None:
                        view.acknowledge([row])
                        client.seen[seq - 1] = (WRITER.text(row.flags, row.keywords).encode(), row.modseq)
            case _:
                allow = bool(argument)
                before = view.known.count
                news = view.update(folder.present, allow_expunge=allow)
                client.fetching = not allow
                client.hear(updates(view, news, WRITER, modseq=True))
                client.fetching = False
                assert len(news.expunged) == sum(last - first + 1 for first, last in news.vanished)
                fetch_unknown(client, view)
                assert client.seen == expected(view.known)
                if allow:
                    assert view.known is folder.present
                    assert view.leftover == 0
                else:
                    assert view.known.count >= before
                    assert view.known.count - view.leftover == folder.present.count
    assert client.seen == expected(folder.present)


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.lists(st.integers(1, 60), unique=True, max_size=30).map(sorted),
    st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), min_size=1, max_size=5),
)
def test_numbers_agree_with_a_list(uids: list[int], pairs: list[tuple[int, int]]) -> None:
    one = Snapshot.build([Row(uid, 0, (), 1, uid, 0, 1) for uid in uids])
    assert [one.uid_of(seq) for seq in range(1, len(uids) + 1)] == uids
    assert [one.seq_of(uid) for uid in range(62)] == [uids.index(uid) + 1 if uid in uids else None for uid in range(62)]
    assert [one.before(uid) for uid in range(62)] == [sum(each < uid for each in uids) for uid in range(62)]
    numbers = SequenceSet(tuple((low, high) if low and (not high or low <= high) else (high, low) for low, high in pairs))
    top = max(uids, default=0)
    wanted = set()
    for first, last in numbers.ranges:
        if top or (first and last):
            low, high = sorted((first or top, last or top))
            wanted |= {uid for uid in uids if low <= uid <= high}
    positions = View(one).positions(numbers, by_uid=True)
    assert one.uids(positions) == sorted(wanted)
    assert one.message_ids(positions) == sorted(wanted)
