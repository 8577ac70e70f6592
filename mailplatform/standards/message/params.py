"""Parameters of Content-Type and Content-Disposition, continued and extended ones put together.

Standards: RFC 2045 §5.1, RFC 2183 §2, RFC 2231 §3 and §4; RFC 6266 §4.3 (the extended form wins over the plain one).
Invariants: any octets give a list; names are lower-case ASCII, each once; values are clean text. Linear; at most 64 parameters.
Encoded words in values stay as they are: RFC 2047 §5 forbids them there, senders use them, clients decode them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from mailplatform.standards.message.decode import to_line

_MOST = 64
_OCTETS = 64 * 1024
_CACHED = 120
_TYPE = re.compile(rb"[ \t\r\n]*+([!#$%&'*+.^_`{|}~0-9A-Za-z-]++)[ \t\r\n]*+(?:/[ \t\r\n]*+([!#$%&'*+.^_`{|}~0-9A-Za-z-]++))?+")
_PARAM = re.compile(rb'([^\s=;"\x00-\x20\x7f-\xff]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^;]*+))', re.S)
_BETWEEN = re.compile(rb"[\s;]*+")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_PAIR = re.compile(rb"\\(.)", re.S)
_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_NAMES = frozenset({"name", "filename"})

Params = tuple[tuple[str, str], ...]


def content_type(value: bytes) -> tuple[str, str, Params] | None:
    """type, subtype, parameters of a Content-Type; None when it does not say a type and a subtype (RFC 2045 §5.2)."""
    # The same few values stand in most messages; those with a boundary never come again.
    return _content_type(value) if len(value) > _CACHED or b"oundary" in value else _cached_type(value)


def disposition(value: bytes) -> tuple[str, Params]:
    """disposition type and parameters of a Content-Disposition; "" when there is none."""
    found = _TYPE.match(value)
    return (found[1].lower().decode("ascii") if found else ""), parameters(value, found.end() if found else 0)


def _content_type(value: bytes) -> tuple[str, str, Params] | None:
    found = _TYPE.match(value)
    if found is None or found[2] is None:
        return None
    return found[1].lower().decode("ascii"), found[2].lower().decode("ascii"), parameters(value, found.end())


_cached_type = lru_cache(maxsize=512)(_content_type)


def parameters(value: bytes, at: int = 0) -> Params:
    """The parameters after `at`, in order of their first appearance."""
    if value.find(b";", at) < 0:
        return ()
    value = value[: _OCTETS + at]
    if b"\n" in value:
        value = _FOLD.sub(b"", value)
    plain: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for name, quoted, bare in _written(value, at):
        key = name.decode("ascii").lower()
        if quoted is None:
            data = _bare(key, bare or b"")
        else:
            data = _PAIR.sub(rb"\1", quoted) if b"\\" in quoted else quoted
        if "*" in key:
            section = _SECTION.fullmatch(key)
            if section is not None:
                extended = section[3] is not None
                number = -1 if section[2] is None else int(section[2])
                parts.setdefault(section[1], {}).setdefault(number, (extended, data))
                plain.setdefault(section[1], "")
            continue
        if key not in plain:
            plain[key] = to_line(data)
    for key, sections in parts.items():
        plain[key] = _merged(sections)
    return tuple(plain.items())


def _written(value: bytes, at: int) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
    """Name, quoted value or else bare value of each parameter, as it is written."""
    at = value.find(b";", at)
    count = 0
    while at >= 0 and count < _MOST:
        between = _BETWEEN.match(value, at)
        at = between.end() if between else at
        found = _PARAM.match(value, at)
        if found is not None:
            yield found[1], found[2], found[3]
            at = found.end()
            count += 1
        at = value.find(b";", at)


def _bare(key: str, data: bytes) -> bytes:
    """An unquoted value: a token, though names of files come with spaces in them."""
    data = data.strip()
    return data if key in _NAMES or b" " not in data else data.split(None, 1)[0]


def _merged(sections: dict[int, tuple[bool, bytes]]) -> str:
    if -1 in sections:
        sections = {0: sections[-1]}
    charset = ""
    pieces = bytearray()
    for number in range(len(sections)):
        if number not in sections:
            break
        extended, data = sections[number]
        if extended:
            if number == 0 and data.count(b"'") >= 2:
                name, _, data = data.split(b"'", 2)
                charset = name.decode("latin-1")
            data = _PERCENT.sub(lambda hexed: bytes((int(hexed[1], 16),)), data)
        pieces += data
    return to_line(bytes(pieces), charset)
