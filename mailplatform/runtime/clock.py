"""What time it is, once for the whole house.

Where ``[testing] clock = true`` stands in the site's configuration, an offset in seconds is read from the file
``run/clock`` of the home, so that days pass in all processes at once. SQL takes the time as a parameter.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset_file: Path | None = None


def use_offset_file(path: Path | None) -> None:
    """Let tests move time: the file holds a number of seconds, or does not exist."""
    global _offset_file
    _offset_file = path


def _offset() -> float:
    if _offset_file is None:
        return 0.0
    try:
        return float(_offset_file.read_text() or "0")
    except (OSError, ValueError):
        return 0.0


def now() -> datetime:
    """The present moment, UTC, aware."""
    moment = datetime.now(UTC)
    return moment if _offset_file is None else moment + timedelta(seconds=_offset())


def epoch_seconds() -> int:
    """The present moment in whole seconds since 1970."""
    return int(time.time() + _offset())


def monotonic() -> float:
    """Seconds that only ever grow, for deadlines; never shifted."""
    return time.monotonic()
