"""The second end of expunged messages: content by retention and cap, slim rows by age."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailplatform.runtime import clock
from mailplatform.store import changes, expunge, fetch, flags, move, retention, usage
from mailplatform.store.folders import get
from mailplatform.store.values import FlagChange
from mailplatform.store.verify import verify
from tests.house.store.building import ANNA, a_store, assert_counters, fill, inbox, rows

DAY = timedelta(days=1)


@pytest.fixture
def account(rollback, settings) -> int:
    store = replace(settings.SITE.store, bulk_rows=2, bulk_pause_seconds=0.0, yield_free_percent=0.001)
    settings.SITE = replace(settings.SITE, store=store)
    return a_store()


def test_content_ends_with_the_retention_period(account: int) -> None:
    fill(inbox(account), 5)
    move.copy(inbox(account).id, [1], get(account, "Archive", account).id, viewer=account, actor=ANNA)
    expunge.expunge(inbox(account).id, [1, 2, 3, 4], only_deleted=False, actor=ANNA)
    assert retention.run(clock.now() + 29 * DAY, 10).messages == 0
    done = retention.run(clock.now() + 31 * DAY, 10)
    assert (done.messages, done.complete) == (4, True)
    assert usage.usage(account).expunged_bytes == 0
    assert set(fetch.message_data(inbox(account).id, [1, 2, 3, 4, 5], "summary")) == {5}
    assert len(rows("SELECT id FROM store_message")) == 2  # the copy in the archive still names the first
    assert changes.since(inbox(account).id, 0, account).vanished == (1, 2, 3, 4)
    assert verify().problems == ()
    assert retention.run(clock.now() + 31 * DAY, 10).messages == 0
    assert_counters(account)


def test_slim_rows_end_by_age_and_raise_the_floor(account: int) -> None:
    fill(inbox(account), 4)
    known = inbox(account).highestmodseq
    expunge.expunge(inbox(account).id, [1, 2, 3], only_deleted=False, actor=ANNA)
    done = retention.run(clock.now() + 401 * DAY, 10)
    assert (done.messages, done.forgotten, done.complete) == (3, 3, True)
    assert inbox(account).expunged_floor == inbox(account).highestmodseq == known + 3
    news = changes.since(inbox(account).id, known, account)
    assert (news.vanished, news.complete) == ((1, 2, 3), False)
    assert verify().problems == ()


def test_beyond_the_cap_the_oldest_go_first(account: int, settings) -> None:
    fill(inbox(account), 4)
    for uid in (1, 2, 3, 4):
        expunge.expunge(inbox(account).id, [uid], only_deleted=False, actor=ANNA)
    held = usage.usage(account).expunged_bytes
    settings.SITE = replace(settings.SITE, store=replace(settings.SITE.store, restorable_bytes=held * 5 // 8))
    assert retention.run(clock.now(), 10).messages == 2
    assert set(fetch.message_data(inbox(account).id, [1, 2, 3, 4], "summary")) == {3, 4}


def test_on_an_empty_disk_less_is_kept(account: int, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(inbox(account), 1)
    flags.store(inbox(account).id, [1], FlagChange("add", 8), viewer=account, actor=ANNA)
    expunge.expunge(inbox(account).id, None, actor=ANNA)
    settings.SITE = replace(settings.SITE, store=replace(settings.SITE.store, yield_free_percent=1e9))
    assert retention.run(clock.now() + DAY, 10).messages == 1


def test_it_stops_when_its_time_is_over(account: int) -> None:
    fill(inbox(account), 3)
    expunge.expunge(inbox(account).id, [1, 2, 3], only_deleted=False, actor=ANNA)
    done = retention.run(clock.now() + 31 * DAY, -1)
    assert (done.messages, done.complete) == (0, False)
