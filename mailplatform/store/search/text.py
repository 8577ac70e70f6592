"""The text of a message as searches look through it: casemapped, header and body apart, packed small.

What is stored is made once behind delivery (store.index); a message that has none yet is read whole and its text is made on
the spot, so an answer is always right and only its speed depends on the index. Packed form: the lengths of header and body
in UTF-8 (4 bytes each), then both, compressed as blobs are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mailplatform.standards.message import structure, text
from mailplatform.store import compress

_LENGTHS = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Words:
    """A message's text in UTF-8: header lines `NAME: value`, and the body's lines; substrings may be sought as bytes."""

    header: bytes
    body: bytes

    def in_body(self, needle: bytes) -> bool:
        return needle in self.body

    def anywhere(self, needle: bytes) -> bool:
        return needle in self.body or needle in self.header

    def in_field(self, name: bytes, needle: bytes) -> bool:
        """Whether a field of this casemapped name exists whose value contains the needle."""
        start = name + b":"
        values = (line[len(start) :].removeprefix(b" ") for line in self.header.split(b"\n") if line.startswith(start))
        return any(needle in value for value in values)


def key(wanted: str) -> bytes:
    """A search string as it is sought in Words."""
    return text.search_key(wanted).encode("utf-8", "replace")


def words(raw: bytes) -> Words:
    """The text of a whole message; a millisecond for one of common size. Never raises."""
    root = structure.parse(raw)
    return Words(
        text.header_text(raw, root).encode("utf-8", "replace"),
        text.search_text(raw, root).encode("utf-8", "replace"),
    )


def packed(found: Words) -> tuple[int, bytes]:
    """(codec, bytes) for a row of search text."""
    codec, data = compress.pack(found.header + found.body)
    return codec, _LENGTHS.pack(len(found.header), len(found.body)) + data


def unpacked(codec: int, data: bytes) -> Words:
    """Raises ValueError when the bytes are not what they should be."""
    if len(data) < _LENGTHS.size:
        raise ValueError("search text is cut short")
    header, body = _LENGTHS.unpack_from(data)
    whole = compress.unpack(codec, data[_LENGTHS.size :], header + body)
    return Words(whole[:header], whole[header:])
