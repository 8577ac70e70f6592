"""Command lines end at CRLF and at nothing else (RFC 5321 §2.3.8)."""

from __future__ import annotations

import pytest

from protocols.smtp.wire.lines import BadLine, Lines
from tests.wire.smtp.ways import same_all_ways

BARE, LONG = BadLine.BARE, BadLine.LONG


def lines(data: bytes, limit: int = 20) -> list[bytes | BadLine]:
    def run(chunks: list[bytes]) -> list[bytes | BadLine]:
        reader, out = Lines(limit), []
        for chunk in chunks:
            reader.feed(chunk)
            while (line := reader.next()) is not None:
                out.append(line)
        return out

    return same_all_ways(data, run)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"EHLO a\r\n", [b"EHLO a"]),
        (b"A\r\nB\r\nC", [b"A", b"B"]),
        (b"\r\n", [b""]),
        (b"A\nB\r\nC\r\n", [BARE, b"C"]),
        (b"A\n\r\nC\r\n", [BARE, b"C"]),
        (b"A\n\nQUIT\nQUIT\r\nC\r\n", [BARE, b"C"]),
        (b"A\rB\r\nC\r\n", [BARE, b"C"]),
        (b"A\r\r\nC\r\n", [BARE, b"C"]),
        (b"\nC\r\nD\r\n", [BARE, b"D"]),
        (b"x" * 20 + b"\r\nC\r\n", [b"x" * 20, b"C"]),
        (b"x" * 21 + b"\r\nC\r\n", [LONG, b"C"]),
        (b"x" * 90 + b"\n" + b"y" * 30 + b"\r\nC\r\n", [LONG, b"C"]),
    ],
)
def test_cut(data: bytes, expected: list[bytes | BadLine]) -> None:
    assert lines(data) == expected


def test_a_line_without_end_takes_no_memory() -> None:
    reader = Lines(100)
    reader.feed(b"x" * 101)
    assert reader.next() is None
    reader.feed(b"xx")
    assert reader.next() is LONG
    for _ in range(100):
        reader.feed(b"x" * 10_000)
        assert reader.next() is None
        assert len(reader) <= 1
    reader.feed(b"\r\nQUIT\r\n")
    assert reader.next() == b"QUIT"


def test_the_rest_belongs_to_the_message() -> None:
    reader = Lines()
    reader.feed(b"DATA\r\nSubject: x\r\n.\r\nQUIT\r\n")
    assert reader.next() == b"DATA"
    assert reader.take() == b"Subject: x\r\n.\r\nQUIT\r\n"
    assert len(reader) == 0
    assert reader.next() is None


def test_dropped_before_tls() -> None:
    reader = Lines()
    reader.feed(b"STARTTLS\r\nMAIL FROM:<injected@evil.test>\r\nRC")
    assert reader.next() == b"STARTTLS"
    reader.drop()
    reader.feed(b"EHLO again\r\n")
    assert reader.next() == b"EHLO again"
    assert reader.next() is None
