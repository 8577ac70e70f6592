"""The Date field as a moment, as leniently as mail has written it since 1982.

Standards: RFC 5322 §3.3 and §4.3 (two-digit years, named zones, comments).
Invariants: never raises; what cannot be a moment between the years 1 and 9999 is None.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), 1
    )
}
_DATE = re.compile(
    rb"\s*+(?:[A-Za-z]{2,9}\.?,?\s*+)?(\d{1,2})[\s-]*+([A-Za-z]{3})[a-z]*+\.?[\s,-]*+(\d{2,4}),?\s++"
    rb"(\d{1,2})\s*+[:.]\s*+(\d{1,2})(?:\s*+[:.]\s*+(\d{1,2})(?:[.,]\d+)?)?\s*+(?:([+-])\s*+(\d{1,4})|\(?([A-Za-z]{1,5}))?"
)
# asctime and date(1): Wed Sep 18 14:13:32 2002, Wed Sep 18 14:13:32 EDT 2002
_ASCTIME = re.compile(
    rb"\s*+(?:[A-Za-z]{3,9},?\s++)?([A-Za-z]{3})[a-z]*+\s++(\d{1,2}),?\s++(\d{1,2}):(\d{2})(?::(\d{2}))?\s++(?:([A-Za-z]{1,5})\s++|([+-]\d{4})\s++)?(\d{4})"
)  # fmt: skip
_ISO = re.compile(
    rb"\s*+(\d{4})-(\d{1,2})-(\d{1,2})[T\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*+(?:([+-])(\d{2}):?(\d{2})|Z)?"
)
# RFC 5322 §4.3: hours of the obsolete zones; the single letters of RFC 822 were wrong in half of all clocks and mean UTC.
_ZONES = {b"EDT": -4, b"EST": -5, b"CDT": -5, b"CST": -6, b"MDT": -6, b"MST": -7, b"PDT": -7, b"PST": -8}


def parse(value: bytes) -> datetime | None:
    """The moment in UTC that a Date value names, None when it names none."""
    value = value[:256]
    try:
        found = _DATE.match(value)
        if found is not None:
            day, month, year, hour, minute, second, sign, offset, zone = found.groups()
            number = _MONTHS.get(month.lower())
            return (
                None if number is None else _moment(_year(year), number, day, hour, minute, second, _minutes(sign, offset, zone))
            )
        found = _ASCTIME.match(value)
        if found is not None:
            month, day, hour, minute, second, zone, offset, year = found.groups()
            number = _MONTHS.get(month.lower())
            east = _minutes(offset[:1], offset[1:], None) if offset else _minutes(None, None, zone)
            return None if number is None else _moment(int(year), number, day, hour, minute, second, east)
        found = _ISO.match(value)
        if found is not None:
            years, months, day, hour, minute, second, sign, hours, minutes = found.groups()
            east = (int(hours) * 60 + int(minutes)) * (-1 if sign == b"-" else 1) if sign else 0
            return _moment(int(years), int(months), day, hour, minute, second, east)
    except (ValueError, OverflowError):
        return None
    return None


def _moment(year: int, month: int, day: bytes, hour: bytes, minute: bytes, second: bytes | None, east: int) -> datetime:
    seconds = min(int(second), 59) if second else 0  # a leap second is the second before it
    moment = datetime(year, month, int(day), int(hour), int(minute), seconds, tzinfo=UTC)
    return moment - timedelta(minutes=east) if east else moment


def _year(digits: bytes) -> int:
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _minutes(sign: bytes | None, offset: bytes | None, zone: bytes | None) -> int:
    """East of UTC. -0000 is UTC of an unknown place."""
    if sign and offset:
        number = int(offset)
        east = (number // 100) * 60 + number % 100 if len(offset) > 2 else number * 60
        return -east if sign == b"-" else east
    return _ZONES.get(zone.upper(), 0) * 60 if zone else 0
