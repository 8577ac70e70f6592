"""The Date field, RFC 5322 §3.3 and §4.3."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message import dates, received


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        # RFC 5322 appendix A
        (b"Fri, 21 Nov 1997 09:55:06 -0600", (1997, 11, 21, 15, 55, 6)),
        (b"Tue, 1 Jul 2003 10:52:37 +0200", (2003, 7, 1, 8, 52, 37)),
        (b"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n            -0330 (Newfoundland Time)",
         (1969, 2, 14, 3, 2, 0)),
        (b"21 Nov 97 09:55:06 GMT", (1997, 11, 21, 9, 55, 6)),
        # and what clocks have written
        (b" Tue, 24 Nov 2026 10:00 +0000", (2026, 11, 24, 10, 0, 0)),
        (b"24 Nov 2026 10:00:60 Z", (2026, 11, 24, 10, 0, 59)),
        (b"24-Nov-2026 10:00:00 EST", (2026, 11, 24, 15, 0, 0)),
        (b"Tue Nov 24 10:00:00 2026", (2026, 11, 24, 10, 0, 0)),
        (b"Tue Nov 24 10:00:00 PDT 2026", (2026, 11, 24, 17, 0, 0)),
        (b"2026-11-24T10:00:00+01:00", (2026, 11, 24, 9, 0, 0)),
        (b"2026-11-24 10:00:00", (2026, 11, 24, 10, 0, 0)),
        (b"Tue, 24 Nov 2026 10:00:00 -0000", (2026, 11, 24, 10, 0, 0)),
        (b"1 Jan 102 00:00:00 +0000", (2002, 1, 1, 0, 0, 0)),
    ],
)  # fmt: skip
def test_moments(written: bytes, moment: tuple[int, ...]):
    assert dates.parse(written) == datetime(*moment, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"yesterday",
        b"32 Nov 2026 10:00:00 +0000",
        b"1 Foo 2026 10:00:00",
        b"1 Jan 2026 25:00:00",
        b"1 Jan 0000 00:00:00",
        b"\xff\0",
    ]
    + [b"31 Dec 9999 23:59:59 -2300", b"1 Jan 2026", b"9" * 1000],
)
def test_no_moments(written: bytes):
    assert dates.parse(written) is None


@given(st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1)))
def test_round_trip(at: datetime):
    assert dates.parse(received.date(at).encode()) == at.replace(microsecond=0, tzinfo=UTC)


@given(
    st.lists(
        st.sampled_from([b"Tue", b",", b" ", b"1", b"24", b"Nov", b"2026", b":", b"+", b"-", b"0100", b"GMT", b"(", b"T"]),
        max_size=20,
    )
)
def test_anything(pieces: list[bytes]):
    moment = dates.parse(b"".join(pieces))
    assert moment is None or moment.tzinfo is UTC
