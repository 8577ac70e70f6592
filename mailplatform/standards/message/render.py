"""ENVELOPE and BODYSTRUCTURE in the form that IMAP sends, made once when a message arrives.

Standards: RFC 9051 §7.5.2 and its grammar (RFC 3501 §7.4.2 is the same but for message/global), RFC 2231 (parameters beyond ASCII
are written `name*` as utf-8''… so that they stay seven-bit).
Invariants: strictly the grammar, whatever the message: quoted strings are 7-bit without CR, LF and NUL; all else is a literal;
NUL, which no string may carry, becomes ?; numbers have no sign; a multipart has at least one body (an empty text/plain when the
message has none); Sender and Reply-To repeat From when absent. Embedded headers beyond a megabyte show an empty envelope.
"""

from __future__ import annotations

import re

from mailplatform.standards.message import addresses
from mailplatform.standards.message.headers import unfold, wanted
from mailplatform.standards.message.params import Params
from mailplatform.standards.message.structure import Part

FIELDS = frozenset({
    b"date", b"subject", b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"in-reply-to", b"message-id",
})  # fmt: skip

_LITERAL = re.compile(rb'[\x00\r\n"\\\x80-\xff]')
_LONGEST_QUOTED = 1000
_EMBEDDED = 1 << 20
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")  # attribute-char, RFC 2231 §7
_NO_BODY = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0'
_NO_ENVELOPE = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


def string(value: bytes) -> bytes:
    """A quoted string where it may be one, else a literal."""
    if _LITERAL.search(value) is None and len(value) <= _LONGEST_QUOTED:
        return b'"' + value + b'"'
    value = value.replace(b"\x00", b"?")
    if not value.isascii() or b"\r" in value or b"\n" in value or len(value) > _LONGEST_QUOTED:
        return b"{%d}\r\n" % len(value) + value
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def envelope(raw: bytes, root: Part) -> bytes:
    """The ENVELOPE of the message or embedded message whose root this is."""
    return envelope_of(wanted(raw, root.header_start, root.body_start, FIELDS))[0]


def envelope_of(found: dict[bytes, list[bytes]]) -> tuple[bytes, dict[bytes, list[addresses.Member]]]:
    """The ENVELOPE of these header fields (lower-case names, folded values), and the address lists that were read for it."""
    lists = {name: _members(found[name]) for name in _LISTS if name in found}
    shown = {name: _addresses(members) for name, members in lists.items() if members}
    author = shown.get(b"from", b"NIL")
    return (
        b"("
        + b" ".join((
            _text(found, b"date"),
            _text(found, b"subject"),
            author,
            shown.get(b"sender", author),
            shown.get(b"reply-to", author),
            shown.get(b"to", b"NIL"),
            shown.get(b"cc", b"NIL"),
            shown.get(b"bcc", b"NIL"),
            _text(found, b"in-reply-to"),
            _text(found, b"message-id"),
        ))
        + b")",
        lists,
    )  # fmt: skip


_LISTS = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")


def _members(values: list[bytes]) -> list[addresses.Member]:
    """A field that stands twice is one list."""
    return addresses.parse(values[0] if len(values) == 1 else b",".join(values))


def _text(found: dict[bytes, list[bytes]], name: bytes) -> bytes:
    values = found.get(name)
    return string(unfold(values[0])) if values else b"NIL"


def _addresses(members: list[addresses.Member]) -> bytes:
    written = []
    for name, route, local, host in members:
        written.append(
            b"(%b %b %b %b)"
            % (
                b"NIL" if name is None else string(name),
                b"NIL" if route is None else string(route),
                b"NIL" if local is None else string(local),
                b"NIL" if host is None else string(host),
            )
        )
    return b"(" + b"".join(written) + b")"


def bodystructure(raw: bytes, root: Part, extended: bool = True) -> bytes:
    """BODYSTRUCTURE; with `extended` off, BODY. Depth is bounded by the parser's limit."""
    return b"".join(_Structure(raw, extended).body(root))


class _Structure:
    """One BODYSTRUCTURE under way. room: octets of embedded headers that may still be read for their envelopes."""

    def __init__(self, raw: bytes, extended: bool) -> None:
        self.raw = raw
        self.extended = extended
        self.room = _EMBEDDED

    def body(self, part: Part) -> list[bytes]:
        """The pieces of one body."""
        if part.type == "multipart":
            return self.multipart(part)
        out = [
            b'("%b" "%b" %b %b %b "%b" %d'
            % (
                part.type.encode("ascii"),
                part.subtype.encode("ascii"),
                _params(part.params),
                _nstring(part.id),
                _nstring(part.description),
                part.encoding.encode("ascii"),
                part.end - part.body_start,
            )
        ]
        if part.type == "text":
            out.append(b" %d" % part.lines)
        elif part.type == "message" and part.subtype in ("rfc822", "global"):
            out.append(b" ")
            out += self.message(part.embedded)
            out.append(b" %d" % part.lines)
        if self.extended:
            out.append(b" " + _nstring(part.md5) + _placement(part))
        out.append(b")")
        return out

    def multipart(self, part: Part) -> list[bytes]:
        out = [b"("]
        for child in part.children:
            out += self.body(child)
        if not part.children:
            out.append(self.nobody())
        out.append(b' "%b"' % part.subtype.encode("ascii"))
        if self.extended:
            out.append(b" " + _params(part.params) + _placement(part))
        out.append(b")")
        return out

    def message(self, root: Part | None) -> list[bytes]:
        if root is None:
            return [_NO_ENVELOPE, b" ", self.nobody()]
        self.room -= root.body_start - root.header_start
        return [envelope(self.raw, root) if self.room >= 0 else _NO_ENVELOPE, b" ", *self.body(root)]

    def nobody(self) -> bytes:
        return _NO_BODY + (b" NIL NIL NIL NIL)" if self.extended else b")")


def _placement(part: Part) -> bytes:
    """Disposition, language, location."""
    if not part.disposition and not part.language and part.location is None:
        return b" NIL NIL NIL"
    placed = b"NIL"
    if part.disposition:
        placed = b'("%b" %b)' % (part.disposition.encode("ascii"), _params(part.disposition_params))
    language = b"NIL"
    if part.language:
        language = b"(" + b" ".join(b'"%b"' % tag.encode("ascii") for tag in part.language) + b")"
    return b" %b %b %b" % (placed, language, _nstring(part.location))


def _params(params: Params) -> bytes:
    if not params:
        return b"NIL"
    written = []
    for name, value in params:
        key = name.encode("ascii")
        if not value.isascii():
            key, data = key + b"*", b"utf-8''" + _percent(value.encode("utf-8"))
        else:
            data = value.encode("ascii")
        written.append(string(key) + b" " + string(data))
    return b"(" + b" ".join(written) + b")"


def _percent(data: bytes) -> bytes:
    return b"".join(b"%c" % octet if octet in _SAFE else b"%%%02X" % octet for octet in data)


def _nstring(text: str | None) -> bytes:
    return b"NIL" if text is None else string(text.encode("utf-8"))
