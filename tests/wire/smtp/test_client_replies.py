"""Replies as servers really write them, whole or in pieces, and what is no reply (RFC 5321 §4.2.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.smtp.wire.client_extensions import Offered, offered
from protocols.smtp.wire.client_replies import MOST_LINE, MOST_OCTETS, BadReply, ClientReply, ReplyReader
from tests.wire.smtp.ways import same_all_ways


def replies(data: bytes) -> list[ClientReply]:
    def run(chunks: list[bytes]) -> list[ClientReply]:
        reader, found = ReplyReader(), []
        for chunk in chunks:
            reader.feed(chunk)
            while (reply := reader.next()) is not None:
                found.append(reply)
        assert reader.is_empty
        return found

    return same_all_ways(data, run)


@pytest.mark.parametrize(
    ("wire", "code", "enhanced", "lines"),
    [
        (b"220 mx.test ESMTP\r\n", 220, "", ("mx.test ESMTP",)),
        (b"250\r\n", 250, "", ("",)),
        (b"250 \r\n", 250, "", ("",)),
        (b"250 OK\n", 250, "", ("OK",)),
        (b"250 2.1.0 Sender OK\r\n", 250, "2.1.0", ("Sender OK",)),
        (b"550 5.1.1\r\n", 550, "5.1.1", ("",)),
        (b"550-5.1.1 No such user\r\n550 5.1.1 here\r\n", 550, "5.1.1", ("No such user", "here")),
        (b"550-No such user\r\n550 5.1.1 here\r\n", 550, "5.1.1", ("No such user", "here")),
        (b"550 2.1.1 contradicts itself\r\n", 550, "", ("2.1.1 contradicts itself",)),
        (b"550 5.1.1000 is none\r\n", 550, "", ("5.1.1000 is none",)),
        (b"450-4.2.0 a\r\n550 b\r\n", 550, "", ("a", "b")),
        (b"451 caf\xc3\xa9 \xff \x1b[31m\r\n", 451, "", ("café ? ?[31m",)),
        (b"354 go\r\n", 354, "", ("go",)),
    ],
)
def test_forms(wire: bytes, code: int, enhanced: str, lines: tuple[str, ...]) -> None:
    assert replies(wire) == [ClientReply(code, enhanced, lines)]


def test_several_in_one_piece() -> None:
    assert [r.code for r in replies(b"250 a\r\n250-b\r\n250 c\r\n354 d\r\n")] == [250, 250, 354]


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x03\x00\x02\x02\x46\n",
        b"\r\n",
        b"25 OK\r\n",
        b"2500 OK\r\n",
        b"199 early\r\n",
        b"650 late\r\n",
        b"250_OK\r\n",
        b"\xb2\xb5\xb0 OK\r\n",
        b" 250 OK\r\n",
        b"220 " + b"x" * MOST_LINE + b"\r\n",
        b"x" * (MOST_LINE + 1),
        b"250-x\r\n" * 300,
        (b"250-" + b"x" * 4000 + b"\r\n") * 20,
        (b"250 " + b"x" * 4000 + b"\r\n") * 20,
    ],
)
def test_no_reply(wire: bytes) -> None:
    with pytest.raises(BadReply):
        ReplyReader().feed(wire)


def test_words_are_short_and_printable() -> None:
    (reply,) = replies(b"550-5.7.1 " + b"a" * 400 + b"\r\n550 5.7.1 \x00" + b"b" * 400 + b"\r\n")
    assert len(reply.words) == 500
    assert reply.words.startswith("550 5.7.1 aaa")
    assert reply.words.isprintable()


@given(st.lists(st.binary(max_size=600), max_size=40))
def test_memory_stays_bounded_whatever_comes(pieces: list[bytes]) -> None:
    reader = ReplyReader()
    try:
        for piece in pieces:
            reader.feed(piece)
    except BadReply:
        return
    kept = len(reader._buffer) + sum(len(line) for line in reader._lines)
    assert kept <= MOST_OCTETS + MOST_LINE


@given(st.lists(st.sampled_from([b"250 ", b"250-", b"5.1.1 ", b"x", b"\r", b"\n", b"\r\n", b"999", b"354"]), max_size=14))
def test_pieces_do_not_matter(parts: list[bytes]) -> None:
    def run(chunks: list[bytes]) -> object:
        reader = ReplyReader()
        found: list[object] = []
        try:
            for chunk in chunks:
                reader.feed(chunk)
        except BadReply as error:
            found.append(str(error))
        return [*iter(reader.next, None), *found]

    same_all_ways(b"".join(parts), run)


def ehlo(*lines: str) -> Offered:
    return offered(ClientReply(250, "", ("mx.test", *lines)))


def test_extensions() -> None:
    assert ehlo() == Offered()
    assert ehlo("pipelining", "8BITMIME", "SMTPUTF8", "DSN", "STARTTLS", "SIZE 1000", "AUTH PLAIN login", "X-OWN a b") == Offered(
        pipelining=True,
        eight_bit=True,
        smtputf8=True,
        dsn=True,
        starttls=True,
        announces_size=True,
        size=1000,
        auth=frozenset({"PLAIN", "LOGIN"}),
    )


@pytest.mark.parametrize("line", ["SIZE", "SIZE 0", "SIZE many", "SIZE -1", "SIZE ٣", "SIZE " + "9" * 30])
def test_no_size_is_no_limit(line: str) -> None:
    assert (ehlo(line).announces_size, ehlo(line).size) == (True, None)


def test_old_ways_to_say_auth() -> None:
    assert ehlo("AUTH=LOGIN PLAIN", "AUTH CRAM-MD5").auth == {"LOGIN", "PLAIN", "CRAM-MD5"}


def test_a_line_of_blanks_is_no_extension() -> None:
    assert ehlo("", "   ") == Offered()
