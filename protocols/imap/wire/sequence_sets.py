"""Sets of message numbers: `1:5,7,9:*`. RFC 3501 §9 sequence-set, RFC 4315 uid-set, RFC 7162 known-sequence-match data.

A SequenceSet is what the client wrote, `*` unresolved; `resolve` makes of it sorted disjoint ranges below a known maximum.
`compact` and `render_ranges` write sets for COPYUID, VANISHED, MODIFIED and ESEARCH. `$` (RFC 5182) has its place: `saved`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocols.imap.wire.errors import BadSyntax

STAR = 0
"""Stands for `*` in the ranges of a SequenceSet; no message has the number 0."""

MAX_NUMBER = 0xFFFF_FFFF
MAX_RANGES = 50_000
"""Longer sets do not fit a 64 KiB line anyway; a literal never holds one."""


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """`ranges` in the client's order, each (first, last) as written but with numbers ordered; STAR means `*`.

    `saved` is True for `$` (SEARCHRES, not offered yet) and `ranges` is then empty.
    """

    ranges: tuple[tuple[int, int], ...]
    saved: bool = False

    def resolve(self, maximum: int) -> tuple[tuple[int, int], ...]:
        """Sorted, disjoint, merged (first, last) ranges, `*` replaced by `maximum` (the largest seq or uid in use; 0: empty).

        In an empty folder whatever has `*` is nothing. RFC 3501 §9: `n:*` always contains the maximum, also when n is beyond it.
        Ranges are not cut at the maximum.
        """
        if len(self.ranges) == 1:
            first, last = self.ranges[0]
            if last == STAR:  # where `*` is, it stands last
                first, last = (min(first, maximum), max(first, maximum)) if first else (maximum, maximum)
                return ((first, last),) if maximum else ()
            return ((first, last),)
        plain = []
        for first, last in self.ranges:
            if last == STAR:
                if not maximum:
                    continue
                first, last = first or maximum, maximum
            plain.append((last, first) if first > last else (first, last))
        return merge(plain)

    def render(self) -> bytes:
        """The set in wire form."""
        if self.saved:
            return b"$"
        return b",".join(_one(first) if first == last else _one(first) + b":" + _one(last) for first, last in self.ranges)

    @property
    def has_star(self) -> bool:
        """Whether `*` occurs."""
        return any(first == STAR or last == STAR for first, last in self.ranges)


def _one(number: int) -> bytes:
    return b"*" if number == STAR else b"%d" % number


def merge(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sorted disjoint ranges, neighbours joined; ranges of 0 (nothing) fall out."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if last == 0:
            continue
        if merged and first <= merged[-1][1] + 1:
            if last > merged[-1][1]:
                merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return tuple(merged)


_SIMPLE = re.compile(rb"([1-9][0-9]{0,9})(?::([1-9][0-9]{0,9}|\*))?\Z")
_RANGE = rb"(?:[1-9][0-9]{0,9}|\*)(?::(?:[1-9][0-9]{0,9}|\*))?"
_ANY = re.compile(_RANGE + rb"(?:," + _RANGE + rb")*\Z")


def parse(text: bytes, at: int = 0) -> SequenceSet:
    """The set in `text` (whole); raises BadSyntax, offsets counted from `at`."""
    simple = _SIMPLE.match(text)
    if simple is not None:
        low, high = simple.groups()
        first = int(low)
        if first <= MAX_NUMBER:
            if high is None:
                return SequenceSet(((first, first),))
            if high == b"*":
                return SequenceSet(((first, STAR),))
            last = int(high)
            if last <= MAX_NUMBER:
                return SequenceSet(((first, last) if first <= last else (last, first),))
    if _ANY.match(text) is None:
        raise BadSyntax(at, "a sequence set")
    ranges: list[tuple[int, int]] = []
    for item in text.split(b","):
        low, colon, high = item.partition(b":")
        first = STAR if low == b"*" else int(low)
        last = first if not colon else STAR if high == b"*" else int(high)
        if first > MAX_NUMBER or last > MAX_NUMBER:
            raise BadSyntax(at, "numbers below 4294967296")
        if last != STAR and (first == STAR or first > last):  # `*` stands last
            first, last = last, first
        ranges.append((first, last))
    if len(ranges) > MAX_RANGES:
        raise BadSyntax(at, f"at most {MAX_RANGES} ranges")
    return SequenceSet(tuple(ranges))


def compact(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers, in the order given (so the two sets of a COPYUID stay in step, RFC 4315 §3)."""
    runs: list[tuple[int, int]] = []
    first = last = -1
    for number in numbers:
        if number == last + 1 and first >= 0:
            last = number
        else:
            if first >= 0:
                runs.append((first, last))
            first = last = number
    if first >= 0:
        runs.append((first, last))
    return runs


def render_ranges(ranges: Sequence[tuple[int, int]]) -> bytes:
    """`(1, 3), (5, 5)` as `1:3,5`."""
    return b",".join([b"%d" % first if first == last else b"%d:%d" % (first, last) for first, last in ranges])


def render(numbers: Iterable[int]) -> bytes:
    """Numbers as the shortest set that keeps their order; empty bytes for none."""
    return render_ranges(compact(numbers))
