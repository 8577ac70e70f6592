"""The message as a client sends it: what our own server reads is what was meant, however it was cut (RFC 5321 §4.5.2)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.smtp.wire.client_data import END, DotStuffer
from protocols.smtp.wire.data import DataDecoder
from tests.wire.smtp.ways import same_all_ways


def stuffed(message: bytes) -> bytes:
    def run(chunks: list[bytes]) -> bytes:
        stuffer = DotStuffer()
        return b"".join(stuffer.feed(chunk) for chunk in chunks) + stuffer.finish() + END

    return same_all_ways(message, run)


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"", b".\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b".", b"..\r\n.\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r\n..b\r\n", b"a\r\n...b\r\n.\r\n"),
        (b"a.b\r\n", b"a.b\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r\r\n.", b"a\r\n\r\n..\r\n.\r\n"),
        (b"a\r", b"a\r\n.\r\n"),
    ],
)
def test_dots_and_line_ends(message: bytes, wire: bytes) -> None:
    assert stuffed(message) == wire


PARTS = st.lists(st.sampled_from([b".", b"..", b"\r\n", b"\r", b"\n", b"x", b"\r\n.\r\n", b"\n.\n", b"\xff"]), max_size=12)


@given(PARTS)
def test_the_end_is_the_only_end(parts: list[bytes]) -> None:
    message = b"".join(parts)
    decoder = DataDecoder()
    got = decoder.feed(stuffed(message))
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    assert (decoder.ended, decoder.rest, decoder.flaw) == (True, b"", None)
    assert got == lines if lines.endswith(b"\r\n") or not lines else got == lines + b"\r\n"
