"""Address lists of header fields, read as leniently as people write them, in the four parts that ENVELOPE shows.

Standards: RFC 5322 §3.4 and §4.4 (obsolete forms: routes, comments as names, empty members), RFC 6532 (8-bit), RFC 9051 §7.5.2.
Invariants: any octets give a list; groups open and close in pairs; nothing is decoded here; linear in the length of the field.
Not for the envelope of SMTP, which is strict: see standards.address.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MOST = 2000  # members of one field
_OCTETS = 128 * 1024  # of one field; what follows is not looked at

_SIMPLE = re.compile(
    rb"[ \t\r\n]*+(?:"
    rb'(?:"([^"\\\r\n]*+)"[ \t\r\n]*+|([^\x00-\x20"(),.:;<>@\[\]\\][^\x00-\x1f"(),:;<>@\[\]\\]*+)?+)'
    rb"<([^\x00-\x20\"(),:;<>@\[\]\\]++)@([^\x00-\x20\"(),:;<>@\[\]\\]++)>"
    rb"|([^\x00-\x20\"(),:;<>@\[\]\\]++)@([^\x00-\x20\"(),:;<>@\[\]\\]++)"
    rb")[ \t\r\n]*+(?:,|\Z)"
)
_TOKEN = re.compile(
    rb'([ \t\r\n\x00]++)|"((?:[^"\\]|\\.)*+)"?|(\()|(\[[^\]]*+\]?)|([<>@,:;.])|([^ \t\r\n\x00"()\[<>@,:;.]++|[)\\\]])', re.S
)
_COMMENT = re.compile(rb"[()]|\\.", re.S)
_PAIR = re.compile(rb"\\(.)", re.S)
_GLUE = (b"@", b".")
_SPACE = re.compile(rb"[ \t\r\n\x00]+")


class Member(NamedTuple):
    """One address structure. host None: a group opens (local is its name) or closes (local None)."""

    name: bytes | None
    route: bytes | None
    local: bytes | None
    host: bytes | None


_CLOSE = Member(None, None, None, None)


def parse(value: bytes) -> list[Member]:
    """The members of an address field, encoded words and all, folds undone. A bare word is a local part with an empty host."""
    found: list[Member] = []
    value = value[:_OCTETS]
    at, end = 0, len(value)
    while at < end and len(found) < _MOST:
        simple = _SIMPLE.match(value, at)
        if simple is None:
            return _Reader(value, at, found).read() if value[at:].strip() else found
        quoted, phrase, local, host, bare_local, bare_host = simple.groups()
        if bare_local is not None:
            found.append(Member(None, None, bare_local, bare_host))
        else:
            name = quoted if quoted is not None else phrase.rstrip() if phrase else None
            found.append(Member(name or None, None, local, host))
        at = simple.end()
    return found


class _Reader:
    """The slow road: tokens, with every liberty of RFC 5322 §4.4."""

    def __init__(self, value: bytes, at: int, found: list[Member]) -> None:
        self.value = value
        self.at = at
        self.found = found
        self.in_group = False
        self._clear()

    def _clear(self) -> None:
        self.words: list[bytes] = []  # the phrase, or an address without angle brackets
        self.spec: list[bytes] | None = None  # what stands in angle brackets
        self.route: bytes | None = None
        self.open = False
        self.comment: bytes | None = None

    def read(self) -> list[Member]:
        value, end = self.value, len(self.value)
        while self.at < end and len(self.found) < _MOST:
            token = _TOKEN.match(value, self.at)
            if token is None:
                self.at += 1
                continue
            self.at = token.end()
            kind = token.lastindex
            if kind == 1:
                if not self.open:
                    self.words.append(b" ")
            elif kind == 2:
                text = token[2]
                self._word(_PAIR.sub(rb"\1", text) if b"\\" in text else text)
            elif kind == 3:
                self.comment = self._comment()
            elif kind == 5:
                self._special(token[5])
            else:
                self._word(token[0])
        self._finish()
        if self.in_group:
            self.found.append(_CLOSE)
        return self.found

    def _word(self, text: bytes) -> None:
        (self.spec if self.open and self.spec is not None else self.words).append(text)

    def _special(self, char: bytes) -> None:
        if char == b"<" and not self.open:
            self.open, self.spec = True, []
        elif char == b">":
            self.open = False
        elif char == b"," and self.open and self.spec and self.spec[0] == b"@":
            self.spec.append(char)  # <@a,@b:user@host>
        elif char == b",":
            self._finish()
        elif char == b":" and self.open and self.spec and self.spec[0] == b"@":
            self.route, self.spec = b"".join(self.spec), []
        elif char == b":" and not self.open and self.spec is None and not self.in_group:
            self.found.append(Member(None, None, _joined(self.words) or b"", None))
            self.in_group = True
            self._clear()
        elif char == b";":
            self._finish()
            if self.in_group:
                self.found.append(_CLOSE)
                self.in_group = False
        elif char != b"<":
            self._word(char)

    def _comment(self) -> bytes:
        start, depth = self.at, 1
        for mark in _COMMENT.finditer(self.value, start):
            if mark[0] == b"(":
                depth += 1
            elif mark[0] == b")":
                depth -= 1
                if depth == 0:
                    self.at = mark.end()
                    return self.value[start : mark.start()]
        self.at = len(self.value)
        return self.value[start:]

    def _finish(self) -> None:
        """Close one member of the list; an empty one is nothing (RFC 5322 §4.4)."""
        if self.spec is not None:
            name = _joined(self.words) or self.comment
            self._add(name, *_split(self.spec))
        else:
            self._bare()
        self._clear()

    def _bare(self) -> None:
        """Words without angle brackets: addresses, with what stands before each for its name; or a local part alone."""
        before: list[bytes] = []
        count = 0
        for word in _words(self.words):
            if b"@" in word:
                self._add(_joined(before) or self.comment, *_split(word))
                before, count = [], count + 1
            else:
                before += [b" ", *word]
        if not count and before:
            self._add(self.comment, _joined(before), b"")

    def _add(self, name: bytes | None, local: bytes, host: bytes) -> None:
        name = _SPACE.sub(b" ", name).strip() if name else None
        self.found.append(Member(name or None, self.route, local, host))


def _words(tokens: list[bytes]) -> list[list[bytes]]:
    """Tokens parted at spaces, but not at those around @ and . (RFC 5322 §4.4 allows them there)."""
    words: list[list[bytes]] = []
    apart = True
    for token in tokens:
        if token == b" ":
            apart = True
        elif words and (not apart or token in _GLUE or words[-1][-1] in _GLUE):
            words[-1].append(token)
            apart = False
        else:
            words.append([token])
            apart = False
    return words


def _joined(words: list[bytes]) -> bytes:
    return _SPACE.sub(b" ", b"".join(words)).strip()


def _split(words: list[bytes]) -> tuple[bytes, bytes]:
    """Local part and host at the last @."""
    for n in range(len(words) - 1, -1, -1):
        if words[n] == b"@":
            return b"".join(words[:n]), b"".join(words[n + 1 :])
    return b"".join(words), b""
