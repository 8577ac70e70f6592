"""Replies: +OK and -ERR with their response codes (RFC 2449 §8, RFC 3206), multi-line answers, byte stuffing (RFC 1939 §3).

Sizes count what the client gets: every line ended by CRLF, the dots that stuffing adds left out. A message whose lines end
otherwise is sent with CRLF, so that no LF of it ends an answer for a client that takes one for the end of a line.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from enum import StrEnum

END = b".\r\n"
_DOT = re.compile(rb"\n\.")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_MOST_TEXT = 400  # RFC 2449 §4: 512 octets with code and end


class Code(StrEnum):
    """Why, in a word a program understands."""

    IN_USE = "IN-USE"  # RFC 2449 §8.1.2
    LOGIN_DELAY = "LOGIN-DELAY"  # RFC 2449 §8.1.1
    AUTH = "AUTH"  # RFC 3206 §4
    TEMPORARY = "SYS/TEMP"  # RFC 3206 §5
    PERMANENT = "SYS/PERM"  # RFC 3206 §5


def ok(text: str = "") -> bytes:
    """A good answer of one line, or the first of several."""
    return b"+OK " + _printable(text) + b"\r\n" if text else b"+OK\r\n"


def err(text: str, code: Code | None = None) -> bytes:
    """A bad answer; always one line."""
    return b"-ERR " + (f"[{code}] ".encode() if code is not None else b"") + _printable(text) + b"\r\n"


def retrieved(octets: int) -> bytes:
    """The first line of RETR's answer; a number and a word that clients look for, in every language."""
    return b"+OK %d octets\r\n" % octets


def challenge(octets: bytes) -> bytes:
    """RFC 5034 §4."""
    return b"+ " + base64.b64encode(octets) + b"\r\n"


def listing(text: str, lines: Iterable[str]) -> bytes:
    """A multi-line answer of short lines of ours, none of which begins with a dot."""
    return ok(text) + "".join(f"{line}\r\n" for line in lines).encode() + END


def missing_octets(count_lf: int, count_crlf: int, *, ended: bool) -> int:
    """How many octets a message of so many LF, of which so many in CRLF, lacks to be lines that each end with CRLF."""
    return count_lf - count_crlf + (0 if ended else 2)


def whole(content: bytes, first: bytes = b"", *, clean: bool = False) -> bytes:
    """A message as an answer behind its first line: lines ended by CRLF, stuffed, with the line that ends the answer.

    clean: its size has shown that every line ends with CRLF.
    """
    if not clean and content.count(b"\n") != content.count(b"\r\n"):
        content = _BARE_LF.sub(b"\r\n", content)
    if _DOT.search(content):  # twice as fast as `in`
        content = content.replace(b"\n.", b"\n..")
    if content[:1] == b".":
        content = b"." + content
    return b"".join((first, content, END if content[-2:] == b"\r\n" or not content else b"\r\n" + END))


class Stuffing:
    """The same for a message that comes in pieces, cut anywhere."""

    __slots__ = ("_clean", "_last")

    def __init__(self, *, clean: bool = False) -> None:
        self._clean = clean
        self._last = b"\r\n"  # the last two octets so far; a message begins as after a line

    def piece(self, content: bytes) -> bytes:
        """The next piece as it is sent."""
        if not content:
            return b""
        before, self._last = self._last, (self._last + content[-2:])[-2:]
        first = content[:1] == b"\n" and before[-1:] == b"\r"  # the LF of a CRLF that was cut
        rest = content[1:] if first else content
        if not self._clean and rest.count(b"\n") != rest.count(b"\r\n"):
            content = (b"\n" if first else b"") + _BARE_LF.sub(b"\r\n", rest)
        if _DOT.search(content):
            content = content.replace(b"\n.", b"\n..")
        return b"." + content if content[:1] == b"." and before[-1:] == b"\n" else content

    def end(self) -> bytes:
        """The end of the answer."""
        return END if self._last[-1:] == b"\n" else b"\r\n" + END


def top(content: bytes, lines: int) -> bytes:
    """The header, the empty line, and so many lines of the body (RFC 1939 §7, TOP)."""
    end = header_end(content)
    for _ in range(lines):
        if end >= len(content):
            break
        found = content.find(b"\n", end)
        end = len(content) if found < 0 else found + 1
    return content[:end]


def header_end(content: bytes | bytearray, start: int = 0) -> int:
    """Where the body begins; all of the content when nothing divides it. start: up to here nothing does, as is known."""
    if content[:2] == b"\r\n":
        return 2
    if content[:1] == b"\n":
        return 1
    found = [at + len(mark) for mark in (b"\n\r\n", b"\n\n") if (at := content.find(mark, start)) >= 0]
    return min(found) if found else len(content)


def _printable(text: str) -> bytes:
    if text.isprintable() and len(text) <= _MOST_TEXT:
        return text.encode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in text)[:_MOST_TEXT].encode("utf-8", "replace")
