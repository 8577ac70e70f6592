r"""What a server answers, as a client reads it (RFC 5321 §4.2.1, enhanced codes RFC 2034).

Generous in form, bounded in size: a line may end in a bare LF, carry 8-bit text, lack its text or its enhanced code; a
line, a reply and what a server may say unasked have limits, and what has no code is refused at once. Nothing that a
server says can take more memory than `MOST_OCTETS`, and nothing of it reaches the trace unprintable.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

MOST_LINE = 4096
"""Octets of one line. RFC 5321 §4.5.3.1.5 says 512."""
MOST_LINES = 250
MOST_OCTETS = 64 * 1024
"""Of one reply, and of replies that wait to be read."""
MOST_WORDS = 500

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?\Z", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[ \t]+|\Z)")


class BadReply(Exception):
    """What came is no SMTP reply; says in words what it was."""


@dataclass(frozen=True, slots=True)
class ClientReply:
    """One reply. enhanced: "" when there is none, or one that contradicts the code. lines: the texts, without both."""

    code: int
    enhanced: str
    lines: tuple[str, ...]

    @property
    def is_success(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_permanent(self) -> bool:
        return self.code >= 500

    @property
    def words(self) -> str:
        """The whole reply in one line of at most `MOST_WORDS` characters, for people."""
        head = f"{self.code} {self.enhanced}".rstrip()
        return " ".join([head, *(line for line in self.lines if line)])[:MOST_WORDS]


class ReplyReader:
    """A buffer of what the server said. Feed it, then call `next` until it gives None."""

    __slots__ = ("_buffer", "_code", "_enhanced", "_lines", "_octets", "_ready", "_waiting")

    def __init__(self) -> None:
        self._buffer = b""
        self._code = 0
        self._enhanced = ""
        self._lines: list[str] = []
        self._octets = 0
        self._ready: deque[ClientReply] = deque()
        self._waiting = 0

    def feed(self, data: bytes) -> None:
        """Add what was received. Raises BadReply; the reader is of no use afterwards."""
        buffer = self._buffer + data if self._buffer else data
        at = 0
        while (end := buffer.find(b"\n", at)) >= 0:
            if end - at > MOST_LINE:
                raise BadReply(f"the server sent a line longer than {MOST_LINE} octets")
            self._line(buffer[at:end].rstrip(b"\r"))
            at = end + 1
        self._buffer = buffer[at:]
        if len(self._buffer) > MOST_LINE:
            raise BadReply(f"the server sent a line longer than {MOST_LINE} octets")

    def next(self) -> ClientReply | None:
        """The next whole reply."""
        if not self._ready:
            return None
        found = self._ready.popleft()
        if not self._ready:
            self._waiting = 0
        return found

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left, not even part of a line."""
        return not (self._buffer or self._lines or self._ready)

    def _line(self, line: bytes) -> None:
        match = _LINE.match(line)
        if match is None:
            raise BadReply(f"the server does not speak SMTP, it said: {printable(line)[:200]}")
        code, text = int(match[1]), printable(match[3] or b"")
        found = _ENHANCED.match(text)
        if found and found[1][0] == str(code)[0]:
            self._enhanced = self._enhanced or found[1]
            text = text[found.end() :]
        self._lines.append(text)
        self._octets += len(line)
        self._waiting += len(line)
        if len(self._lines) > MOST_LINES or self._octets > MOST_OCTETS:
            raise BadReply("the server sent a reply without end")
        if self._waiting > MOST_OCTETS:
            raise BadReply("the server sent replies that nobody asked for")
        if match[2] != b"-":
            # RFC 5321 §4.2.1 asks for one code in all lines; where they differ, the last one is the reply.
            enhanced = self._enhanced if self._enhanced[:1] == str(code)[0] else ""
            self._ready.append(ClientReply(code, enhanced, tuple(self._lines)))
            self._lines, self._enhanced, self._octets = [], "", 0


def printable(text: bytes) -> str:
    """Text for people: UTF-8, what is not replaced by `?`, and no control characters."""
    decoded = text.decode("utf-8", "replace")
    if decoded.isascii() and decoded.isprintable():
        return decoded.strip()
    return "".join(c if c.isprintable() and c != "\ufffd" else " " if c == "\t" else "?" for c in decoded).strip()
