"""The ticks and the hints: thin calls into the rooms."""

import pytest

from mailplatform.celery import app
from mailplatform.mailflow import arrivals, tasks
from mailplatform.mailflow.agent import LocalAgent
from mailplatform.runtime import clock
from mailplatform.store import notify
from mailplatform.transport import lease
from mailplatform.transport.values import LOCAL
from tests.support.clock import movable
from tests.support.house import a_house, a_unit, account_id, rows


def test_an_arrival_hints_after_its_commit(rollback, hints) -> None:
    a_house(2)
    hints.heard()
    arrivals.put(a_unit(["u1@a.test", "u2@a.test"])).result(5)
    ((channel, payload),) = hints.heard()  # one message for all that the commit touched
    modseqs, kinds = notify.parse(payload)
    assert channel == notify.CHANNEL and kinds == {"email", "folder", "thread"}
    assert modseqs.keys() == {account_id("u1@a.test"), account_id("u2@a.test")}
    modseq = modseqs[account_id("u1@a.test")]
    assert rows("SELECT modseq FROM store_accountstate WHERE account_id = %s", account_id("u1@a.test")) == [(modseq,)]


def test_a_queued_message_wakes_the_agent(rollback, hints) -> None:
    addresses = a_house(17)
    hints.heard()
    arrivals.put(a_unit(addresses)).result(5)
    assert hints.heard() == [("queue.local", "")]


def test_payloads() -> None:
    assert notify.parse(notify.rendered([(7, 12), (9, 1)], ["email"])) == ({7: 12, 9: 1}, frozenset({"email"}))
    assert notify.parse("") == ({}, frozenset())
    with pytest.raises(ValueError):
        notify.parse("email x:1")


def test_release_makes_due_items_ready_and_sweeps(rollback, hints, tmp_path) -> None:
    addresses = a_house(17)
    arrivals.put(a_unit(addresses)).result(5)
    lease.claim(LOCAL, limit=5, seconds=60, now=clock.now())
    hints.heard()
    with movable(tmp_path) as time:
        time.pass_(seconds=61)
        tasks.tick_release()
        assert rows("SELECT DISTINCT state FROM transport_queueitem") == [("ready",)]
        assert hints.heard() == [("queue.local", ""), ("queue.smtp", "")]
        LocalAgent().work()
        tasks.tick_release()
    assert rows("SELECT count(*) FROM transport_outboundmessage") == [(0,)]


def test_collect_takes_away_what_nobody_names(rollback, tmp_path) -> None:
    a_house(1)
    arrivals.put(a_unit(["u1@a.test"])).result(5)
    rows("UPDATE store_message SET blob_id = NULL RETURNING 1")
    tasks.tick_collect()
    assert rows("SELECT count(*) FROM store_blob") == [(1,)]
    with movable(tmp_path) as time:
        time.pass_(days=2)
        tasks.tick_collect()
    assert rows("SELECT (SELECT count(*) FROM store_blob), (SELECT count(*) FROM store_arrival)") == [(0, 0)]


def test_the_other_ticks_run(rollback) -> None:
    tasks.tick_retention()
    tasks.tick_partitions()
    assert rows("SELECT to_regclass('trace_message') IS NOT NULL") == [(True,)]


def test_every_tick_of_the_beat_table_exists() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
