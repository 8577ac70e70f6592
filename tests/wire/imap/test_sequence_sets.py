"""Sequence sets read, resolved and written. RFC 3501 §9; RFC 4315 §3."""

import pytest

from protocols.imap.wire import sequence_sets
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.sequence_sets import STAR


@pytest.mark.parametrize(
    ("text", "ranges", "resolved"),
    [
        (b"1", ((1, 1),), ((1, 1),)),
        (b"4:2", ((2, 4),), ((2, 4),)),
        (b"*", ((STAR, STAR),), ((10, 10),)),
        (b"1:*", ((1, STAR),), ((1, 10),)),
        (b"*:1", ((1, STAR),), ((1, 10),)),
        (b"15:*", ((15, STAR),), ((10, 15),)),  # RFC 3501 §6.4.8: contains the last, always
        (b"*:*", ((STAR, STAR),), ((10, 10),)),
        (b"2,4:7,9,12:*", ((2, 2), (4, 7), (9, 9), (12, STAR)), ((2, 2), (4, 7), (9, 12))),
        (b"5,1,3:4,2", ((5, 5), (1, 1), (3, 4), (2, 2)), ((1, 5),)),
        (b"1:5,3:9", ((1, 5), (3, 9)), ((1, 9),)),
        (b"4294967295", ((4294967295, 4294967295),), ((4294967295, 4294967295),)),
    ],
)
def test_reading_and_resolving(text: bytes, ranges: tuple[tuple[int, int], ...], resolved: tuple[tuple[int, int], ...]) -> None:
    found = sequence_sets.parse(text)
    assert found.ranges == ranges
    assert found.resolve(10) == resolved
    assert sequence_sets.parse(found.render()) == found


def test_the_star_of_an_empty_folder_is_nothing() -> None:
    assert sequence_sets.parse(b"*").resolve(0) == ()
    assert sequence_sets.parse(b"*,*:*").resolve(0) == ()
    assert sequence_sets.parse(b"1:*").resolve(0) == ()
    assert sequence_sets.parse(b"1:*,7").resolve(0) == ((7, 7),)


@pytest.mark.parametrize(
    "text", [b"", b"0", b"1:", b":1", b"1,,2", b"1,", b"a", b"1:2:3", b"-1", b"4294967296", b"01", b"1:0", b"**"]
)
def test_what_is_no_set(text: bytes) -> None:
    with pytest.raises(BadSyntax):
        sequence_sets.parse(text)


def test_writing_keeps_the_order() -> None:
    assert sequence_sets.render([1, 2, 3, 7, 5, 6]) == b"1:3,7,5:6"
    assert sequence_sets.render([]) == b""
    assert sequence_sets.render(range(1, 100_001)) == b"1:100000"
