"""Lines, and what they mean: RFC 1939 §3, RFC 2449 §4.

A line ends with CRLF; a bare LF ends one too, as old clients send it and nothing can be smuggled by it here. Keywords count in
any case. Invariants: parse∘print is the identity on commands; nothing of a password stands in an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from protocols.pop3.wire import commands as c

MAX_LINE = 1024
"""Octets of a line with its end. RFC 2449 §4 says 255; longer passwords are in the world."""
MAX_NUMBER = 2**31 - 1

_NUMBER = re.compile(rb"[0-9]{1,10}\Z")
_MECHANISM = re.compile(rb"[A-Za-z0-9_-]{1,20}\Z")  # RFC 4422 §3.1
_TAG = re.compile(rb"[A-Za-z0-9-]{1,40}\Z|\*\Z")  # RFC 5646 §2.1, less its structure


class BadLine(ValueError):
    """What came is no command. The text may be shown to the client."""


class Lines:
    """Octets in, lines out, each without its end; one that is too long is a BadLine, once, and skipped to its end."""

    __slots__ = ("_at", "_held", "_skipping", "limit")

    def __init__(self, limit: int = MAX_LINE) -> None:
        self.limit = limit
        self._held = bytearray()
        self._at = 0  # up to here no end was found
        self._skipping = False

    @property
    def buffered(self) -> int:
        """Octets fed and not yet handed out."""
        return len(self._held)

    def feed(self, octets: bytes) -> None:
        """Take what arrived."""
        self._held += octets

    def reset(self) -> None:
        """Forget everything not yet handed out."""
        self._held.clear()
        self._at = 0
        self._skipping = False

    def next(self) -> bytes | BadLine | None:
        """The next line, or None when more octets are needed."""
        while True:
            end = self._held.find(b"\n", self._at)
            if end < 0:
                if len(self._held) >= self.limit:
                    self._held.clear()
                    skipped, self._skipping = self._skipping, True
                    self._at = 0
                    if not skipped:
                        return BadLine("line too long")
                    return None
                self._at = len(self._held)
                return None
            line = bytes(self._held[:end])
            del self._held[: end + 1]
            self._at = 0
            if self._skipping:
                self._skipping = False
                continue
            if end + 1 > self.limit:
                return BadLine("line too long")
            return line.removesuffix(b"\r")


def parse(line: bytes) -> c.Command:
    """The command of one line. Raises BadLine."""
    keyword, _, rest = line.partition(b" ")
    parser = PARSERS.get(keyword.upper())
    if parser is None:
        raise BadLine("unknown command")
    return parser(rest)


def _bare(make: type[c.Command]) -> Callable[[bytes], c.Command]:
    def parser(rest: bytes) -> c.Command:
        if rest.strip(b" "):
            raise BadLine("this command takes no argument")
        return make()

    return parser


def _numbers(rest: bytes, least: int, most: int) -> list[int]:
    words = rest.split()
    if not least <= len(words) <= most:
        raise BadLine("expected a message number" if most == 1 else "expected a message number and a count of lines")
    found = []
    for word in words:
        if not _NUMBER.match(word) or int(word) > MAX_NUMBER:
            raise BadLine("expected a number")
        found.append(int(word))
    return found


def _user(rest: bytes) -> c.Command:
    try:
        name = rest.strip(b" ").decode("utf-8")
    except UnicodeDecodeError:
        raise BadLine("names are UTF-8") from None
    if not name or "\x00" in name:
        raise BadLine("expected a name")
    return c.User(name)


def _pass(rest: bytes) -> c.Command:
    if not rest:
        raise BadLine("expected a password")
    return c.Pass(rest)


def _auth(rest: bytes) -> c.Command:
    words = rest.split()
    if not words:
        return c.Auth()
    if len(words) > 2 or not _MECHANISM.match(words[0]):
        raise BadLine("expected a mechanism and at most an initial response")
    return c.Auth(words[0].decode("ascii").upper(), words[1] if len(words) == 2 else None)


def _lang(rest: bytes) -> c.Command:
    tag = rest.strip(b" ")
    if not tag:
        return c.Lang()
    if not _TAG.match(tag):
        raise BadLine("expected a language tag")
    return c.Lang(tag.decode("ascii").lower())


def _list(rest: bytes) -> c.Command:
    return c.List(*_numbers(rest, 0, 1))


def _uidl(rest: bytes) -> c.Command:
    return c.Uidl(*_numbers(rest, 0, 1))


def _retr(rest: bytes) -> c.Command:
    return c.Retr(*_numbers(rest, 1, 1))


def _dele(rest: bytes) -> c.Command:
    return c.Dele(*_numbers(rest, 1, 1))


def _top(rest: bytes) -> c.Command:
    return c.Top(*_numbers(rest, 2, 2))


PARSERS: Mapping[bytes, Callable[[bytes], c.Command]] = {
    b"AUTH": _auth,
    b"CAPA": _bare(c.Capa),
    b"DELE": _dele,
    b"LANG": _lang,
    b"LIST": _list,
    b"NOOP": _bare(c.Noop),
    b"PASS": _pass,
    b"QUIT": _bare(c.Quit),
    b"RETR": _retr,
    b"RSET": _bare(c.Rset),
    b"STAT": _bare(c.Stat),
    b"STLS": _bare(c.Stls),
    b"TOP": _top,
    b"UIDL": _uidl,
    b"USER": _user,
    b"UTF8": _bare(c.Utf8),
}
