"""Command lines out of a byte stream: they end at CRLF and at nothing else (RFC 5321 §2.3.8).

A line with a bare LF or CR in it, or longer than the limit, is *one* bad line up to its CRLF. It is reported as soon as
it is seen to be bad and the rest of it is swallowed, however it arrives: nothing behind a bare LF is ever taken for a
command (SMTP smuggling), and a line without end takes no memory.
"""

from __future__ import annotations

from enum import StrEnum


class BadLine(StrEnum):
    """What is wrong with a line."""

    BARE = "bare CR or LF"
    LONG = "line too long"


class Lines:
    """A buffer of what was received. Feed it, then call `next` until it gives None.

    limit: octets of a command line without its CRLF. RFC 5321 §4.5.3.1.4 wants 510 and extensions more.
    """

    __slots__ = ("_at", "_buffer", "_limit", "_skipping")

    def __init__(self, limit: int = 4096) -> None:
        self._buffer = b""
        self._at = 0
        self._limit = limit
        self._skipping = False

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0

    def next(self) -> bytes | BadLine | None:
        """The next line without its CRLF, what is wrong with it, or None: more bytes are needed."""
        buffer, at = self._buffer, self._at
        if self._skipping:
            end = buffer.find(b"\r\n", at)
            if end < 0:
                self._buffer, self._at = (b"\r" if buffer.endswith(b"\r") else b""), 0
                return None
            self._skipping = False
            self._at = at = end + 2
        end = buffer.find(b"\n", at, at + self._limit + 2)
        if end < 0:
            if len(buffer) - at < self._limit + 2:
                return None
            return self._bad(at, BadLine.LONG)
        if end == at or buffer[end - 1] != 13:
            return self._bad(end + 1, BadLine.BARE)
        line = buffer[at : end - 1]
        self._at = end + 1
        return BadLine.BARE if b"\r" in line else line

    def take(self) -> bytes:
        """All that is left, which is no command (message data follows); the buffer is empty then."""
        rest = self._buffer[self._at :]
        self._buffer, self._at = b"", 0
        return rest

    def drop(self) -> None:
        """Forget what is left: it came before a TLS handshake (RFC 3207 §4.2)."""
        self._buffer, self._at, self._skipping = b"", 0, False

    def __len__(self) -> int:
        return len(self._buffer) - self._at

    def _bad(self, at: int, why: BadLine) -> BadLine:
        self._at = at
        self._skipping = True
        return why
