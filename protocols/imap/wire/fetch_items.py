"""What a FETCH may ask for: RFC 3501 §6.4.5 and §9 fetch-att; MODSEQ RFC 7162 §3.1.4.

A FETCH holds a tuple of items: an `Attribute` (a fixed thing of a message) or a `BodySection` (bytes of it). ALL, FAST, FULL are
expanded by the parser; duplicates are dropped. Items of later extensions (BINARY, PREVIEW, EMAILID, SAVEDATE) are new members or
new classes beside these two.
"""

from dataclasses import dataclass
from enum import StrEnum


class Attribute(StrEnum):
    """Items without parameters; the value is the name in the response."""

    UID = "UID"
    FLAGS = "FLAGS"
    INTERNALDATE = "INTERNALDATE"
    SIZE = "RFC822.SIZE"
    ENVELOPE = "ENVELOPE"
    BODY = "BODY"
    """BODYSTRUCTURE without extension data."""
    BODYSTRUCTURE = "BODYSTRUCTURE"
    MODSEQ = "MODSEQ"


class Text(StrEnum):
    """What of a part is wanted. RFC 3501 §6.4.5 section-text."""

    ALL = ""
    HEADER = "HEADER"
    HEADER_FIELDS = "HEADER.FIELDS"
    HEADER_FIELDS_NOT = "HEADER.FIELDS.NOT"
    TEXT = "TEXT"
    MIME = "MIME"


@dataclass(frozen=True, slots=True)
class BodySection:
    """`BODY[path.text (fields)]<start.count>`, BODY.PEEK, and the three RFC822 items.

    `path` are 1-based part numbers, empty for the whole message. `fields` as written (bytes, case kept: they are echoed).
    `partial` is (first octet, number of octets > 0) or None. `peek` False sets \\Seen. `label` is the response's data item name
    for RFC822, RFC822.HEADER, RFC822.TEXT, empty otherwise: use `name()`.
    """

    path: tuple[int, ...] = ()
    text: Text = Text.ALL
    fields: tuple[bytes, ...] = ()
    partial: tuple[int, int] | None = None
    peek: bool = False
    label: bytes = b""

    def name(self) -> bytes:
        """The name under which the octets are returned, e.g. `BODY[1.HEADER.FIELDS (Subject)]<0>`. RFC 3501 §7.4.2."""
        if self.label:
            return self.label
        name = b"BODY[" + self._section() + b"]"
        return name if self.partial is None else name + b"<%d>" % self.partial[0]

    def _section(self) -> bytes:
        pieces = [b"%d" % number for number in self.path]
        if self.text:
            word = self.text.value.encode("ascii")
            if self.fields:
                word += b" (" + b" ".join(_field(name) for name in self.fields) + b")"
            pieces.append(word)
        return b".".join(pieces)

    def render(self) -> bytes:
        """The item as a client writes it."""
        if self.label:
            return self.label
        name = (b"BODY.PEEK[" if self.peek else b"BODY[") + self._section() + b"]"
        return name if self.partial is None else name + b"<%d.%d>" % self.partial

    def cut(self, octets: bytes) -> bytes:
        """The octets asked for, of the whole section. RFC 3501 §6.4.5: beyond the end is the empty string."""
        if self.partial is None:
            return octets
        start, count = self.partial
        return octets[start : start + count]


FetchItem = Attribute | BodySection

_BARE = frozenset(b"!#$&'*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|}~")


def _field(name: bytes) -> bytes:
    """A header field name as an astring; it never needs a literal (RFC 5322 §3.6.8 leaves printable ASCII only)."""
    if name and _BARE.issuperset(name) and b"*" not in name:
        return name
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


FAST = (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.SIZE)
ALL = (*FAST, Attribute.ENVELOPE)
FULL = (*ALL, Attribute.BODY)


def sets_seen(items: tuple[FetchItem, ...]) -> bool:
    """Whether answering sets \\Seen (in a folder that is not read-only). RFC 3501 §6.4.5."""
    return any(isinstance(item, BodySection) and not item.peek for item in items)
