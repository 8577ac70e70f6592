"""The part tree of a message by offsets: what MIME says is where, without copying a byte.

Standards: RFC 2045, 2046 (multipart, message, digest), 2183 (disposition), 2231 (parameters), 3282 (language), 1864 (MD5),
2557 (location), 6532 (message/global); part numbers by RFC 9051 §6.4.5.1.
Invariants: any bytes make a tree; offsets lie in the raw message, children inside their parent in order and without overlap;
work is linear in the size of the message (see the limits below: what exceeds them is a part without children).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailplatform.standards.message.decode import to_line
from mailplatform.standards.message.headers import header_end, unfold, wanted
from mailplatform.standards.message.params import Params, content_type, disposition

MOST_PARTS = 2000  # beyond it the last part runs on to the end of its parent
MOST_DEPTH = 40  # beyond it a multipart or message has no children
_BOUNDARY = 998  # RFC 2046 §5.1.1 allows 70; no line is longer than this (RFC 5322 §2.1.1)
_FALSE = 512  # octets of the budget that a line costs which looks like a delimiter and parts nothing
_TAGS = 32

NAMES = frozenset({
    b"content-type", b"content-transfer-encoding", b"content-id", b"content-description", b"content-disposition",
    b"content-language", b"content-location", b"content-md5",
})  # fmt: skip
_RARE = NAMES - {b"content-type", b"content-transfer-encoding"}
_US_ASCII: Params = (("charset", "us-ascii"),)
_ENCODINGS = {
    spelling.encode(): name
    for name in ("7bit", "8bit", "binary", "quoted-printable", "base64")
    for spelling in (f" {name}", f" {name}\r", f" {name.upper()}", f" {name.upper()}\r")
}
_TAIL = re.compile(rb"(--)?[ \t\r]*+(?:\n|\Z)")
_TAG = re.compile(rb"[A-Za-z0-9*-]{1,60}")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`{|}~0-9A-Za-z-]{1,60}")


@dataclass(frozen=True, slots=True)
class Part:
    """One entity. Offsets are octets in the raw message: header `[header_start, body_start)` (blank line included), body
    `[body_start, end)` as it is encoded. `children`: the parts of a multipart, or the one embedded root of message/rfc822|global.

    type, subtype: lower case. params, disposition_params: names lower case, values decoded by RFC 2231 (encoded words stay).
    encoding: lower case, "7bit" when the field is absent. disposition: lower case, "" when absent. lines: line feeds of the body.
    id, description, location, md5: unfolded bytes as text (UTF-8 or Latin-1), None when absent.
    """

    header_start: int
    body_start: int
    end: int
    type: str = "text"
    subtype: str = "plain"
    params: Params = ()
    id: str | None = None
    description: str | None = None
    encoding: str = "7bit"
    disposition: str = ""
    disposition_params: Params = ()
    language: tuple[str, ...] = ()
    location: str | None = None
    md5: str | None = None
    lines: int = 0
    children: tuple[Part, ...] = ()

    @property
    def is_multipart(self) -> bool:
        return self.type == "multipart"

    @property
    def embedded(self) -> Part | None:
        """The root of the message that this message/rfc822|global part carries."""
        return self.children[0] if self.children and self.type == "message" else None

    @property
    def size(self) -> int:
        """Octets of the encoded body."""
        return self.end - self.body_start

    def param(self, name: str, default: str = "") -> str:
        """A Content-Type parameter by lower-case name."""
        for key, value in self.params:
            if key == name:
                return value
        return default

    @property
    def filename(self) -> str:
        """The file name as its sender wrote it (RFC 2183 §2.3, else the older `name`), "" without one; encoded words stay."""
        for key, value in self.disposition_params:
            if key == "filename":
                return value
        return self.param("name")


def parse(raw: bytes) -> Part:
    """The part tree of a message. Never raises, whatever the bytes."""
    return parse_with(raw, NAMES)[0]


def parse_with(raw: bytes, names: frozenset[bytes]) -> tuple[Part, dict[bytes, list[bytes]]]:
    """The part tree, and of the message's own header the values of the fields in `names` (lower case, with those of NAMES)."""
    if not isinstance(raw, bytes):
        raw = bytes(raw)
    return _Scanner(raw).entity(0, len(raw), names, 0, False)


class _Scanner:
    """One message under way, with what it may still cost."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.parts = MOST_PARTS
        self.budget = max(len(raw) * 16, 8 << 20)

    def entity(
        self, start: int, end: int, names: frozenset[bytes], depth: int, in_digest: bool
    ) -> tuple[Part, dict[bytes, list[bytes]]]:
        """The entity in [start, end), and its header fields of these names."""
        raw = self.raw
        body = header_end(raw, start, end)
        found = wanted(raw, start, body, names)
        values = found.get(b"content-type")
        declared = content_type(values[0]) if values else None
        if declared is not None:
            kind, subtype, params = declared
        elif in_digest and not values:
            kind, subtype, params = "message", "rfc822", ()  # RFC 2046 §5.1.5
        else:
            kind, subtype, params = "text", "plain", _US_ASCII
        lines = 0
        children: tuple[Part, ...] = ()
        if kind == "text":
            lines = raw.count(b"\n", body, end)
        elif kind == "multipart":
            if depth < MOST_DEPTH:
                children = self.multipart(params, body, end, depth, subtype == "digest")
        elif kind == "message" and subtype in ("rfc822", "global"):
            lines = raw.count(b"\n", body, end)
            if depth < MOST_DEPTH and self.parts > 0:
                self.parts -= 1
                children = (self.entity(body, end, NAMES, depth + 1, False)[0],)
        if not found.keys() & _RARE:
            encoding = found.get(b"content-transfer-encoding")
            return Part(
                start, body, end, kind, subtype, params, None, None, _encoding(encoding[0]) if encoding else "7bit",
                "", (), (), None, None, lines, children,
            ), found  # fmt: skip
        return _full(start, body, end, kind, subtype, params, lines, children, found), found

    def multipart(self, params: Params, start: int, end: int, depth: int, digest: bool) -> tuple[Part, ...]:
        """The children between the delimiter lines in [start, end) (RFC 2046 §5.1.1). Enclosing delimiters bound it already."""
        boundary = next((value for name, value in params if name == "boundary"), "").rstrip()
        if not boundary or len(boundary) > _BOUNDARY or self.budget <= 0:
            return ()
        needle = b"--" + boundary.encode("utf-8", "replace")
        raw, length = self.raw, len(needle)
        self.budget -= end - start
        spans: list[tuple[int, int]] = []
        first, closed = -1, False
        at = raw.find(needle, start, end)
        while at >= 0 and self.budget > 0 and self.parts > 0:
            tail = _TAIL.match(raw, at + length, end) if at == start or raw[at - 1] == 10 else None
            if tail is None:
                self.budget -= _FALSE
                at = raw.find(needle, at + length, end)
                continue
            if 0 <= first < at:
                spans.append((first, _before(raw, first, at)))
                self.parts -= 1
            else:
                self.budget -= _FALSE  # two delimiter lines in a row part nothing
            first, closed = tail.end(), tail[1] is not None
            if closed:
                break
            at = raw.find(needle, first, end)
        if first >= 0 and not closed:
            spans.append((first, end))
        return tuple(self.entity(one, other, NAMES, depth + 1, digest)[0] for one, other in spans)


def _before(raw: bytes, first: int, at: int) -> int:
    """The end of a part before the delimiter line at `at`: the line end before it belongs to the delimiter."""
    if at > first and raw[at - 1] == 10:
        at -= 1
        if at > first and raw[at - 1] == 13:
            at -= 1
    return at


def _full(
    start: int, body: int, end: int, kind: str, subtype: str, params: Params, lines: int, children: tuple[Part, ...],
    found: dict[bytes, list[bytes]],
) -> Part:  # fmt: skip
    encoding = found.get(b"content-transfer-encoding")
    placed = found.get(b"content-disposition")
    word, word_params = disposition(placed[0]) if placed else ("", ())
    languages = found.get(b"content-language")
    return Part(
        start,
        body,
        end,
        kind,
        subtype,
        params,
        _line(found, b"content-id"),
        _line(found, b"content-description"),
        _encoding(encoding[0]) if encoding else "7bit",
        word,
        word_params,
        tuple(tag.decode("ascii") for tag in _TAG.findall(languages[0])[:_TAGS]) if languages else (),
        _line(found, b"content-location"),
        _line(found, b"content-md5"),
        lines,
        children,
    )


def _line(found: dict[bytes, list[bytes]], name: bytes) -> str | None:
    values = found.get(name)
    return to_line(unfold(values[0])) if values else None


def _encoding(value: bytes) -> str:
    known = _ENCODINGS.get(value)
    if known is not None:
        return known
    token = _TOKEN.search(value)
    return token[0].lower().decode("ascii") if token else "7bit"


def find(root: Part, path: tuple[int, ...]) -> Part | None:
    """The part with this IMAP number (RFC 9051 §6.4.5.1); () is the message, (1,) the body of one that is not multipart."""
    if not path:
        return root
    part = _numbered(root, path[0])
    for number in path[1:]:
        if part is None:
            return None
        embedded = part.embedded
        if embedded is not None:
            part = _numbered(embedded, number)
        elif part.type == "multipart":
            part = _child(part, number)
        else:
            return None
    return part


def paths(root: Part) -> Iterator[tuple[tuple[int, ...], Part]]:
    """Every numbered part in order with its number; the inverse of `find`."""
    return _walk(root, ())


def _numbered(root: Part, number: int) -> Part | None:
    if root.type == "multipart":
        return _child(root, number)
    return root if number == 1 else None


def _child(part: Part, number: int) -> Part | None:
    return part.children[number - 1] if 1 <= number <= len(part.children) else None


def _walk(root: Part, prefix: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Part]]:
    for number, part in enumerate(root.children if root.type == "multipart" else (root,), 1):
        path = (*prefix, number)
        yield path, part
        embedded = part.embedded
        if embedded is not None:
            yield from _walk(embedded, path)
        elif part.type == "multipart":
            yield from _walk(part, path)
