"""Header fields by offset: the end of the header, folding, HEADER.FIELDS."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message import headers
from tests.standards.samples import everything


@pytest.mark.parametrize(
    ("raw", "end"),
    [
        (b"", 0),
        (b"\r\n", 2),
        (b"\n", 1),
        (b"\r\nbody", 2),
        (b"A: b", 4),
        (b"A: b\r\n", 6),
        (b"A: b\r\n\r\nbody\r\n\r\n", 8),
        (b"A: b\n\nbody\r\n\r\n", 6),
        (b"A: b\r\n\nbody", 7),
        (b"A: b\n\r\nbody", 7),
        (b"A: b\r\n \r\n\r\n", 11),
        (b"A: b\r\rbody", 10),
        (b"A: " + b"x" * 20000 + b"\r\n\r\nbody", 20007),
    ],
)
def test_where_the_header_ends(raw: bytes, end: int):
    assert headers.header_end(raw) == end


def test_the_end_inside_a_part():
    raw = b"A: b\r\n\r\nC: d\r\n\r\n"
    assert headers.header_end(raw, 8) == 16
    assert headers.header_end(raw, 8, 12) == 12


def test_fields_with_their_places():
    raw = b"From x y\r\nA: 1\r\n 2\r\nb :3\n\tc\nnonsense\r\n folded\r\nD:\r\n\r\n"
    found = list(headers.fields(raw))
    assert [(name, value) for name, value, _, _ in found] == [(b"A", b" 1\r\n 2"), (b"b", b"3\n\tc"), (b"D", b"")]
    assert [raw[start:end] for _, _, start, end in found] == [b"A: 1\r\n 2\r\n", b"b :3\n\tc\n", b"D:\r\n"]


def test_pick():
    raw = b"From: a\r\nTo: b,\r\n c\r\nfrom: d\r\nX: y\r\n\r\n"
    assert headers.pick(raw, [b"FROM"]) == b"From: a\r\nfrom: d\r\n\r\n"
    assert headers.pick(raw, [b"from", b"x"], negate=True) == b"To: b,\r\n c\r\n\r\n"
    assert headers.pick(raw, [b"absent"]) == b"\r\n"
    assert headers.pick(b"A: b", [b"a"]) == b"A: b\r\n\r\n"
    assert headers.pick(b"A: b\nC: d\n\n", [b"c"]) == b"C: d\n\r\n"


def test_first_and_unfold():
    raw = b"A: one\r\n\ttwo\r\n  three \r\nA: other\r\n\r\n"
    assert headers.first(raw, b"a") == b"one two three"
    assert headers.first(raw, b"b") is None
    assert headers.unfold(b" a\rb\r\n c\nd ") == b"a b c d"


def test_every_message_is_its_fields_and_the_rest():
    for name, raw in everything().items():
        end = headers.header_end(raw)
        assert 0 <= end <= len(raw)
        places = [(start, stop) for _, _, start, stop in headers.fields(raw[:end])]
        assert places == sorted(places), name
        assert all(one[1] <= other[0] for one, other in pairwise(places)), name
        names = {field for field, _, _, _ in headers.fields(raw[:end])}
        assert headers.pick(raw[:end], names)[:-2] == b"".join(raw[one:other] for one, other in places) + (
            b"\r\n" if places and raw[places[-1][1] - 1 : places[-1][1]] != b"\n" else b""
        ), name
        assert headers.pick(raw[:end], names, negate=True) == b"\r\n", name


@given(st.lists(st.sampled_from([b"A", b":", b" ", b"\t", b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"b:c"]), max_size=60))
def test_any_octets(pieces: list[bytes]):
    raw = b"".join(pieces)
    end = headers.header_end(raw)
    header = raw[:end]
    kept = headers.pick(header, [b"a"]) + headers.pick(header, [b"a"], negate=True)
    assert len(kept) <= len(header) + 8
    for name, value, start, stop in headers.fields(header):
        assert header[start:stop].startswith(name) and value in header[start:stop]
        assert b"\n" not in headers.unfold(value) and b"\r" not in headers.unfold(value)
