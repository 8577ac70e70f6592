"""Time for tests that need it to pass: the same offset file that a running instance reads where [testing] clock is on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from mailplatform.runtime import clock


class Time:
    """Moves the house's clock forward."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = timedelta()

    def pass_(self, **amount: float) -> None:
        """Let time pass: pass_(days=5), pass_(minutes=10)."""
        self._offset += timedelta(**amount)
        self._file.write_text(str(self._offset.total_seconds()))


@contextmanager
def movable(folder: Path) -> Iterator[Time]:
    """The clock reads an offset while this lasts."""
    file = folder / "clock"
    clock.use_offset_file(file)
    try:
        yield Time(file)
    finally:
        clock.use_offset_file(None)
