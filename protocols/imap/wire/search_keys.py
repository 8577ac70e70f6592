"""What a SEARCH may ask: RFC 3501 §6.4.4, MODSEQ RFC 7162 §3.1.5, RETURN options RFC 4731. A small tree of frozen values.

NEW, OLD, UNSEEN and their like are expanded by the parser to the keys below, so an evaluator meets few shapes:
`And Or Not All HasFlag HasKeyword IsRecent InSet Contains HeaderContains Dated Sized ChangedSince`. Strings are decoded (str).
WITHIN (YOUNGER, OLDER), SAVEDATE keys and FUZZY come as further shapes.
"""

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import Union

from protocols.imap.wire.sequence_sets import SequenceSet


class Field(StrEnum):
    """Where Contains looks."""

    BCC = "BCC"
    BODY = "BODY"
    CC = "CC"
    FROM = "FROM"
    SUBJECT = "SUBJECT"
    TEXT = "TEXT"
    TO = "TO"


class Clock(StrEnum):
    """Which date: INTERNALDATE (its date in the time zone it is kept in, time ignored) or the Date header."""

    INTERNAL = ""
    SENT = "SENT"


class When(StrEnum):
    """Relation to the date given: BEFORE is <, ON is ==, SINCE is >=."""

    BEFORE = "BEFORE"
    ON = "ON"
    SINCE = "SINCE"


@dataclass(frozen=True, slots=True)
class All:
    """Every message."""


@dataclass(frozen=True, slots=True)
class And:
    """All of `keys` (two or more)."""

    keys: tuple["SearchKey", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One or both."""

    left: "SearchKey"
    right: "SearchKey"


@dataclass(frozen=True, slots=True)
class Not:
    """The others."""

    key: "SearchKey"


@dataclass(frozen=True, slots=True)
class HasFlag:
    """System flag `bit` (flags.SEEN …) is `present`."""

    bit: int
    present: bool = True


@dataclass(frozen=True, slots=True)
class HasKeyword:
    """`keyword` (case of the client) is `present`."""

    keyword: str
    present: bool = True


@dataclass(frozen=True, slots=True)
class IsRecent:
    """\\Recent in this session. NEW is IsRecent and not SEEN; OLD is not IsRecent."""

    present: bool = True


@dataclass(frozen=True, slots=True)
class InSet:
    """Numbers in a set: sequence numbers, or uids when `by_uid`."""

    numbers: SequenceSet
    by_uid: bool


@dataclass(frozen=True, slots=True)
class Contains:
    """Substring in `field`, case ignored; the empty string matches everything that has the field (BODY, TEXT: everything)."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class HeaderContains:
    """Header field `name` is there and contains `text` (empty: is there)."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Dated:
    """`clock` stands in relation `when` to `date`."""

    clock: Clock
    when: When
    date: datetime.date


@dataclass(frozen=True, slots=True)
class Sized:
    """RFC822.SIZE larger (or smaller) than `octets`."""

    larger: bool
    octets: int


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """MODSEQ at least `modseq`. RFC 7162 §3.1.5; the metadata entry name and type are parsed and, as allowed, ignored."""

    modseq: int


SearchKey = Union[  # noqa: UP007 - a recursive alias
    All, And, Or, Not, HasFlag, HasKeyword, IsRecent, InSet, Contains, HeaderContains, Dated, Sized, ChangedSince
]


class Return(StrEnum):
    """RETURN options of RFC 4731 (SAVE of RFC 5182 and PARTIAL of RFC 9394 come later)."""

    MIN = "MIN"
    MAX = "MAX"
    ALL = "ALL"
    COUNT = "COUNT"


def walk(key: SearchKey) -> list[SearchKey]:
    """The key and all keys inside it, outermost first; no recursion."""
    found: list[SearchKey] = []
    waiting: list[SearchKey] = [key]
    while waiting:
        now = waiting.pop()
        found.append(now)
        match now:
            case And(keys):
                waiting.extend(reversed(keys))
            case Or(left, right):
                waiting += (right, left)
            case Not(inner):
                waiting.append(inner)
            case _:
                pass
    return found


def asks_modseq(key: SearchKey) -> bool:
    """Whether the result must carry the highest modseq and CONDSTORE is thereby enabled. RFC 7162 §3.1.5, §3.1.2.1."""
    return any(isinstance(each, ChangedSince) for each in walk(key))
