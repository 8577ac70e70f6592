"""The local queue and its agent: many accounts, crashes, lost leases, accounts that are closed meanwhile."""

import threading
from datetime import timedelta

import pytest

from mailplatform.directory import accounts
from mailplatform.mailflow import arrivals
from mailplatform.mailflow.agent import LocalAgent, plan_of, serve, unit
from mailplatform.runtime import clock
from mailplatform.runtime.errors import Conflict
from mailplatform.store import append, blobs, folders
from mailplatform.transport import lease, settle
from mailplatform.transport.values import LOCAL
from tests.support.house import TESTER, a_house, a_unit, account_id, assert_sound, rows


def states() -> dict[str, int]:
    return dict(rows("SELECT state, count(*) FROM transport_queueitem GROUP BY 1"))


def placed() -> int:
    return rows("SELECT count(*) FROM store_entry")[0][0]


def test_more_than_sixteen_accounts_go_through_the_queue(rollback) -> None:
    addresses = a_house(20)
    result = arrivals.put(a_unit(addresses)).result(5)
    assert result.appended == () and len(result.queued) == 20
    assert placed() == 0
    assert LocalAgent().work() == 20
    assert states() == {"done": 20}
    assert placed() == 20
    assert rows("SELECT count(*) FROM store_blob") == [(1,)]
    (delivered,) = {
        bytes(row[0]).split(b"\r\n")[1]
        for row in rows("SELECT prefix FROM store_message WHERE account_id = %s", account_id("u7@a.test"))
    }
    assert delivered == b"Delivered-To: u7@a.test"
    assert_sound()


def test_sixteen_accounts_are_placed_at_once(rollback) -> None:
    addresses = a_house(16)
    assert len(arrivals.put(a_unit(addresses)).result(5).appended) == 16


def test_finished_messages_are_swept_and_their_blobs_let_go(rollback) -> None:
    addresses = a_house(17)
    arrivals.put(a_unit(addresses)).result(5)
    assert settle.sweep() == 0
    assert rows("SELECT count(*) FROM store_blobpin") == [(1,)]
    LocalAgent().work()
    assert settle.sweep() == 1
    assert rows("SELECT count(*) FROM store_blobpin") == [(0,)]
    assert states() == {}


def claimed(seconds: float = 60):
    return lease.claim(LOCAL, limit=100, seconds=seconds, now=clock.now())


def placement_unit(item):
    content = blobs.read_one(item.blob_id)
    return unit(item, plan_of(item, content), append.prepare_message(content))


def test_a_crash_after_the_commit_doubles_nothing(rollback) -> None:
    """The placement settles its item itself, so there is nothing between the two to be lost."""
    arrivals.put(a_unit(a_house(17))).result(5)
    items = claimed()
    arrivals.put(placement_unit(items[0])).result(5)
    # the agent dies here; its leases run out
    assert lease.release_expired(clock.now() + timedelta(seconds=61)) == 16
    assert LocalAgent().work() == 16
    assert placed() == 17
    assert states() == {"done": 17}


def test_a_lost_lease_places_nothing(rollback) -> None:
    arrivals.put(a_unit(a_house(17))).result(5)
    stale = claimed()
    lease.release_expired(clock.now() + timedelta(seconds=61))
    fresh = claimed()
    assert {item.id for item in fresh} == {item.id for item in stale}
    with pytest.raises(Conflict):
        arrivals.put(placement_unit(stale[0])).result(5)
    assert placed() == 0
    arrivals.put(placement_unit(fresh[0])).result(5)
    assert placed() == 1


def test_a_closed_account_fails_alone(rollback) -> None:
    arrivals.put(a_unit(a_house(17))).result(5)
    accounts.close_account("u3@a.test", actor=TESTER)
    LocalAgent().work()
    assert placed() == 16
    assert rows("SELECT destination, state, dsn_due FROM transport_queueitem WHERE dsn_due <> ''") == [
        ("u3@a.test", "done", "failed")
    ]
    assert settle.sweep() == 0  # a report is due


def test_an_account_without_an_inbox_is_tried_again_later(rollback) -> None:
    arrivals.put(a_unit(a_house(17))).result(5)
    rows("UPDATE store_folder SET deleted_at = now() WHERE account_id = %s RETURNING id", account_id("u3@a.test"))
    LocalAgent().work()
    assert states() == {"done": 16, "deferred": 1}
    assert lease.release_due(clock.now()) == 0
    rows("UPDATE store_folder SET deleted_at = NULL WHERE account_id = %s RETURNING id", account_id("u3@a.test"))
    later = clock.now() + timedelta(hours=1)
    assert lease.release_due(later) == 1
    assert LocalAgent().deliver(lease.claim(LOCAL, limit=10, seconds=60, now=later)) == []
    assert placed() == 17


def test_the_role_serves_until_it_is_stopped(real) -> None:
    addresses = a_house(20)
    stopping, hint, begun = threading.Event(), threading.Event(), threading.Event()
    role = threading.Thread(target=serve, args=(LocalAgent(), stopping, hint), kwargs={"poll_seconds": 0.01, "ready": begun.set})
    role.start()
    assert begun.wait(5)
    arrivals.put(a_unit(addresses)).result(5)
    deadline = clock.monotonic() + 10
    while states() != {"done": 20} and clock.monotonic() < deadline:
        stopping.wait(0.01)
    stopping.set()
    role.join(5)
    assert not role.is_alive()
    assert states() == {"done": 20}
    assert folders.get(account_id("u1@a.test"), "INBOX", account_id("u1@a.test")).messages == 1
    assert arrivals.drain(5)
    assert_sound()
