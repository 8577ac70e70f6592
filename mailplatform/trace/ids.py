"""Trace ids: the name one mail transaction carries in the 250 reply, in Received, in the logs and in every trace row.

Twenty characters of lower-case Crockford base32: nine of time (45 bits of milliseconds since 1970, enough until 3084)
and eleven of chance (55 bits). Compared as bytes they sort by time, so an index over them grows at its right end, and
the time a transaction began can be read back from its name alone.

Pure: clock and chance are parameters. Keeps RFC 5321 §4.4: the id is an Atom, so it may stand in `Received: ... id`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 20
TIME_CHARS = 9
CHANCE_BITS = 55

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VALUES = {char: value for value, char in enumerate(ALPHABET)}
_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]


def make(at: datetime, chance: Callable[[int], int]) -> str:
    """The id of a transaction begun `at` (aware); `chance(bits)` answers a random integer, as `random.getrandbits` does."""
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    number = (milliseconds << CHANCE_BITS) | chance(CHANCE_BITS)
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(90, -10, -10)])


def began(trace_id: str) -> datetime:
    """When the transaction of this id began (UTC, to the millisecond). Raises ValueError for what is no trace id."""
    if len(trace_id) != LENGTH or any(char not in _VALUES for char in trace_id):
        raise ValueError(f"not a trace id: {trace_id!r}")
    milliseconds = 0
    for char in trace_id[:TIME_CHARS]:
        milliseconds = milliseconds * 32 + _VALUES[char]
    return _EPOCH + timedelta(milliseconds=milliseconds)
