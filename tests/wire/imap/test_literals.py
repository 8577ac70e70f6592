"""The framer: literals, limits, streaming, and being in step again after any nonsense. RFC 3501 §4.3, RFC 7888."""

import time

import pytest

from protocols.imap.wire import commands as c
from protocols.imap.wire.errors import TooBig
from protocols.imap.wire.flags import FLAGGED, NO_FLAGS, SEEN, Flags
from protocols.imap.wire.literals import Limits
from protocols.imap.wire.reader import AppendEnd, Bad, Continue, Offer, Reader
from protocols.imap.wire.responses import refusal
from tests.wire.imap.reading import NEXT, by_octet, drain, shape, three_ways, whole

SMALL = Limits(line=100, literals=50, discard=200)
NOOP = c.Noop(b"zz")


def append(size: int, sync: bool, flags: Flags = NO_FLAGS, index: int = 0) -> c.Append:
    return c.Append(b"a1", "INBOX", flags, None, c.LiteralRef(size, sync), index)


def test_an_append_is_offered_streamed_and_ended() -> None:
    offer = append(5, False, Flags(SEEN))
    found = three_ways(b"a1 APPEND INBOX (\\Seen) {5+}\r\na\r\n\0b\r\n")
    assert found == [Offer(offer), [b"a\r\n\0b", 0], AppendEnd(offer)]


def test_an_append_with_a_date_keeps_its_zone() -> None:
    event = whole(b'a1 APPEND "saved messages" () " 7-Feb-1994 21:52:25 -0800" {310}\r\n')[0]
    assert isinstance(event, Offer)
    moment = event.command.internal_date
    assert moment is not None
    assert moment.isoformat() == "1994-02-07T21:52:25-08:00"
    assert event.command.literal == c.LiteralRef(310, True)


def test_a_mailbox_given_as_a_literal_is_not_the_message() -> None:
    offer = append(2, True)
    found = three_ways(b"a1 APPEND {5+}\r\ninbox {2}\r\nab\r\n")
    assert found == [Offer(offer), [b"ab", 0], AppendEnd(offer)]
    assert three_ways(b"a1 APPEND {5}\r\ninbox {2}\r\nab\r\n") == [Continue(b"a1", "APPEND", 5), *found]


def test_chunks_come_as_the_octets_do() -> None:
    reader = Reader(Limits())
    reader.feed(b"a1 APPEND INBOX {10+}\r\n0123")
    assert isinstance(reader.next(), Offer)
    assert reader.next() is None  # an offer waits for its answer
    reader.accept()
    assert shape([reader.next()]) == [[b"0123", 6]]  # type: ignore[list-item]
    assert reader.next() is None
    assert reader.buffered == 0
    reader.feed(b"456789\r")
    assert shape([reader.next()]) == [[b"456789", 0]]  # type: ignore[list-item]
    assert reader.next() is None
    reader.feed(b"\n")
    assert isinstance(reader.next(), AppendEnd)


def test_a_refused_message_that_was_not_sent_leaves_nothing_behind() -> None:
    assert three_ways(b"a1 APPEND INBOX {5}\r\n", accept=False) == [Offer(append(5, True))]


def test_a_refused_message_that_comes_anyway_is_dropped() -> None:
    octets = b"a1 APPEND INBOX {9+}\r\nz NOOP\r\nx {3+}\r\n\r\nq\r\n"
    assert three_ways(octets, accept=False) == [Offer(append(9, False))]


def test_a_bad_append_is_refused_before_its_message() -> None:
    found = three_ways(b"a1 APPEND INBOX (\\Foo) {5+}\r\nhello\r\n")
    assert found == [("bad", b"a1", "BadSyntax", "a system flag that a client may set, or a keyword")]
    assert three_ways(b"a1 APPEND INBOX (\\Foo) {5}\r\n")[0][0] == "bad"  # type: ignore[index]


def test_what_follows_a_message_spoils_the_append() -> None:
    found = three_ways(b"a1 APPEND INBOX {2+}\r\nab (\\Seen)\r\n")
    assert found[-1] == ("bad", b"a1", "BadSyntax", "the end of the command after its message")


def test_one_message_only_unless_multiappend_is_on() -> None:
    octets = b"a1 APPEND INBOX {2+}\r\nab (\\Flagged) {1+}\r\nc\r\n"
    assert three_ways(octets)[-1] == ("bad", b"a1", "BadSyntax", "the end of the command")
    reader = Reader(Limits(), multiappend=True)
    reader.feed(octets + NEXT)
    events: list[object] = []
    drain(reader, events)  # type: ignore[arg-type]
    assert shape(events) == [  # type: ignore[arg-type]
        Offer(append(2, False)),
        [b"ab", 0],
        Offer(append(1, False, Flags(FLAGGED), 1)),
        [b"c", 0],
        AppendEnd(append(2, False)),
        NOOP,
    ]


def test_pipelined_commands_come_in_order() -> None:
    found = three_ways(b"a1 NOOP\r\na2 LOGIN {1+}\r\nx y\r\na3 bad\r\na4 NOOP\r\n")
    assert found[:2] == [c.Noop(b"a1"), c.Login(b"a2", "x", "y")]
    assert found[2][:2] == ("bad", b"a3")  # type: ignore[index]
    assert found[3] == c.Noop(b"a4")


@pytest.mark.parametrize(
    ("octets", "tag"),
    [
        (b"a1 NOOP\n", b"a1"),
        (b"\n", None),
        (b"a1 LOGIN {5+}\nhello x\r\n", b"a1"),
        (b"a1 APPEND INBOX {5+}\nhello\r\n", b"a1"),
    ],
)
def test_a_bare_lf_is_no_line_end_but_the_next_command_is_read(octets: bytes, tag: bytes | None) -> None:
    assert three_ways(octets) == [("bad", tag, "BadSyntax", "CRLF at the end of the line")]


def test_a_line_too_long_is_dropped_to_its_end() -> None:
    found = three_ways(b"a1 LOGIN " + b"x" * 5000 + b"\r\n", limits=SMALL)
    assert found == [("bad", b"a1", "TooBig", "a line of at most 100 octets")]


def test_a_line_too_long_that_ends_in_a_literal_drops_that_too() -> None:
    for pad in range(80, 125):
        octets = b"a1 LOGIN " + b"x" * pad + b" {8+}\r\nb NOOP\r\nrest\r\n"
        found = three_ways(octets, limits=SMALL)
        long_line = ("bad", b"a1", "TooBig", "a line of at most 100 octets")
        short_line = ("bad", b"a1", "BadSyntax", "the end of the command")
        assert found in ([long_line], [short_line]), pad


def test_a_command_cannot_grow_by_many_small_literals() -> None:
    reader = Reader(SMALL)
    bad = 0
    for _ in range(1000):
        reader.feed(b"a1 LOGIN {0+}\r\n" if not bad else b" {0+}\r\n")
        event = reader.next()
        bad += isinstance(event, Bad)
        assert reader.buffered < 250


def test_literals_too_large_together() -> None:
    refused = ("bad", b"a1", "TooBig", "literals of at most 50 octets")
    assert three_ways(b"a1 LOGIN {51}\r\n", limits=SMALL) == [refused]
    assert three_ways(b"a1 LOGIN {51+}\r\n" + b"x" * 51 + b" y\r\n", limits=SMALL) == [refused]
    assert three_ways(b"a1 LOGIN {30+}\r\n" + b"x" * 30 + b" {21+}\r\n" + b"y" * 21 + b"\r\n", limits=SMALL) == [refused]


def test_a_literal_too_large_to_drop_is_the_end() -> None:
    events = whole(b"a1 LOGIN {201+}\r\n" + b"x" * 500, limits=SMALL)
    assert [type(event) for event in events] == [Bad, Bad]
    assert events[1].fatal  # type: ignore[union-attr]
    assert refusal(events[1].error).startswith(b"* BYE [TOOBIG] ")  # type: ignore[union-attr]
    reader = Reader(SMALL)
    reader.feed(b"a1 LOGIN {99999999999999999999+}\r\n")
    drain(reader, [])
    reader.feed(NEXT)
    assert reader.next() is None
    assert reader.buffered == 0


def test_literal_minus() -> None:
    limits = Limits(nonsync=4096)
    assert three_ways(b"a1 LOGIN {4097+}\r\n" + b"x" * 4097 + b" y\r\n", limits=limits)[0][:3] == ("bad", b"a1", "TooBig")  # type: ignore[index]
    assert three_ways(b"a1 LOGIN {4096+}\r\n" + b"x" * 4096 + b" y\r\n", limits=limits) == [c.Login(b"a1", "x" * 4096, "y")]


def test_a_literal_asked_for_may_be_refused() -> None:
    reader = Reader(Limits())
    reader.feed(b"a1 LOGIN {5}\r\n")
    assert reader.next() == Continue(b"a1", "LOGIN", 5)
    reader.refuse()
    reader.feed(NEXT)
    assert reader.next() == NOOP


def test_a_brace_in_an_open_quote_announces_nothing() -> None:
    assert three_ways(b'a1 LOGIN "x {3}\r\n') == [("bad", b"a1", "BadSyntax", "a closing quote")]
    # What a non-synchronising one announces is not read as commands.
    assert three_ways(b'a1 LOGIN "x {9+}\r\nz LOGOUT\n\r\n') == [("bad", b"a1", "BadSyntax", "a closing quote")]
    assert three_ways(b'a1 LOGIN "x {3}" y\r\n') == [c.Login(b"a1", "x {3}", "y")]
    assert three_ways(b'a1 LOGIN "\\"" {1+}\r\ny\r\n') == [c.Login(b"a1", '"', "y")]


def test_lines_that_are_no_commands() -> None:
    reader = Reader(Limits())
    reader.feed(b"a1 IDLE\r\nDO")
    assert reader.next() == c.Idle(b"a1")
    assert reader.next_line() is None
    reader.feed(b"NE\r\nzz NOOP\r\n")
    assert reader.next_line() == b"DONE"
    assert reader.next() == NOOP
    reader.feed(b"x\n")
    assert isinstance(reader.next_line(), Bad)
    reader.feed(b"y" * 51)
    assert isinstance(reader.next_line(limit=49), Bad)
    reader.feed(b"yy\r\n\r\n")
    assert reader.next_line() == b""


def test_starttls_forgets_what_was_pipelined() -> None:
    reader = Reader(Limits())
    reader.feed(b"a1 STARTTLS\r\na2 LOGIN x y\r\na3 NO")
    assert reader.next() == c.StartTls(b"a1")
    reader.reset()
    assert reader.buffered == 0
    assert reader.next() is None
    reader.feed(NEXT)
    assert reader.next() == NOOP


def test_too_big_is_said_in_words() -> None:
    assert refusal(TooBig(100, "a line of at most 100 octets", b"a1")).startswith(b"a1 NO [TOOBIG] expected a line of")


def test_a_long_line_octet_by_octet_is_not_quadratic() -> None:
    octets = b"a1 LOGIN x " + b"y" * 60_000 + b"\r\n"
    start = time.perf_counter()
    assert len(by_octet(octets)) == 1
    assert time.perf_counter() - start < 2


def test_a_flood_of_pipelined_commands_is_not_quadratic() -> None:
    start = time.perf_counter()
    assert len(whole(b"a NOOP\r\n" * 50_000)) == 50_000
    assert time.perf_counter() - start < 5
