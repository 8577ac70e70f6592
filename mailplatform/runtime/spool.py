"""Where a message waits between its first byte and its commit.

Small ones stay in memory; what grows above a threshold goes to an unnamed file under the home's spool folder, and so
does every message while all together hold more than the room's total. Nothing is flushed: the promise to the peer is
the commit, not the spool, and a file without a name is gone with the process that died.

A failed write (disk full) does not raise while bytes stream in, since the peer must be heard to the end before it can
be answered: the spool turns `broken`, drops what comes, and `finish` raises StorageFull or TemporarilyUnavailable.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from mailplatform.runtime.errors import StorageFull, TemporarilyUnavailable

_BLOCK = 256 * 1024


class Room:
    """All spools of a process. folder: where files go, None for the system's own place; memory: octets a message may hold
    before it goes to a file; total: octets that all messages may hold together; opener: makes such a file."""

    __slots__ = ("held", "memory", "opener", "total")

    def __init__(
        self,
        folder: Path | None = None,
        memory: int = _BLOCK,
        total: int = 64 << 20,
        opener: Callable[[], IO[bytes]] | None = None,
    ) -> None:
        self.opener = opener or (lambda: tempfile.TemporaryFile("w+b", 0, dir=folder))  # noqa: SIM115
        self.memory = memory
        self.total = total
        self.held = 0


class Spooled:
    """A message at rest, size known. Read it any number of times; close it when done."""

    __slots__ = ("_data", "_file", "_room", "size")

    def __init__(self, data: bytes | None, file: IO[bytes] | None, size: int, room: Room | None = None) -> None:
        self._data = data
        self._file = file
        self._room = room
        self.size = size

    @property
    def in_memory(self) -> bool:
        """Whether reading needs no disk."""
        return self._data is not None

    def read(self) -> bytes:
        """All of it."""
        if self._data is not None:
            return self._data
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """All of it, a block at a time."""
        if self._data is not None:
            yield self._data
            return
        assert self._file is not None
        at = 0
        while block := os.pread(self._file.fileno(), _BLOCK, at):
            at += len(block)
            yield block

    def close(self) -> None:
        """Forget it; twice is once."""
        if self._data is not None and self._room is not None:
            self._room.held -= len(self._data)
            self._room = None
        self._data = b""
        if self._file is not None:
            self._file.close()
            self._file = None


class Spool:
    """Takes a message piece by piece. `size` counts what came, kept or not."""

    __slots__ = ("_broken", "_file", "_held", "_pieces", "_room", "size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._pieces: list[bytes] = []
        self._held = 0
        self._file: IO[bytes] | None = None
        self._broken: OSError | None = None
        self.size = 0

    @property
    def broken(self) -> bool:
        """Whether bytes were lost; `finish` will say why."""
        return self._broken is not None

    def write(self, data: bytes) -> None:
        """Take a piece; never raises."""
        self.size += len(data)
        if self._broken is not None:
            return
        room = self._room
        self._pieces.append(data)
        self._held += len(data)
        room.held += len(data)
        if self._held > (room.memory if self._file is None else _BLOCK) or room.held > room.total:
            self._spill()

    def finish(self) -> Spooled:
        """The whole message. Raises StorageFull or TemporarilyUnavailable when it could not be kept."""
        if self._file is not None and self._pieces:
            self._spill()
        if self._broken is not None:
            error = self._broken
            self.discard()
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise (StorageFull if full else TemporarilyUnavailable)(private=f"spool: {error}")
        if self._file is None:
            data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces, self._held = [], 0  # what it holds of the room passes to the Spooled
            return Spooled(data, None, self.size, self._room)
        file, self._file = self._file, None
        return Spooled(None, file, self.size)

    def discard(self) -> None:
        """Drop what is here; what still comes is counted only."""
        self._empty()
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._broken is None:
            self._broken = OSError(errno.ECANCELED, "discarded")

    def _empty(self) -> None:
        self._room.held -= self._held
        self._pieces, self._held = [], 0

    def _spill(self) -> None:
        try:
            file = self._file = self._file or self._room.opener()
            view = memoryview(b"".join(self._pieces))
            while view:
                view = view[file.write(view) or 0 :]
        except OSError as error:
            self._broken = error
        self._empty()
