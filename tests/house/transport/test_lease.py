"""The queue: claims, leases, fences, outcomes, schedules."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from mailplatform.mailflow import arrivals
from mailplatform.runtime import clock
from mailplatform.transport import lease, schedule, settle
from mailplatform.transport.settle import Verdict
from mailplatform.transport.values import LOCAL, Ending
from tests.support.house import a_house, a_unit, another, rows

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def queued(number: int = 17) -> tuple[int, ...]:
    return arrivals.put(a_unit(a_house(number))).result(5).queued


def claim(limit: int = 100, seconds: float = 60, now: datetime | None = None):
    return lease.claim(LOCAL, limit=limit, seconds=seconds, now=now or clock.now())


def states() -> dict[str, int]:
    return dict(rows("SELECT state, count(*) FROM transport_queueitem GROUP BY 1"))


def test_items_are_claimed_once_oldest_first(rollback) -> None:
    ids = queued()
    first, second = claim(10), claim(10)
    assert [item.id for item in (*first, *second)] == list(ids)
    assert claim() == []
    assert {item.attempts for item in first} == {1}
    assert first[0].trace_id and first[0].reverse_path == "anna@outside.example" and first[0].prefix.startswith(b"Received: ")


def test_agents_that_claim_at_the_same_moment_share(real) -> None:
    ids = queued()
    with another(real.dsn) as other:
        other.execute("SELECT FROM transport_queueitem WHERE id = ANY(%s) FOR UPDATE", [list(ids[:5])])
        assert [item.id for item in claim()] == list(ids[5:])
    assert arrivals.drain(5)


def test_a_lease_is_renewed_and_runs_out(rollback) -> None:
    queued()
    items, now = claim(5), clock.now()
    assert lease.renew(items[:2], seconds=600, now=now) == {item.id for item in items[:2]}
    assert lease.release_expired(now + timedelta(seconds=61)) == 3
    again = claim(3)
    assert {item.attempts for item in again} == {2}
    assert lease.renew(items, seconds=600, now=now) == {item.id for item in items[:2]}


def test_a_stale_outcome_is_dropped(rollback) -> None:
    queued()
    (item,) = claim(1)
    lease.release_expired(clock.now() + timedelta(seconds=61))
    (fresh,) = claim(1)
    assert fresh.id == item.id and fresh.token != item.token
    assert settle.settle([Verdict(item.id, item.token, Ending.DELIVERED)]) == set()
    assert settle.settle([Verdict(fresh.id, fresh.token, Ending.DELIVERED)]) == {fresh.id}
    assert settle.settle([Verdict(fresh.id, fresh.token, Ending.FAILED, "late")]) == set()
    assert settle.settle([]) == set()


def test_outcomes(rollback) -> None:
    queued()
    done, later, failed, *_ = claim(5)
    due = clock.now() + timedelta(minutes=5)
    outcomes = [
        Verdict(failed.id, failed.token, Ending.FAILED, "550 no", report="failed"),
        Verdict(done.id, done.token, Ending.DELIVERED, "250 ok"),
        Verdict(later.id, later.token, Ending.DEFERRED, "451 later", due),
        Verdict(12345, uuid4(), Ending.DELIVERED),
    ]
    assert settle.settle(outcomes) == {done.id, later.id, failed.id}
    assert states() == {"ready": 12, "leased": 2, "done": 2, "deferred": 1}
    assert rows("SELECT last_reply, due_at, dsn_due FROM transport_queueitem WHERE state = 'deferred'") == [
        ("451 later", due, "")
    ]
    assert rows("SELECT dsn_due FROM transport_queueitem WHERE last_reply = '550 no'") == [("failed",)]
    assert lease.release_due(due - timedelta(seconds=1)) == 0
    assert lease.release_due(due) == 1
    assert later.id in [item.id for item in claim(20, now=due)]


def test_the_final_dot_is_marked_before_it_is_sent(rollback) -> None:
    queued()
    items = claim(2)
    assert lease.mark_in_doubt(items[:1]) == {items[0].id}
    assert rows("SELECT id FROM transport_queueitem WHERE in_doubt") == [(items[0].id,)]
    lease.release_expired(clock.now() + timedelta(seconds=61))
    assert lease.mark_in_doubt(items) == set()
    (again,) = [item for item in claim() if item.id == items[0].id]
    assert again.in_doubt
    settle.settle([Verdict(again.id, again.token, Ending.DELIVERED)])
    assert rows("SELECT count(*) FROM transport_queueitem WHERE in_doubt") == [(0,)]


@given(st.integers(1, 60), st.floats(-1, 1))
def test_pauses_grow_and_are_bounded(attempts, jitter) -> None:
    pause = schedule.pause(attempts, first=300, longest=14400, jitter=jitter)
    assert 269.9 < pause < 15840.1
    assert schedule.pause(attempts + 1, first=300, longest=14400) >= schedule.pause(attempts, first=300, longest=14400)


def test_the_last_attempt_is_at_the_end() -> None:
    def due(attempts: int, hours: float) -> datetime | None:
        return schedule.next_try(attempts, NOW, NOW + timedelta(hours=hours), first=300, longest=14400)

    assert due(1, 24) == NOW + timedelta(minutes=5)
    assert due(9, 24) == NOW + timedelta(hours=4)
    assert due(9, 1) == NOW + timedelta(hours=1)
    assert due(9, 0.01) is None
    assert schedule.next_try(3, NOW, None, first=300, longest=14400) == NOW + timedelta(minutes=20)


def test_an_expiry_is_never_passed_by() -> None:
    moment, expires, tries = NOW, NOW + timedelta(days=5), 0
    while True:
        tries += 1
        following = schedule.next_try(tries, moment, expires, first=300, longest=14400)
        if following is None:
            break
        assert moment < following <= expires
        moment = following
    assert 30 < tries < 60 and moment == expires
