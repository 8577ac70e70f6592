"""Header fields by offset: where the header ends, what fields it has, and those a client asks for.

Standards: RFC 5322 §2.2 (fields, folding) and §4 (obsolete space before the colon), RFC 6532, RFC 9051 §6.4.5 (HEADER.FIELDS).
Invariants: lines end at LF, with or without CR; the header ends at the first empty line; a line that is no field is passed over,
its continuation with it; what `pick` returns is octets of the message, unchanged. Linear in the length of the header.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from mailplatform.standards.message.decode import decoded as decoded

_EMPTY_LINE = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?", re.M)
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
_LOOSE_END = re.compile(rb"[\r\n]+")


def header_end(raw: bytes, start: int = 0, end: int | None = None) -> int:
    """The offset after the empty line that ends the header at `start`; `end` (the length) when there is none."""
    limit = len(raw) if end is None else end
    if raw.startswith(b"\n", start, limit):
        return start + 1
    if raw.startswith(b"\r\n", start, limit):
        return start + 2
    near = min(start + 8192, limit)
    at = raw.find(b"\n\r\n", start, near)
    bare = raw.find(b"\n\n", start, near if at < 0 else at)
    if bare >= 0:
        return bare + 2
    if at >= 0:
        return at + 3
    found = _EMPTY_LINE.search(raw, start, limit)
    return found.end() if found else limit


def fields(raw_header: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Every field: its name as written, its value with folds but without the last line end, the octets [start, end) it takes."""
    for found in _FIELD.finditer(raw_header, start, len(raw_header) if end is None else end):
        value = found[2]
        yield found[1], value[:-1] if value.endswith(b"\r") else value, found.start(), found.end()


def first(raw_header: bytes, name: bytes) -> bytes | None:
    """The unfolded value of the first field of this name, None without one."""
    wanted = name.lower()
    for found in _FIELD.finditer(raw_header):
        if found[1].lower() == wanted:
            return unfold(found[2])
    return None


def pick(raw_header: bytes, names: Collection[bytes], negate: bool = False) -> bytes:
    """The fields of these names (or all others) as they stand, then an empty line: HEADER.FIELDS and HEADER.FIELDS.NOT."""
    wanted = {name.lower() for name in names}
    kept = [found[0] for found in _FIELD.finditer(raw_header) if (found[1].lower() in wanted) is not negate]
    if kept and not kept[-1].endswith(b"\n"):
        kept[-1] += b"\r\n"
    kept.append(b"\r\n")
    return b"".join(kept)


def unfold(value: bytes) -> bytes:
    """One line: folds become one space (RFC 5322 §2.2.3), stray line ends too, outer space goes."""
    if b"\n" in value:
        value = _FOLD.sub(b" ", value)
    value = value.strip()
    return _LOOSE_END.sub(b" ", value) if b"\r" in value or b"\n" in value else value


def wanted(raw: bytes, start: int, end: int, names: Collection[bytes]) -> dict[bytes, list[bytes]]:
    """The values of the fields with these lower-case names, in order, with folds."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(raw, start, end):
        key = name.lower()
        if key in names:
            found.setdefault(key, []).append(value)
    return found
