"""What may be asked of a folder: the store's own tree of frozen values, for IMAP SEARCH (RFC 9051 §6.4.4) and JMAP filters.

Strings are decoded; they are compared by i;unicode-casemap (RFC 5051) as substrings, white space counting as one space.
Dates disregard time and zone: of the internal date the day in UTC, of the Date field the day that it names itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias, Union


class Where(StrEnum):
    """Where Text looks."""

    FROM = "from"
    TO = "to"
    CC = "cc"
    BCC = "bcc"
    SUBJECT = "subject"
    BODY = "body"  # the text of all text parts, and names of attached files
    TEXT = "text"  # header and body


class When(StrEnum):
    """Relation to a day."""

    BEFORE = "before"
    ON = "on"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class All:
    """Every message."""


@dataclass(frozen=True, slots=True)
class And:
    """All of them; of none, every message."""

    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them; of none, no message."""

    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The others."""

    query: Query


@dataclass(frozen=True, slots=True)
class Uids:
    """Uids in closed ranges."""

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Flagged:
    """All system flags of `bits` are there (or, not present, none of them)."""

    bits: int
    present: bool = True


@dataclass(frozen=True, slots=True)
class HasKeyword:
    """The keyword is there, or is not."""

    name: str
    present: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """A substring; the empty one is in every message that has the field, and in every body."""

    where: Where
    text: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header field of this name exists and one of them contains the text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Internal:
    """The internal date's day."""

    when: When
    date: date


@dataclass(frozen=True, slots=True)
class Sent:
    """The Date field's day; a message without one never matches."""

    when: When
    date: date


@dataclass(frozen=True, slots=True)
class Larger:
    """More octets than."""

    octets: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """Fewer octets than."""

    octets: int


@dataclass(frozen=True, slots=True)
class ModSeq:
    """This modseq or a later one. RFC 7162 §3.1.5."""

    modseq: int


@dataclass(frozen=True, slots=True)
class Younger:
    """Internal date within so many seconds before now. RFC 5032 §2."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Older:
    """Internal date at least so many seconds before now. RFC 5032 §2."""

    seconds: int


Narrow: TypeAlias = Union[Uids, Flagged, HasKeyword, Internal, Larger, Smaller, ModSeq, Younger, Older]  # noqa: UP007
Query: TypeAlias = Union[All, And, Or, Not, Narrow, Text, Header, Sent]  # noqa: UP007


def ranges_of(uids: Iterable[int]) -> Uids:
    """These uids as ranges."""
    found: list[tuple[int, int]] = []
    for uid in sorted(set(uids)):
        if found and found[-1][1] == uid - 1:
            found[-1] = (found[-1][0], uid)
        else:
            found.append((uid, uid))
    return Uids(tuple(found))


def leaves(query: Query) -> Iterator[Query]:
    """The keys of a tree that have no keys below."""
    match query:
        case And(queries) | Or(queries):
            for each in queries:
                yield from leaves(each)
        case Not(inner):
            yield from leaves(inner)
        case _:
            yield query
