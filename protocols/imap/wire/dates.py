"""INTERNALDATE as it is written. RFC 3501 §9 date-time. The house keeps epoch seconds, so the zone is always +0000."""

import datetime
from functools import lru_cache

from protocols.imap.wire.lexer import MONTHS

_NAMES = tuple(name.decode("ascii") for name in MONTHS)
_MINUTES = tuple(f" {hour:02d}:{minute:02d}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f'{second:02d} +0000"' for second in range(60))
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # years 1 and 9999


@lru_cache(maxsize=4096)
def _day(day: int) -> str:
    date = datetime.date.fromordinal(719_163 + day)
    return f'"{date.day:2d}-{_NAMES[date.month - 1]}-{date.year:04d}'


def internal_date(epoch: int) -> str:
    """`" 1-Feb-1994 21:52:25 +0000"` with its quotes, of epoch seconds."""
    day, second = divmod(min(max(epoch, _FIRST), _LAST), 86_400)
    return _day(day) + _MINUTES[second // 60] + _SECONDS[second % 60]


def date_time(moment: datetime.datetime) -> str:
    """An aware moment in its own zone, quoted; what Lexer.date_time reads."""
    offset = moment.utcoffset() or datetime.timedelta()
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    east, rest = divmod(abs(minutes), 60)
    name = _NAMES[moment.month - 1]
    return f'"{moment.day:2d}-{name}-{moment.year:04d} {moment:%H:%M:%S} {sign}{east:02d}{rest:02d}"'
