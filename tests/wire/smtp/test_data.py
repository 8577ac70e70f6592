r"""The end of data is CRLF.CRLF and nothing that looks like it (RFC 5321 §4.5.2, §2.3.8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.smtp.wire.data import DataDecoder, Flaw, stuffed
from tests.wire.smtp.ways import same_all_ways

Result = tuple[bytes, bytes, bool, Flaw | None]


def decoded(data: bytes, limit: int = 1000) -> Result:
    def run(chunks: list[bytes]) -> Result:
        decoder, out, rest = DataDecoder(limit), b"", b""
        for chunk in chunks:
            if decoder.ended:
                rest += chunk
                continue
            out += decoder.feed(chunk)
            rest += decoder.rest
        return out, rest, decoder.ended, decoder.flaw

    return same_all_ways(data, run)


@pytest.mark.parametrize(
    ("wire", "message", "rest"),
    [
        (b".\r\n", b"", b""),
        (b"\r\n.\r\n", b"\r\n", b""),
        (b"a\r\n.\r\n", b"a\r\n", b""),
        (b"a\r\n.\r\nQUIT\r\n", b"a\r\n", b"QUIT\r\n"),
        (b"..\r\n.\r\n", b".\r\n", b""),
        (b"..a\r\n...\r\nb.\r\n.\r\n.\r\n", b".a\r\n..\r\nb.\r\n", b".\r\n"),
        (b".a\r\n.\r\n", b"a\r\n", b""),  # RFC 5321 §4.5.2: a first dot is deleted whatever follows
        (b"a\r\n\r\n\r\n.\r\n\r\n.\r\n", b"a\r\n\r\n\r\n", b"\r\n.\r\n"),
    ],
)
def test_dots(wire: bytes, message: bytes, rest: bytes) -> None:
    assert decoded(wire) == (message, rest, True, None)


@pytest.mark.parametrize(
    "smuggled",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r\n.\r",
        b"\n.\r",
        b"\r.\r\n",
        b"\r.\n",
        b"\n\n.\r\n",
        b"\r\r\n.\n",
        b"\n..\r\n",
    ],
)
def test_smuggling_is_no_end(smuggled: bytes) -> None:
    """SEC Consult 2023, CVE-2023-51764, -51765, -51766: each of these ended the data of some server."""
    inner = b"MAIL FROM:<x@evil.test>\r\n"
    message, rest, ended, flaw = decoded(b"a" + smuggled + inner + b"b\r\n.\r\nQUIT\r\n")
    assert ended
    assert rest == b"QUIT\r\n"
    assert flaw is Flaw.BARE
    assert inner in message


@pytest.mark.parametrize(
    "wire", [b"a\r\n\0.\r\n", b"a\r\n .\r\n", b"a\r\n.\0\r\n", b"a\r\n. \r\n", b"a.\r\n", b"", b"\r\n", b"\r\n."]
)
def test_no_end_yet(wire: bytes) -> None:
    _, rest, ended, flaw = decoded(wire)
    assert (rest, ended, flaw) == (b"", False, None)


def test_nul_and_high_octets_are_text() -> None:
    body = bytes(n for n in range(256) if n not in (10, 13)) + b"\r\n"
    assert decoded(stuffed(body)) == (body, b"", True, None)


@pytest.mark.parametrize(
    ("lengths", "flaw"),
    [
        ([10], None),
        ([11], Flaw.LONG),
        ([10, 10, 0, 10], None),
        ([3, 11, 3], Flaw.LONG),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], Flaw.LONG),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], None),
    ],
)
def test_line_limit(lengths: list[int], flaw: Flaw | None) -> None:
    message = b"".join(b"x" * n + b"\r\n" for n in lengths)
    kept, _, ended, found = decoded(message + b".\r\n", limit=10)
    assert (kept, ended, found) == (message, True, flaw)


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"", b"\r\n", b".\r\n", b"\x00", b"\xff"]), max_size=12))
def test_what_a_client_stuffs_comes_out(parts: list[bytes]) -> None:
    message = b"".join(parts)
    if message and not message.endswith(b"\r\n"):
        message += b"\r\n"
    assert decoded(stuffed(message)) == (message, b"", True, None)


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"a"]), max_size=10), st.integers(0, 9), st.integers(0, 9))
def test_any_chunking_is_the_same(octets: list[bytes], one: int, two: int) -> None:
    data = b"".join(octets)
    first, second = sorted((one, two))
    whole, pieces = DataDecoder(), DataDecoder()
    expected = whole.feed(data)
    got = b"".join(pieces.feed(chunk) for chunk in (data[:first], data[first:second], data[second:]) if not pieces.ended)
    assert pieces.ended == whole.ended
    assert got == expected
    assert pieces.flaw == whole.flaw
