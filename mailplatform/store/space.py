"""Whether the disk has room for more mail. Below the limit mail is refused with 452 before Postgres has to stop."""

from __future__ import annotations

import os
import time

from django.conf import settings

from mailplatform.runtime.errors import StorageFull

_LOOK_EVERY = 1.0  # seconds

_looked = 0.0
_low = ""


def check() -> None:
    """Raises StorageFull when the home's free space is below ``[store] min_free_percent``; looks once a second."""
    global _looked, _low
    now = time.monotonic()
    if now - _looked >= _LOOK_EVERY:
        _low = _look()
        _looked = now
    if _low:
        raise StorageFull(private=_low)


def forget() -> None:
    """Look again at the next check."""
    global _looked
    _looked = 0.0


def _look() -> str:
    try:
        figures = os.statvfs(settings.SITE.home)
    except OSError:
        return ""  # a home that cannot be asked is not full
    free = 100 * figures.f_bavail / max(figures.f_blocks, 1)
    if free < settings.SITE.store.min_free_percent:
        return f"{free:.1f} % of the disk is free"
    return ""
