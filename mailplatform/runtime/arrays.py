"""Arrays for set-shaped statements, written in Postgres's binary form.

A batch of fifty arrivals sends some two thousand values as arrays; psycopg quotes each element of a list as text, which
cost more than all else that Python does for a commit. The classes below are lists that know their type: runtime.pipeline
sends them in binary form; to any other cursor they are plain lists.

The format is array_send's: dimensions, null flag, element oid, length, lower bound; then length and bytes an element.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

_HEADER = struct.Struct(">iiIii")
_EMPTY = struct.Struct(">iiI")
_LENGTH = struct.Struct(">i")
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Int2s(list[int]):
    """smallint[]"""


class Int4s(list[int]):
    """integer[]"""


class Int8s(list["int | None"]):
    """bigint[]; elements may be None."""


class Bools(list[bool]):
    """boolean[]"""


class Texts(list["str | None"]):
    """text[]; elements may be None. UnicodeEncodeError for what is no Unicode text."""


class Byteas(list["bytes | None"]):
    """bytea[]; elements may be None."""


class Times(list["datetime | None"]):
    """timestamptz[] of aware datetimes; elements may be None."""


class Uuids(list[UUID]):
    """uuid[]"""


@cache
def _fixed(code: str, count: int) -> struct.Struct:
    return struct.Struct(">" + ("i" + code) * count)


def _fixed_body(values: Sequence[Any], code: str, size: int) -> bytes:
    if None in values:
        one = struct.Struct(">i" + code)
        return b"".join([_NULL if value is None else one.pack(size, value) for value in values])
    flat: list[Any] = [size] * (2 * len(values))
    flat[1::2] = values
    return _fixed(code, len(values)).pack(*flat)


def _variable_body(values: Sequence[bytes | None]) -> bytes:
    pieces: list[bytes] = []
    for value in values:
        if value is None:
            pieces.append(_NULL)
        else:
            pieces.append(_LENGTH.pack(len(value)))
            pieces.append(value)
    return b"".join(pieces)


# Class → oid of an element, and how the elements are written.
_WRITERS: dict[type, tuple[int, Callable[[Sequence[Any]], bytes]]] = {
    Int2s: (21, lambda values: _fixed_body(values, "h", 2)),
    Int4s: (23, lambda values: _fixed_body(values, "i", 4)),
    Int8s: (20, lambda values: _fixed_body(values, "q", 8)),
    Bools: (16, lambda values: _fixed_body(values, "?", 1)),
    Times: (1184, lambda values: _fixed_body([None if at is None else _microseconds(at) for at in values], "q", 8)),
    Texts: (25, lambda values: _variable_body([None if text is None else text.encode() for text in values])),
    Byteas: (17, _variable_body),
    Uuids: (2950, lambda values: _variable_body([value.bytes for value in values])),
}


def dumped(value: object) -> bytes | None:
    """One of these arrays in binary form; None for anything else."""
    known = _WRITERS.get(type(value))
    if known is None:
        return None
    assert isinstance(value, list)
    element, write = known
    if not value:
        return _EMPTY.pack(0, 0, element)
    return _HEADER.pack(1, None in value, element, len(value), 1) + write(value)


def _microseconds(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


TYPES: dict[str, type[list[Any]]] = {
    "int2": Int2s,
    "int4": Int4s,
    "int8": Int8s,
    "bool": Bools,
    "text": Texts,
    "bytea": Byteas,
    "time": Times,
    "uuid": Uuids,
}


@cache
def _columns_of(names: str) -> tuple[tuple[str, type[list[Any]]], ...]:
    pairs = [column.split(":") for column in names.split()]
    return tuple((name, TYPES[kind]) for name, kind in pairs)


def columns(names: str, rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """Rows as one array a column. names: "ids:int8 subjects:text …", as many as a row has values."""
    known = _columns_of(names)
    turned = list(zip(*rows, strict=True)) or [()] * len(known)
    return {name: kind(values) for (name, kind), values in zip(known, turned, strict=True)}
