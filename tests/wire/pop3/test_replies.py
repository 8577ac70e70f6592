"""Replies, byte stuffing and sizes: RFC 1939 §3, RFC 2449 §8, RFC 3206."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pop3.wire import replies
from protocols.pop3.wire.capabilities import capabilities
from protocols.pop3.wire.replies import Code, Stuffing

MESSAGES = st.lists(st.sampled_from([b"a", b".", b"..", b"\r\n", b"\n", b"\r", b"\r\n.\r\n", b"text", b"\xff"]), max_size=12).map(
    b"".join
)


def received(answer: bytes) -> bytes:
    """What a client makes of a multi-line answer's rest, by the letter of RFC 1939 §3."""
    lines = answer.split(b"\r\n")
    assert lines[-2:] == [b".", b""], answer
    assert all(line[:1] != b"." or line[:2] == b".." for line in lines[:-2])
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines[:-2])


def expected(content: bytes) -> bytes:
    sent = re.sub(rb"(?<!\r)\n", b"\r\n", content)
    return sent if sent.endswith(b"\r\n") or not sent else sent + b"\r\n"


@given(MESSAGES)
def test_a_message_comes_whole_with_crlf(content: bytes) -> None:
    assert received(replies.whole(content)) == expected(content)


@given(MESSAGES)
def test_its_size_is_what_comes(content: bytes) -> None:
    grown = replies.missing_octets(content.count(b"\n"), content.count(b"\r\n"), ended=not content or content.endswith(b"\n"))
    assert len(content) + grown == len(expected(content))


@given(MESSAGES, st.lists(st.integers(1, 6), max_size=10))
def test_pieces_are_the_whole(content: bytes, cuts: list[int]) -> None:
    stuffing, sent, at = Stuffing(), b"", 0
    for cut in [*cuts, len(content)]:
        sent += stuffing.piece(content[at : at + cut])
        at += cut
    assert sent + stuffing.end() == replies.whole(content)


@pytest.mark.parametrize(
    ("content", "lines", "wanted"),
    [
        (b"A: b\r\n\r\none\r\ntwo\r\n", 0, b"A: b\r\n\r\n"),
        (b"A: b\r\n\r\none\r\ntwo\r\n", 1, b"A: b\r\n\r\none\r\n"),
        (b"A: b\r\n\r\none\r\ntwo\r\n", 9, b"A: b\r\n\r\none\r\ntwo\r\n"),
        (b"A: b\n\none\n", 0, b"A: b\n\n"),
        (b"A: b\r\n", 3, b"A: b\r\n"),
        (b"\r\nbody\r\n", 0, b"\r\n"),
        (b"", 1, b""),
    ],
)
def test_top(content: bytes, lines: int, wanted: bytes) -> None:
    assert replies.top(content, lines) == wanted


def test_one_answer_is_one_line() -> None:
    assert replies.err("a\r\n+OK b", Code.IN_USE) == b"-ERR [IN-USE] a  +OK b\r\n"
    assert replies.ok() == b"+OK\r\n"
    assert len(replies.ok("x" * 2000)) < 512  # RFC 2449 §4
    assert replies.challenge(b"") == b"+ \r\n"


def test_capabilities() -> None:
    clear = capabilities(mechanisms=("SCRAM-SHA-256",), user=False, stls=True)
    assert "STLS" in clear and "USER" not in clear and "SASL SCRAM-SHA-256" in clear
    inside = capabilities(mechanisms=("SCRAM-SHA-256", "PLAIN"), user=True, stls=False, login_delay=60)
    assert {"USER", "SASL SCRAM-SHA-256 PLAIN", "LOGIN-DELAY 60", "EXPIRE NEVER", "UTF8 USER", "LANG"} <= set(inside)
    assert "STLS" not in inside
    assert all(re.fullmatch(r"[!-~]+( [!-~]+)*", line) for line in clear + inside)  # RFC 2449 §5


@given(st.lists(st.sampled_from([b"\n", b"\r\n", b"\r", b"a", b"\n\n"]), max_size=12), st.lists(st.integers(1, 4), max_size=30))
def test_the_end_of_a_header_is_found_piece_by_piece(words: list[bytes], sizes: list[int]) -> None:
    content, held, end = b"".join(words), b"", 0
    for size in [*sizes, len(content)]:
        before, held = len(held), content[: len(held) + size]
        end = replies.header_end(held, max(before - 3, 0))
        if end < len(held):
            break
    assert end == replies.header_end(content)
