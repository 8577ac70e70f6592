"""Arrays for set-shaped statements, written in Postgres's binary form.

A batch of fifty arrivals sends some two thousand values as arrays; psycopg quotes each element of a list as text, which
cost more than all else that Python does for a commit. The classes below are lists that know their type: on a cursor with
server-side binding they go out in the binary format, elsewhere they are plain lists.

The format is array_send's: dimensions, null flag, element oid, length, lower bound; then length and bytes an element.
"""

from __future__ import annotations

import struct
import weakref
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

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


class _ArrayDumper(Dumper):
    format = Format.BINARY
    element: int  # oid of an element

    def dump(self, obj: Sequence[Any]) -> bytes:
        if not obj:
            return _EMPTY.pack(0, 0, self.element)
        return _HEADER.pack(1, None in obj, self.element, len(obj), 1) + self.body(obj)

    def body(self, obj: Sequence[Any]) -> bytes:
        raise NotImplementedError


class _FixedDumper(_ArrayDumper):
    """Elements of one size, packed by struct."""

    code: str
    size: int

    def body(self, obj: Sequence[Any]) -> bytes:
        if None in obj:
            one = struct.Struct(">i" + self.code)
            return b"".join([_NULL if value is None else one.pack(self.size, value) for value in obj])
        flat: list[Any] = [self.size] * (2 * len(obj))
        flat[1::2] = obj
        return _fixed(self.code, len(obj)).pack(*flat)


class _Int2Dumper(_FixedDumper):
    oid, element, code, size = 1005, 21, "h", 2


class _Int4Dumper(_FixedDumper):
    oid, element, code, size = 1007, 23, "i", 4


class _Int8Dumper(_FixedDumper):
    oid, element, code, size = 1016, 20, "q", 8


class _BoolDumper(_FixedDumper):
    oid, element, code, size = 1000, 16, "?", 1


class _TimeDumper(_FixedDumper):
    oid, element, code, size = 1185, 1184, "q", 8

    def body(self, obj: Sequence[datetime | None]) -> bytes:
        return super().body([None if at is None else _microseconds(at) for at in obj])


class _VariableDumper(_ArrayDumper):
    """Elements of any size."""

    def body(self, obj: Sequence[Any]) -> bytes:
        pieces: list[bytes] = []
        for value in self.encoded(obj):
            if value is None:
                pieces.append(_NULL)
            else:
                pieces.append(_LENGTH.pack(len(value)))
                pieces.append(value)
        return b"".join(pieces)

    def encoded(self, obj: Sequence[Any]) -> Iterable[bytes | None]:
        return obj


class _ByteaDumper(_VariableDumper):
    oid, element = 1001, 17


class _TextDumper(_VariableDumper):
    oid, element = 1009, 25

    def encoded(self, obj: Sequence[str | None]) -> Iterable[bytes | None]:
        return [None if text is None else text.encode() for text in obj]


class _UuidDumper(_VariableDumper):
    oid, element = 2951, 2950

    def encoded(self, obj: Sequence[UUID]) -> Iterable[bytes | None]:
        return [value.bytes for value in obj]


def _microseconds(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


_DUMPERS: dict[type, type[Dumper]] = {
    Int2s: _Int2Dumper,
    Int4s: _Int4Dumper,
    Int8s: _Int8Dumper,
    Bools: _BoolDumper,
    Texts: _TextDumper,
    Byteas: _ByteaDumper,
    Times: _TimeDumper,
    Uuids: _UuidDumper,
}
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
_equipped: weakref.WeakSet[Any] = weakref.WeakSet()


def equip(raw: psycopg.Connection[Any]) -> None:
    """Teach a connection these arrays; cheap when it knows them."""
    if raw not in _equipped:
        for kind, dumper in _DUMPERS.items():
            raw.adapters.register_dumper(kind, dumper)
        _equipped.add(raw)


@cache
def _columns_of(names: str) -> tuple[tuple[str, type[list[Any]]], ...]:
    pairs = [column.split(":") for column in names.split()]
    return tuple((name, TYPES[kind]) for name, kind in pairs)


def columns(names: str, rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """Rows as one array a column. names: "ids:int8 subjects:text …", as many as a row has values."""
    known = _columns_of(names)
    turned = list(zip(*rows, strict=True)) or [()] * len(known)
    return {name: kind(values) for (name, kind), values in zip(known, turned, strict=True)}
