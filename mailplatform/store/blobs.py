"""Blobs: content-addressed bytes, small ones in a row, large ones in pack files, one way to all of them.

The hash is of what the peer sent, so fifty recipients and the sender's own copy share one blob; the fields we add stand
beside each message. A blob lives while a message or a pin names it. Writing it again locks its row by touching it
(``ON CONFLICT DO UPDATE``), which is what keeps the collector away until the transaction that names it has committed.

Known gaps: packs are the one BlobStore so far; an S3 one keeps the same four promises.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings

from mailplatform.runtime import clock
from mailplatform.runtime.arrays import columns
from mailplatform.runtime.database import cursor
from mailplatform.runtime.errors import NotFound, TemporarilyUnavailable
from mailplatform.runtime.sqlfiles import load
from mailplatform.store import compress, packs, statements
from mailplatform.store.models import Blob, BlobPin
from mailplatform.store.values import PreparedBlob

log = logging.getLogger(__name__)
_PACKAGE = "mailplatform.store"
_UPSERT = "hashes:bytea sizes:int8 codecs:int2 datas:bytea pack_ids:int8 pack_offsets:int8 pack_lengths:int8"
_LATELY = timedelta(hours=6)  # a body touched since is not touched again: far less than the collector's grace


class BlobStore(Protocol):
    """Where large blobs stand. What ``write`` returned is durable; a stretch never changes its bytes."""

    def write(self, pieces: Iterable[bytes]) -> packs.Stretch: ...

    def read(self, name: str, offset: int, length: int) -> bytes: ...


class _Packs:
    def write(self, pieces: Iterable[bytes]) -> packs.Stretch:
        return packs.writer.write(pieces)

    def read(self, name: str, offset: int, length: int) -> bytes:
        return packs.read(name, offset, length)


large: BlobStore = _Packs()


def digest(content: bytes) -> bytes:
    """BLAKE2b-256, the name of the bytes."""
    return hashlib.blake2b(content, digest_size=32).digest()


def prepare(content: bytes) -> PreparedBlob:
    """Hash and pack; a large one is also written and flushed, and only then is the database asked.

    Raises StorageFull or TemporarilyUnavailable, for large blobs only.
    """
    name, limit = digest(content), settings.SITE.store.inline_bytes
    if len(content) <= 4 * limit:
        codec, packed = compress.pack(content, level=settings.SITE.store.compression_level)
        if len(packed) <= limit:
            return PreparedBlob(name, len(content), codec, packed)
    known = _touch(name)
    if known is not None:
        return known
    view = memoryview(content)
    codec, pieces = compress.pack_blocks(bytes(view[at : at + compress.BLOCK]) for at in range(0, len(content), compress.BLOCK))
    stretch = large.write(pieces)
    return PreparedBlob(name, len(content), codec, None, stretch.pack_id, stretch.offset, stretch.length)


def _touch(name: bytes) -> PreparedBlob | None:
    """A large blob that we have already, kept from the collector for another day."""
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "blob_touch"), {"hash": name, "now": clock.now()})
        row = opened.fetchone()
    return None if row is None else PreparedBlob(name, row[0], row[1], None, row[2], row[3], row[4])


@dataclass(frozen=True, slots=True)
class _Place:
    id: int
    size: int
    codec: int
    data: bytes | None
    pack: str | None
    offset: int
    length: int


def _places(blob_ids: Sequence[int]) -> list[_Place]:
    # Binary: as text, every byte of a body would come as two.
    return [_Place(*row) for row in statements.run("blob_places", {"ids": list(blob_ids)}, binary=True)]


def read(blob_ids: Sequence[int]) -> dict[int, bytes]:
    """The contents, by id; an unknown id is missing. Raises TemporarilyUnavailable when bytes are damaged or away."""
    return {place.id: b"".join(_pieces(place, 0, place.size)) for place in _places(blob_ids)}


def read_one(blob_id: int) -> bytes:
    """One content. Raises NotFound, TemporarilyUnavailable."""
    found = read([blob_id])
    if blob_id not in found:
        raise NotFound(private=f"blob {blob_id}")
    return found[blob_id]


def stream(blob_id: int, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """A content's bytes from start up to end, in pieces of at most 256 KiB. Raises NotFound, TemporarilyUnavailable.

    Only the first piece asks the database; no connection is needed while a peer takes the rest.
    """
    places = _places([blob_id])
    if not places:
        raise NotFound(private=f"blob {blob_id}")
    (place,) = places
    last = place.size if end is None else min(end, place.size)
    return _pieces(place, max(start, 0), last)


def _pieces(place: _Place, start: int, end: int) -> Iterator[bytes]:
    try:
        if place.data is not None:
            yield compress.unpack(place.codec, place.data, place.size)[start:end]
            return
        assert place.pack is not None
        try:
            with packs.opened(place.pack) as file:
                yield from _from_pack(file, place, start, end)
        except FileNotFoundError:
            # Compacted since the row was read: the row names its new place.
            moved = _places([place.id])
            if not moved or moved[0].pack in (place.pack, None):
                raise
            with packs.opened(moved[0].pack or "") as file:
                yield from _from_pack(file, moved[0], start, end)
    except (ValueError, OSError) as error:
        log.error("blob %d: %s", place.id, error)
        raise TemporarilyUnavailable(private=f"blob {place.id}: {error}") from error


def _from_pack(file: int, place: _Place, start: int, end: int) -> Iterator[bytes]:
    def piece(offset: int, length: int) -> bytes:
        return packs.read_from(file, place.offset + offset, length)

    return compress.unpack_range(place.codec, piece, place.length, start, end)


def store(content: bytes) -> int:
    """Write a blob in the caller's transaction and give its id; for imports, uploads and tests. Pin it, or it is collected."""
    blob = prepare(content)
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "blob_upsert"), upsert_arrays([blob], clock.now()))
        return int(opened.fetchone()[0])


def upsert_arrays(prepared: Iterable[PreparedBlob], now: datetime) -> dict[str, Any]:
    """Parameters of blob_upsert: each hash once, in the order of hashes, so that two writers never wait in a circle."""
    distinct = {blob.hash: blob for blob in prepared}
    ordered = [distinct[name] for name in sorted(distinct)]
    rows = [(b.hash, b.size, b.codec, b.inline, b.pack_id, b.pack_offset, b.pack_length) for b in ordered]
    return {**columns(_UPSERT, rows), "now": now, "lately": now - _LATELY}


def pin(blob_id: int, kind: str, holder: int, until: datetime | None = None) -> None:
    """Keep a blob for a holder ("queue", "upload", …), in the caller's transaction; again with another date moves the date."""
    locked = Blob.objects.filter(pk=blob_id).update(touched=clock.now())
    if not locked:
        raise NotFound(private=f"blob {blob_id}")
    BlobPin.objects.update_or_create(kind=kind, holder=holder, blob_id=blob_id, defaults={"until": until})


def unpin(kind: str, holders: Sequence[int]) -> int:
    """Let go what these holders kept; how many pins there were. The blobs are touched, so their grace begins now."""
    held = BlobPin.objects.filter(kind=kind, holder__in=list(holders))
    kept = Blob.objects.filter(pk__in=held.values("blob_id"))
    locked = list(kept.order_by("hash").select_for_update(no_key=True).values_list("pk", flat=True))  # the house's lock order
    if locked:
        Blob.objects.filter(pk__in=locked).update(touched=clock.now())
    return held.delete()[0]
