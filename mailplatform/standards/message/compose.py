"""What a submission server changes in a header, as edits of octets: the body and all other fields stay as they came.

Standards: RFC 6409 §8 (what may be added), RFC 5322 §3.6 (what must be there, and how often), RFC 5321 §4.4 (no Return-Path in
what is sent), RFC 5322 §3.6.3 (Bcc is taken out).
Invariants: the header that comes out is the one that went in without the fields taken out, with the missing ones above it; what
`flaw` finds wrong is refused, never repaired.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from mailplatform.standards.address import BadAddress
from mailplatform.standards.address import parse as parse_address
from mailplatform.standards.message import addresses
from mailplatform.standards.message.headers import fields, header_end, unfold
from mailplatform.standards.message.received import date

_TAKEN_OUT = frozenset({b"bcc", b"resent-bcc", b"return-path"})
_ONCE = frozenset(
    {b"date", b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"message-id", b"in-reply-to", b"references", b"subject"}
)
_MESSAGE_ID = re.compile(rb"<[^<>\s@]+@[^<>\s]+>")
_LINE = 998  # RFC 5322 §2.1.1
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FIELD_NAME = re.compile(rb"[!-9;-~]+[ \t]*:")


class Flaw(StrEnum):
    """What is wrong with a header that a client wrote."""

    NO_HEADER = "no_header"  # the first line is no field
    TWICE = "twice"  # a field stands twice that may stand once
    AUTHOR = "author"  # From names no address, or none that could be one
    CONTROL = "control"  # NUL, or another control character
    LONG_LINE = "long_line"


@dataclass(frozen=True, slots=True)
class Submission:
    """header: what stands before `raw[body_at:]`, empty line included. message_id: with its brackets. added, removed: names.

    blind: the Bcc fields that were taken out, as they stood; for the sender's own copy.
    """

    header: bytes
    body_at: int
    message_id: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    blind: bytes = b""

    def applied(self, raw: bytes) -> bytes:
        """The whole message; the same object when nothing was changed."""
        return self.header + raw[self.body_at :] if self.added or self.removed else raw


def flaw(raw: bytes) -> tuple[Flaw, str] | None:
    """The first thing that is wrong with a message's header, and where; None when a server may send it on."""
    end = header_end(raw)
    header = raw[:end]
    if not _FIELD_NAME.match(header) and header.strip():
        return Flaw.NO_HEADER, "1"
    counts: Counter[bytes] = Counter()
    for name, value, _, _ in fields(header):
        key = name.lower()
        counts[key] += 1
        if key in _ONCE and counts[key] > 1:
            return Flaw.TWICE, name.decode("latin-1")
        if key == b"from" and not authors(value):
            return Flaw.AUTHOR, ""
    lines = header.splitlines()
    if max(map(len, lines), default=0) <= _LINE and _CONTROL.search(header) is None:
        return None
    for number, line in enumerate(lines, 1):
        if len(line) > _LINE:
            return Flaw.LONG_LINE, str(number)
        if _CONTROL.search(line):
            return Flaw.CONTROL, str(number)
    return None


def authors(value: bytes) -> tuple[str, ...]:
    """The addresses of a From, Sender or Reply-To value, as they are compared; none when one of them is no address."""
    return _lately(value) if len(value) < _LINE else _authors(value)


def _authors(value: bytes) -> tuple[str, ...]:
    found = []
    for member in addresses.parse(value):
        if not member.host:
            if member.local is None or member.host is None:
                continue  # a group opens or closes
            return ()
        try:
            found.append(parse_address((member.local or b"") + b"@" + member.host).key)
        except BadAddress:
            return ()
    return tuple(found)


_lately = lru_cache(maxsize=512)(_authors)  # one message asks three times, and one author writes many


def submission(raw: bytes, *, at: datetime, message_id: str, author: str) -> Submission:
    """The header as it is sent. message_id: "<…>", for a message without one. author: the address for a message without From."""
    end = header_end(raw)
    header = raw[:end]
    if not header.strip():
        end = len(header)
        header = b"\r\n"
    kept: list[bytes] = []
    removed: list[str] = []
    names: set[bytes] = set()
    found_id, froms, blind = "", 0, b""
    begin = 0
    for name, value, start, stop in fields(header):
        key = name.lower()
        if key == b"message-id":
            match = _MESSAGE_ID.search(unfold(value))
            if match is None:
                key = b""
            else:
                found_id = match[0].decode("utf-8", "replace")
        if key in _TAKEN_OUT or not key:
            kept.append(header[begin:start])
            begin = stop
            removed.append(name.decode("latin-1"))
            if key == b"bcc":
                blind += header[start:stop]
            continue
        names.add(key)
        if key == b"from":
            froms = len(authors(value))
    kept.append(header[begin:])
    above: list[tuple[str, str]] = []
    if b"date" not in names:
        above.append(("Date", date(at)))
    if b"from" not in names:
        above.append(("From", f"<{author}>"))
    if froms > 1 and b"sender" not in names:
        above.append(("Sender", f"<{author}>"))
    if not found_id:
        found_id = message_id
        above.append(("Message-ID", message_id))
    text = b"".join(kept)
    if not text.endswith((b"\r\n\r\n", b"\n\n")) and text != b"\r\n":
        text += b"\r\n" if text.endswith(b"\n") else b"\r\n\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in above)
    return Submission(lines.encode() + text, end, found_id, tuple(name for name, _ in above), tuple(removed), blind)
