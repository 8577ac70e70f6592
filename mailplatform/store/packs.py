"""Pack files: where large blobs stand, one after another, in ``<home>/packs``.

Each process appends to a pack of its own, so nobody waits for another's lock. Bytes are flushed before the transaction that
names them; threads that write at the same moment share one flush. A pack is sealed at its size; after a failed write or
flush it is retired, because what the disk holds of it is unknown, and its callers get StorageFull.

Invariants: the row of a pack is committed, and its name in the folder is durable, before any blob names it; a pack never
changes once sealed; bytes without a row are waste that the compactor takes away, a row without bytes cannot be.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from mailplatform.runtime import clock
from mailplatform.runtime.errors import StorageFull, TemporarilyUnavailable
from mailplatform.store import space
from mailplatform.store.models import Pack

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MOST_OPEN = 64


def folder() -> Path:
    """Where the packs of this site are; made at first use."""
    path = Path(settings.SITE.home) / "packs"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where some bytes stand: flushed, so a transaction may name them."""

    pack_id: int
    name: str
    offset: int
    length: int


class _OpenPack:
    """One pack that this process appends to."""

    def __init__(self, directory: Path) -> None:
        self.name = f"{clock.now():%Y%m%d-%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}.pack"
        self.path = directory / self.name
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            self.row = Pack.objects.create(name=self.name, created_at=clock.now())
        except BaseException:
            os.close(self.file)
            with contextlib.suppress(OSError):
                os.unlink(self.path)
            raise
        # A row made inside somebody's transaction may be rolled back with it, so no second blob may count on it.
        self.single = connection.in_atomic_block
        self.written = 0
        self.flushed = 0
        self.broken: OSError | None = None
        self.sealed = False


class Writer:
    """Appends to this process's pack. Safe from any thread; a fork starts a pack of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._pack: _OpenPack | None = None
        self._pid = 0

    def write(self, pieces: Iterable[bytes]) -> Stretch:
        """Append the pieces and flush. Raises StorageFull on a full disk, TemporarilyUnavailable on other errors."""
        space.check()
        with self._lock:
            pack = self._current()
            try:
                offset, length = pack.written, 0
                for piece in pieces:
                    view = memoryview(piece)
                    while view:
                        done = os.write(pack.file, view)
                        length += done
                        view = view[done:]
                pack.written += length
            except BaseException as error:
                # What the disk holds behind the last good offset is unknown; the same when the producer failed half-way.
                pack.broken = error if isinstance(error, OSError) else OSError(errno.EIO, "interrupted")
                self._pack = None
            else:
                if pack.written >= settings.SITE.store.pack_bytes or pack.single:
                    pack.sealed, self._pack = True, None
        if pack.broken is None:
            self._flush(pack, offset + length)
        if pack.broken is not None:
            self._close(pack)
            raise _refusal(pack.broken) from pack.broken
        if pack.sealed:
            self._close(pack)
        return Stretch(pack.row.pk, pack.name, offset, length)

    def close(self) -> None:
        """Seal this process's pack (on drain), so that the compactor may look at it."""
        with self._lock:
            pack, self._pack = self._pack, None
        if pack is not None and self._pid == os.getpid():
            self._close(pack)

    def _current(self) -> _OpenPack:
        if self._pid != os.getpid():
            self._pid, self._pack = os.getpid(), None
        if self._pack is None:
            try:
                self._pack = _OpenPack(folder())
            except OSError as error:
                raise _refusal(error) from error
        return self._pack

    def _flush(self, pack: _OpenPack, upto: int) -> None:
        """Whoever comes first flushes for all who have written by then."""
        with self._flushing:
            if pack.broken is None and pack.flushed < upto:
                reached = pack.written
                try:
                    os.fdatasync(pack.file)
                    pack.flushed = reached
                except OSError as error:
                    pack.broken = error  # the kernel may have dropped the pages: a second flush would lie
        if pack.broken is not None:
            with self._lock:
                if self._pack is pack:
                    self._pack = None

    def _close(self, pack: _OpenPack) -> None:
        with self._flushing:
            if pack.file < 0:
                return
            os.close(pack.file)
            pack.file = -1
        with contextlib.suppress(DatabaseError):  # a full disk may refuse this too; the compactor finds unsealed packs by age
            Pack.objects.filter(pk=pack.row.pk).update(sealed=True, size=pack.written)


def _refusal(error: OSError) -> TemporarilyUnavailable:
    kind = StorageFull if error.errno in _FULL else TemporarilyUnavailable
    return kind(private=f"pack: {error.strerror or error}")


writer = Writer()


class _Readers:
    """Open files of packs, the least used closed first; reads are positioned, so threads share them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Path, int] = {}

    def descriptor(self, path: Path) -> int:
        """A duplicate of the pack's descriptor, for the caller to close. Raises FileNotFoundError."""
        with self._lock:
            file = self._open.pop(path, None)
            if file is not None:
                self._open[path] = file  # now the youngest
                return os.dup(file)
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with self._lock:
            if path not in self._open:
                self._open[path] = os.dup(file)
            while len(self._open) > _MOST_OPEN:
                os.close(self._open.pop(next(iter(self._open))))
        return file

    def forget(self, path: Path) -> None:
        with self._lock:
            file = self._open.pop(path, None)
        if file is not None:
            os.close(file)


_readers = _Readers()


@contextlib.contextmanager
def opened(name: str) -> Iterator[int]:
    """A descriptor to pread from; it stays good while a compactor unlinks the name. Raises FileNotFoundError."""
    file = _readers.descriptor(folder() / name)
    try:
        yield file
    finally:
        os.close(file)


def read(name: str, offset: int, length: int) -> bytes:
    """Some bytes of a pack. Raises FileNotFoundError, or ValueError when the pack ends before."""
    with opened(name) as file:
        return read_from(file, offset, length)


def read_from(file: int, offset: int, length: int) -> bytes:
    pieces, at = [], 0
    while at < length:
        piece = os.pread(file, length - at, offset + at)
        if not piece:
            raise ValueError(f"the pack ends at {offset + at}, {length - at} bytes early")
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def unlink(name: str) -> None:
    """Take a pack's file away; readers that have it open go on."""
    _readers.forget(folder() / name)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(folder() / name)
