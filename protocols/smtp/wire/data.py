r"""The message after DATA: where it ends, and what the peer meant by its dots (RFC 5321 §4.5.2).

The end is CRLF "." CRLF, all five octets, and nothing that resembles it: `\n.\n`, `\n.\r\n`, `\r\n.\n`, `\r.\r` and the
rest of the family are message text, and a message that has a bare CR or LF is consumed to its true end and then refused
(RFC 5321 §2.3.8 forbids them; a next server that reads them otherwise would find a second message in it: CVE-2023-51764
ff.). So are lines beyond a generous limit. The octets kept are those the peer sent but for the stuffed dots.

Pure and streaming: whole blocks are searched with `find`, `count` and `replace`; only up to four octets wait for the
next block.
"""

from __future__ import annotations

from enum import StrEnum

_END = b"\r\n.\r\n"
_HOLDABLE = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")


class Flaw(StrEnum):
    """Why a message cannot be taken, though its end was found."""

    BARE = "bare CR or LF"
    LONG = "line too long"


class DataDecoder:
    """Feed it what follows the 354; it gives message octets until `ended`.

    line_limit: octets between two line ends. RFC 5321 §4.5.3.1.6 says 1,000; the world sends more.
    """

    __slots__ = ("_held", "_line_limit", "_open", "_start", "ended", "flaw", "rest")

    def __init__(self, line_limit: int = 1 << 20) -> None:
        self._held = b"\r\n"  # the CRLF of the DATA line: a first line of "." ends an empty message
        self._start = True
        self._line_limit = line_limit
        self._open = 0  # octets since the last line end given out
        self.ended = False
        self.flaw: Flaw | None = None
        self.rest = b""
        """What followed the end: commands."""

    def feed(self, data: bytes) -> bytes:
        """The message octets that are certain now. After the end, `ended` is set and `rest` holds what followed."""
        block = self._held + data
        end = block.find(_END)
        if end >= 0:
            self.ended = True
            self.rest = block[end + 5 :]
            self._held = b""
            block = block[: end + 2]
        else:
            self._held = b""
            for suffix in _HOLDABLE:
                if block.endswith(suffix):
                    self._held = suffix
                    block = block[: -len(suffix)]
                    break
        if not block:
            return b""
        if self.flaw is None:
            self._judge(block)
        if b"\r\n." in block:
            block = block.replace(b"\r\n.", b"\r\n")
        if self._start:
            self._start = False
            return block[2:]
        return block

    def _judge(self, block: bytes) -> None:
        """A block never ends inside CRLF, so its own counts tell."""
        text = block.replace(b"\r\n", b"")  # three times as fast as counting CRLF, CR and LF
        if b"\n" in text or b"\r" in text:
            self.flaw = Flaw.BARE
            return
        at, room, size = 0, self._line_limit - self._open, len(block)
        while size - at > room:  # hops from the last line end within the limit to the next
            found = block.rfind(b"\n", at, at + room + 2)  # the line's CRLF is not of its length
            if found < 0:
                self.flaw = Flaw.LONG
                return
            at, room = found + 1, self._line_limit
        last = block.rfind(b"\n")
        self._open = size - last - 1 if last >= 0 else self._open + size


def stuffed(message: bytes) -> bytes:
    """What a client sends for a message of CRLF lines, the end included."""
    body = message.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") or not body else b"\r\n.\r\n")
