"""Blobs: one row a content, wherever its bytes are; pins and the collector; compaction under readers."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction

from mailplatform.mailflow import arrivals
from mailplatform.runtime import clock
from mailplatform.runtime.errors import NotFound, TemporarilyUnavailable
from mailplatform.store import blobs, collect, packs
from mailplatform.store.models import Blob, BlobPin, Pack
from tests.support.house import a_house, a_unit, another, rows
from tests.support.messages import a_message

DAY = timedelta(days=1)


def noise(seed: int, size: int = 300_000) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture(autouse=True)
def own_packs(monkeypatch):
    monkeypatch.setattr(packs, "writer", packs.Writer())
    yield
    packs.writer.close() if packs.writer._pack is not None else None


def test_small_blobs_stand_in_the_row_and_large_ones_in_a_pack(rollback) -> None:
    small, large, text = blobs.store(b"small"), blobs.store(noise(1)), blobs.store(b"a long text. " * 60_000)
    places = dict(Blob.objects.values_list("pk", "pack_id"))
    assert places[small] is None and places[large] is not None and places[text] is not None
    assert blobs.read([small, large, text, 99]) == {small: b"small", large: noise(1), text: b"a long text. " * 60_000}


def test_a_large_text_that_packs_well_stays_in_the_row(rollback) -> None:
    content = b"the same again and again. " * 8_000
    blob_id = blobs.store(content)
    assert Blob.objects.get(pk=blob_id).pack_id is None
    assert blobs.read_one(blob_id) == content


def test_a_content_is_stored_once(rollback) -> None:
    assert blobs.store(b"same") == blobs.store(b"same")
    first = blobs.prepare(noise(2))
    blobs.store(noise(2))
    again = blobs.prepare(noise(2))  # known by now: not written a second time
    assert (again.pack_id, again.pack_offset) != (None, 0) or again.hash == first.hash
    assert Blob.objects.filter(hash=first.hash).count() == 1


def test_ranges_of_a_large_blob(rollback) -> None:
    content = b"".join(b"line %d\r\n" % n for n in range(200_000)) + noise(4)
    blob_id = blobs.store(content)
    for start, end in ((0, None), (0, 10), (262_140, 262_150), (1_000_000, 1_700_000), (len(content) - 5, None), (10**9, None)):
        assert b"".join(blobs.stream(blob_id, start, end)) == content[start:end]
    assert max(map(len, blobs.stream(blob_id))) <= 256 * 1024


def test_unknown_and_damaged_blobs_are_told(rollback) -> None:
    with pytest.raises(NotFound):
        blobs.read_one(12345)
    with pytest.raises(NotFound):
        list(blobs.stream(12345))
    blob_id = blobs.store(a_message(size=3000))
    Blob.objects.filter(pk=blob_id).update(data=b"\x28\xb5\x2f\xfdgarbage")
    with pytest.raises(TemporarilyUnavailable):
        blobs.read_one(blob_id)


def test_an_empty_content_is_a_blob_too(rollback) -> None:
    assert blobs.read_one(blobs.store(b"")) == b""


def collect_in(days: int) -> int:
    return collect.collect_all(clock.now() + days * DAY, DAY).deleted


def test_what_nothing_names_is_collected_after_its_grace(rollback) -> None:
    a_house(1)
    arrivals.put(a_unit(["u1@a.test"])).result(5)
    garbage = blobs.store(b"nobody's")
    assert collect_in(0) == 0
    assert collect_in(2) == 1
    assert not Blob.objects.filter(pk=garbage).exists() and Blob.objects.count() == 1


def test_a_pin_keeps_a_blob_and_has_an_end(rollback) -> None:
    kept, timed = blobs.store(b"kept"), blobs.store(b"timed")
    blobs.pin(kept, "queue", 1)
    blobs.pin(timed, "upload", 1, until=clock.now() + timedelta(hours=25))
    assert collect_in(2) == 0  # a pin too has its grace
    assert collect_in(4) == 1
    assert blobs.unpin("queue", [1]) == 1
    assert collect_in(4) == 1
    assert BlobPin.objects.count() == 0
    with pytest.raises(NotFound):
        blobs.pin(kept, "queue", 2)


def test_collecting_goes_slice_by_slice(rollback) -> None:
    for n in range(7):
        blobs.store(b"garbage %d" % n)
    later, after, deleted = clock.now() + 2 * DAY, 0, []
    while (done := collect.collect(later, DAY, after, limit=3)).after is not None:
        deleted.append(done.deleted)
        after = done.after
    assert deleted == [3, 3, 1]


def test_an_arrival_under_way_keeps_the_collector_away(real) -> None:
    """It has touched the blob and not committed: the row is locked, and skipped."""
    content = b"wanted again"
    blob_id = blobs.store(content)
    with another(real.dsn) as arrival:
        arrival.execute("UPDATE store_blob SET touched = now() WHERE id = %s", [blob_id])
        assert collect_in(2) == 0
        arrival.commit()
    assert Blob.objects.filter(pk=blob_id).exists()


def test_an_arrival_that_comes_during_collection_writes_the_blob_anew(real) -> None:
    a_house(1)
    content = a_message()
    old = blobs.store(content)
    with another(real.dsn) as collector:
        collector.execute("DELETE FROM store_blob WHERE id = %s", [old])
        future = arrivals.put(a_unit(["u1@a.test"], content))
        with pytest.raises(TimeoutError):
            future.result(0.2)
        collector.commit()
    assert future.result(5).appended
    ((blob_id,),) = rows("SELECT blob_id FROM store_message")
    assert blob_id != old and blobs.read_one(blob_id) == content
    assert arrivals.drain(5)


def test_a_message_that_appears_between_the_locks_is_seen_under_them(real) -> None:
    """The second look is a statement of its own, newer than the lock."""
    a_house(1)
    content = a_message()
    blob_id = blobs.store(content)
    later = clock.now() + 2 * DAY
    with transaction.atomic(), another(real.dsn, autocommit=True) as other:
        other.execute(
            "INSERT INTO store_message (id, account_id, blob_id, prefix, size, thread_id, created_modseq, envelope, "
            "bodystructure, message_id, subject, subject_key, from_text, to_text, cc_text, bcc_text, from_key, to_key, cc_key, "
            "author, preview, has_attachment) "
            "VALUES (1, 1, %s, '', 1, 1, 1, '', '', '', '', '', '', '', '', '', '', '', '', '', '', false)",
            [blob_id],
        )
        assert collect.collect(later, DAY).deleted == 0


def test_a_pack_of_holes_is_rewritten_and_ended_after_its_grace(real, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(settings, "SITE", replace(settings.SITE, home=tmp_path))
    writer = packs.writer
    stays, goes = blobs.store(noise(5)), blobs.store(noise(6, 900_000))
    blobs.pin(stays, "upload", 1)
    pack_id = Blob.objects.get(pk=stays).pack_id
    writer.close()
    now = clock.now()
    assert collect.compact(now) == 0  # all live
    assert collect.collect_all(now + 2 * DAY, DAY).deleted == 1 and not Blob.objects.filter(pk=goes).exists()
    reader = blobs.stream(stays)
    first = next(reader)
    assert collect.compact(now + 2 * DAY) > 0
    assert Blob.objects.get(pk=stays).pack_id != pack_id
    assert blobs.read_one(stays) == noise(5)
    assert collect.unlink_retired(now + 2 * DAY) == 0
    name = Pack.objects.get(pk=pack_id).name
    assert collect.unlink_retired(now + 4 * DAY) == 1
    assert not (packs.folder() / name).exists() and not Pack.objects.filter(pk=pack_id).exists()
    assert first + b"".join(reader) == noise(5)  # who was reading reads on
    writer.close()


def test_a_reader_that_knew_the_old_place_finds_the_new_one(real, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(settings, "SITE", replace(settings.SITE, home=tmp_path))
    stays = blobs.store(noise(7))
    packs.writer.close()
    pack = Pack.objects.get()
    (place,) = blobs._places([stays])
    collect._rewrite(pack, clock.now())
    packs.unlink(pack.name)
    assert b"".join(blobs._pieces(place, 0, place.size)) == noise(7)
    packs.writer.close()


def test_results_of_arrivals_are_forgotten_after_a_day(rollback) -> None:
    a_house(1)
    arrivals.put(a_unit(["u1@a.test"])).result(5)
    assert collect.forget_arrivals(clock.now(), DAY) == 0
    assert collect.forget_arrivals(clock.now() + 2 * DAY, DAY) == 1
