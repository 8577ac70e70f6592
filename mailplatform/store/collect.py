"""Taking away what nothing names: blobs without a message or a pin, and the holes they leave in pack files.

The collector looks at the blobs in the order of their ids, a stretch at a time, and deletes those that nothing names and
nobody touched for ``blob_grace_seconds``. It locks them first (SKIP LOCKED, in the order of hashes) and looks again under
the lock, in a statement of its own: an arrival that wants such a blob has touched it and holds the lock, or waits for ours
and then writes the blob anew.

The compactor rewrites a sealed pack that is mostly holes: new bytes flushed, rows moved in one transaction, and the old
file unlinked after a grace period that is longer than any reader or backup takes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from mailplatform.runtime.database import cursor
from mailplatform.runtime.sqlfiles import load
from mailplatform.store import packs
from mailplatform.store.models import Arrival, AutoCopy, Blob, Pack

_PACKAGE = "mailplatform.store"
_SLICE = 1000  # blobs locked in one transaction
_LIVE_SHARE = 0.5  # a pack with more live bytes than this is left alone
GRACE = timedelta(hours=24)  # between a pack's retirement and its end
_ABANDONED = timedelta(days=1)  # an unsealed pack this old has no writer any more


@dataclass(frozen=True, slots=True)
class Collected:
    """One slice of collecting. after: where the next slice begins; None when all blobs have been looked at."""

    deleted: int
    after: int | None


def collect(now: datetime, grace: timedelta, after: int = 0, limit: int = _SLICE) -> Collected:
    """Look at up to ``limit`` blobs with ids above ``after``; delete what is garbage among them, in one short transaction."""
    with transaction.atomic(), cursor() as opened:
        params: dict[str, Any] = {"after": after, "limit": limit, "before": now - grace}
        opened.execute(load(_PACKAGE, "blob_stretch"), params)
        (last,) = opened.fetchone()
        if last is None:
            return Collected(0, None)
        opened.execute(load(_PACKAGE, "blob_garbage"), params | {"last": last})
        locked = [row[0] for row in opened.fetchall()]
        deleted = 0
        if locked:
            opened.execute(load(_PACKAGE, "blob_delete"), {"ids": locked, "before": now - grace})
            deleted = opened.rowcount
        return Collected(deleted, last)


def collect_all(now: datetime, grace: timedelta, after: int = 0, seconds: float = float("inf")) -> Collected:
    """The walk, slice by slice, for about so many seconds; where to go on, None at its end."""
    deleted, end = 0, time.monotonic() + seconds
    while True:
        done = collect(now, grace, after)
        deleted += done.deleted
        if done.after is None or time.monotonic() > end:
            return Collected(deleted, done.after)
        after = done.after


def forget_arrivals(now: datetime, keep: timedelta) -> int:
    """Forget the results of arrivals that nobody can be asking for any more, and which copies in Sent were ours."""
    AutoCopy.objects.filter(created_at__lt=now - keep - timedelta(days=1))._raw_delete("default")
    return Arrival.objects.filter(created_at__lt=now - keep)._raw_delete("default")


def compact(now: datetime) -> int:
    """Rewrite one sealed pack that is mostly holes; how many bytes it gave back, 0 when there is none."""
    Pack.objects.filter(sealed=False, created_at__lt=now - _ABANDONED).update(sealed=True)
    for pack in Pack.objects.filter(sealed=True, retired_at=None).order_by("pk"):
        live = Blob.objects.filter(pack=pack).aggregate(size=Sum("pack_length"))["size"] or 0
        if live > pack.size * _LIVE_SHARE and live > 0:
            continue
        if live == 0 and now - pack.created_at < _ABANDONED:
            continue  # its writer may have flushed bytes that no row names yet
        _rewrite(pack, now)
        return pack.size - live
    return 0


def _rewrite(pack: Pack, now: datetime) -> None:
    for blob_id, offset, length in Blob.objects.filter(pack=pack).values_list("pk", "pack_offset", "pack_length"):
        stretch = packs.writer.write([packs.read(pack.name, offset, length)])
        Blob.objects.filter(pk=blob_id, pack=pack).update(pack=stretch.pack_id, pack_offset=stretch.offset)
    Pack.objects.filter(pk=pack.pk).update(retired_at=now)


def unlink_retired(now: datetime, grace: timedelta = GRACE) -> int:
    """End packs that were retired long enough ago; one that got a blob after all goes back to the compactor."""
    ended = 0
    for pack in Pack.objects.filter(retired_at__lt=now - grace):
        if Blob.objects.filter(pack=pack).exists():
            Pack.objects.filter(pk=pack.pk).update(retired_at=None)
            continue
        packs.unlink(pack.name)
        pack.delete()
        ended += 1
    return ended
