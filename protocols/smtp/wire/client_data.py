r"""The message after 354, as a client sends it (RFC 5321 §4.5.2): dots doubled, CRLF at every line's end, piece by piece.

What was accepted by our doors has no bare CR or LF. Should a message of another origin have one, it leaves as CRLF: RFC
5321 §2.3.8 forbids to send it, and some server would find the end of data and a second message behind it (CVE-2023-51764
ff.).
"""

from __future__ import annotations

import re

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class DotStuffer:
    """Feed it the message's pieces, send what it gives, then `end`."""

    __slots__ = ("_at_line_start", "_held")

    def __init__(self) -> None:
        self._at_line_start = True
        self._held = False  # a CR whose LF may come in the next piece

    def feed(self, piece: bytes) -> bytes:
        """Octets to send."""
        if self._held:
            piece = b"\r" + piece
            self._held = False
        if piece.endswith(b"\r"):
            self._held = True
            piece = piece[:-1]
        if not piece:
            return b""
        rest = piece.replace(b"\r\n", b"")
        if b"\n" in rest or b"\r" in rest:
            piece = _BARE.sub(b"\r\n", piece)
        out = piece.replace(b"\n.", b"\n..") if b"\n." in piece else piece
        if self._at_line_start and out.startswith(b"."):
            out = b"." + out
        self._at_line_start = piece.endswith(b"\n")
        return out

    def finish(self) -> bytes:
        """What is still owed of the message, so that it ends with CRLF."""
        if self._held or not self._at_line_start:
            self._held = False
            self._at_line_start = True
            return b"\r\n"
        return b""


END = b".\r\n"
"""The final dot: what it follows ended with CRLF."""
