"""Pack files: flushed before they are named, shared flushes, full disks, sealing."""

import errno
import os
import random
import resource
import signal
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection

from mailplatform.mailflow import arrivals
from mailplatform.runtime.errors import StorageFull, TemporarilyUnavailable
from mailplatform.store import blobs, packs, space
from mailplatform.store.models import Pack
from mailplatform.store.packs import Writer
from tests.support.house import a_house, a_unit, assert_sound, rows
from tests.support.messages import a_message

NOISE = random.Random(3).randbytes(400_000)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of the test's own."""
    monkeypatch.setattr(settings, "SITE", with_(home=tmp_path))
    monkeypatch.setattr(packs, "writer", Writer())
    space.forget()
    yield tmp_path
    packs.writer.close()
    space.forget()


def with_(**fields):
    return replace(settings.SITE, **fields)


def test_a_process_appends_to_one_pack_and_seals_it_at_its_end(real, home) -> None:
    writer = Writer()
    first, second = writer.write([b"abc", b"def"]), writer.write([b"ghi"])
    assert (first.pack_id, first.offset, first.length) == (second.pack_id, 0, 6)
    assert (second.offset, second.length) == (6, 3)
    assert packs.read(second.name, 6, 3) == b"ghi"
    assert [(pack.sealed) for pack in Pack.objects.all()] == [False]
    writer.close()
    assert [(pack.sealed, pack.size) for pack in Pack.objects.all()] == [(True, 9)]
    assert writer.write([b"x"]).pack_id != first.pack_id
    writer.close()


def test_a_full_pack_is_sealed(real, home, monkeypatch) -> None:
    monkeypatch.setattr(settings, "SITE", with_(store=replace(settings.SITE.store, pack_bytes=1000)))
    writer = Writer()
    stretches = [writer.write([bytes(400)]) for _ in range(4)]
    assert len({stretch.pack_id for stretch in stretches}) == 2
    assert [pack.sealed for pack in Pack.objects.order_by("pk")] == [True, False]
    writer.close()


def test_a_fork_writes_a_pack_of_its_own(real, home) -> None:
    writer = Writer()
    mine = writer.write([b"parent"])
    writer._pid = 1  # what a forked child sees
    assert writer.write([b"child"]).pack_id != mine.pack_id
    writer.close()


def test_threads_that_write_at_once_share_flushes(real, home, monkeypatch) -> None:
    flushes = []
    flush = os.fdatasync

    def counted(file: int) -> None:
        flushes.append(file)
        threading.Event().wait(0.02)  # a slow disk
        flush(file)

    monkeypatch.setattr(os, "fdatasync", counted)
    writer = Writer()
    stretches: list[packs.Stretch] = []

    def write(n: int) -> None:
        stretches.append(writer.write([bytes([n]) * 1000]))
        connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(flushes) < 16
    assert sorted(stretch.offset for stretch in stretches) == [n * 1000 for n in range(16)]
    for stretch in stretches:
        assert len(set(packs.read(stretch.name, stretch.offset, stretch.length))) == 1
    writer.close()


def test_a_failed_flush_retires_the_pack_and_refuses_its_writers(real, home, monkeypatch) -> None:
    writer = Writer()
    good = writer.write([b"good"])

    def fails(_file: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fails)
        with pytest.raises(TemporarilyUnavailable):
            writer.write([b"bad"])
    after = writer.write([b"after"])
    assert after.pack_id != good.pack_id
    assert packs.read(good.name, 0, 4) == b"good"
    writer.close()


def test_a_producer_that_fails_leaves_no_hole_that_is_named(real, home) -> None:
    writer = Writer()

    def pieces():
        yield b"some"
        raise RuntimeError("the spool is gone")

    with pytest.raises(TemporarilyUnavailable):
        writer.write(pieces())
    assert packs.read(writer.write([b"next"]).name, 0, 4) == b"next"
    writer.close()


@contextmanager
def file_size_limit(size: int):
    """Files of this process may not grow beyond: EFBIG, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_may_not_grow_is_storage_full(real, home) -> None:
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with file_size_limit(100_000), pytest.raises(StorageFull):
            packs.writer.write([NOISE])
    finally:
        signal.signal(signal.SIGXFSZ, before)
    assert packs.read(packs.writer.write([NOISE]).name, 0, 10) == NOISE[:10]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=True, capture_output=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root; the limit on file sizes is tested for everybody")
def test_a_full_disk_refuses_large_mail_and_keeps_what_it_has(real, small_disk, monkeypatch) -> None:
    monkeypatch.setattr(settings, "SITE", with_(home=small_disk, store=replace(settings.SITE.store, min_free_percent=0)))
    monkeypatch.setattr(packs, "writer", Writer())
    a_house(1)
    contents = [a_message() + random.Random(n).randbytes(300_000) for n in range(6)]
    kept = []
    for content in contents:
        try:
            unit = a_unit(["u1@a.test"], content)
        except StorageFull:
            continue
        kept.append((arrivals.put(unit).result(5).appended[0].message_id, content))
    assert 2 <= len(kept) <= 4
    for message_id, content in kept:
        ((blob_id,),) = rows("SELECT blob_id FROM store_message WHERE id = %s", message_id)
        assert blobs.read_one(blob_id) == content
    assert_sound()
    small = arrivals.put(a_unit(["u1@a.test"])).result(5)
    assert small.appended  # small mail does not touch this disk
    assert arrivals.drain(5)


@pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root; the limit on file sizes is tested for everybody")
def test_a_nearly_full_disk_refuses_all_mail(real, small_disk, monkeypatch) -> None:
    monkeypatch.setattr(settings, "SITE", with_(home=small_disk))
    monkeypatch.setattr(packs, "writer", Writer())
    a_house(1)
    space.forget()
    (small_disk / "filler").write_bytes(bytes(1020 * 1024))
    with pytest.raises(StorageFull):
        arrivals.put(a_unit(["u1@a.test"])).result(5)
    (small_disk / "filler").unlink()
    space.forget()
    assert arrivals.put(a_unit(["u1@a.test"])).result(5).appended
    assert arrivals.drain(5)
    space.forget()
