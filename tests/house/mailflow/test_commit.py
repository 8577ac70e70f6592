"""What happens when a commit does not go well: lost answers, busy accounts, guilty units, changes in the middle."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction

from mailplatform.directory import accounts, addresses
from mailplatform.mailflow import arrivals, batch, receive
from mailplatform.mailflow.append import appended
from mailplatform.mailflow.arrivals import Waiting, commit
from mailplatform.mailflow.transaction import Disposition, Recipient
from mailplatform.runtime.committer import LATER
from mailplatform.runtime.errors import NotFound, OverQuota, TemporarilyUnavailable
from mailplatform.store import folders
from mailplatform.store.values import SYSTEM, ArrivalResult
from tests.support.house import (
    SESSION,
    TESTER,
    a_house,
    a_transaction,
    a_unit,
    account_id,
    another,
    assert_sound,
    recipients,
    rows,
)
from tests.support.messages import a_message


def at_once(*units, patient=False):
    return commit([Waiting(unit, time.monotonic()) for unit in units], patient)


def placed() -> int:
    return rows("SELECT count(*) FROM store_entry")[0][0]


# -- lost answers


def test_a_unit_that_was_committed_is_not_committed_again(rollback) -> None:
    a_house(1)
    unit = a_unit(["u1@a.test"])
    (first,) = at_once(unit)
    (again,) = at_once(unit)
    assert again == first
    assert placed() == 1


def test_a_committed_unit_among_new_ones(rollback) -> None:
    """Nothing of the run that finds it stays, and the new ones get their own uids."""
    a_house(1)
    old = a_unit(["u1@a.test"])
    (first,) = at_once(old)
    outcomes = at_once(a_unit(["u1@a.test"]), old, a_unit(["u1@a.test"]))
    assert outcomes[1] == first
    assert [outcome.appended[0].uid for outcome in outcomes] == [2, 1, 3]
    assert_sound()


class KillAt:
    """Ends this connection's backend when the given statement has run, once: what a server's crash looks like from here."""

    def __init__(self, dsn: str, monkeypatch, *, committed: bool) -> None:
        self.killed = 0
        run, killer = batch.run, self

        def kill(pid: int) -> None:
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            killer.killed += 1

        def run_and_die(*args, **fields):
            if killer.killed:
                return run(*args, **fields)
            if committed:
                results = run(*args, **fields)  # COMMIT has been done; its answer is lost
                kill(connection.connection.info.backend_pid)
                connection.cursor().execute("SELECT 1")  # raises what the lost connection raises
                return results
            with transaction.atomic():
                run(*args, **fields)
                kill(connection.connection.info.backend_pid)
                connection.cursor().execute("SELECT 1")
            raise AssertionError("unreachable")

        monkeypatch.setattr(batch, "run", run_and_die)


@pytest.mark.parametrize("committed", [True, False])
def test_a_backend_that_dies_around_the_commit_loses_and_doubles_nothing(real, monkeypatch, committed) -> None:
    a_house(3)
    units = [a_unit([f"u{n % 3 + 1}@a.test"]) for n in range(9)]
    kill = KillAt(real.dsn, monkeypatch, committed=committed)
    outcomes = at_once(*units)
    assert kill.killed == 1
    assert all(isinstance(outcome, ArrivalResult) for outcome in outcomes)
    assert [outcome.unit_id for outcome in outcomes] == [unit.unit_id for unit in units]
    assert placed() == 9
    assert {outcome.appended[0].message_id for outcome in outcomes} == {row[0] for row in rows("SELECT id FROM store_message")}
    assert_sound()


def test_a_server_that_stays_away_refuses_for_now(real, monkeypatch) -> None:
    a_house(1)
    unit = a_unit(["u1@a.test"])
    monkeypatch.setattr(arrivals, "_RECONNECT", (0.0, 0.0))
    with psycopg.connect(real.dsn, autocommit=True) as other:
        name = other.info.dbname
        with psycopg.connect(real.dsn, dbname="postgres", autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [name]
            )
            (outcome,) = at_once(unit)
            assert isinstance(outcome, TemporarilyUnavailable)
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    (outcome,) = at_once(unit)
    assert isinstance(outcome, ArrivalResult)
    assert placed() == 1


def test_the_earlier_try_may_still_be_in_flight(real) -> None:
    """The second try waits for the first on the unique index, and then knows."""
    a_house(1)
    unit = a_unit(["u1@a.test"])
    with another(real.dsn) as first:
        result = '{"appended":[[1,2,3,4,5,6]],"queued":[]}'
        first.execute("INSERT INTO store_arrival (unit_id, result) VALUES (%s, %s)", [unit.unit_id, result])
        second = arrivals.put(unit)
        with pytest.raises(TimeoutError):
            second.result(0.2)
        first.commit()
    assert second.result(5).appended[0].uid == 4
    assert placed() == 0
    assert arrivals.drain(5)


# -- guilty units


def test_one_guilty_unit_fails_alone(rollback) -> None:
    a_house(1)
    good, bad = a_unit(["u1@a.test"]), a_unit(["u1@a.test"])
    message = replace(bad.placements[0].message, preview="no\x00text")
    bad = replace(bad, placements=(replace(bad.placements[0], message=message),))
    outcomes = at_once(good, bad, a_unit(["u1@a.test"]))
    assert isinstance(outcomes[1], TemporarilyUnavailable)
    assert [outcomes[n].appended[0].uid for n in (0, 2)] == [1, 2]
    assert_sound()


def test_a_missing_trace_partition_spills(rollback) -> None:
    a_house(1)
    unit = a_unit(["u1@a.test"])
    old = datetime(1999, 1, 1, tzinfo=UTC)
    unit = replace(unit, messages=tuple(replace(row, at=old) for row in unit.messages))
    (outcome,) = at_once(unit)
    assert outcome.appended[0].uid == 1
    assert rows("SELECT count(*) FROM trace_spill")[0][0] >= 2


def test_an_account_without_a_store_fails_alone(rollback) -> None:
    a_house(2)
    rows("DELETE FROM store_accountstate WHERE account_id = %s RETURNING 1", account_id("u1@a.test"))
    outcomes = at_once(a_unit(["u1@a.test"]), a_unit(["u2@a.test"]))
    assert isinstance(outcomes[0], TemporarilyUnavailable)
    assert outcomes[1].appended[0].uid == 1


# -- changes in the middle


def test_a_deleted_folder_falls_back_to_the_inbox(rollback) -> None:
    a_house(1)
    owner = account_id("u1@a.test")
    folder = folders.create(owner, "Lists", actor=SYSTEM)
    unit = a_unit(["u1@a.test"])
    unit = replace(unit, placements=(replace(unit.placements[0], folder_id=folder.id),))
    folders.delete(owner, "Lists", actor=SYSTEM)
    (outcome,) = at_once(unit)
    assert outcome.appended[0].folder_id == folders.get(owner, "INBOX", owner).id
    assert rows("SELECT count(*) FROM trace_event WHERE code = 'folder.gone'") == [(1,)]


def test_an_append_to_a_deleted_folder_fails_alone(rollback) -> None:
    a_house(1)
    owner = account_id("u1@a.test")
    folder = folders.create(owner, "Lists", actor=SYSTEM)
    folders.delete(owner, "Lists", actor=SYSTEM)
    outcomes = at_once(appended(folder, a_message(), actor=SYSTEM), a_unit(["u1@a.test"]))
    assert isinstance(outcomes[0], NotFound)
    assert outcomes[1].appended[0].uid == 1


def test_a_closed_account_fails_alone(rollback) -> None:
    a_house(2)
    one, both = a_unit(["u2@a.test"]), a_unit(["u1@a.test", "u2@a.test"])
    accounts.close_account("u1@a.test", actor=TESTER)
    outcomes = at_once(one, both)
    assert outcomes[0].appended[0].uid == 1
    assert isinstance(outcomes[1], NotFound)
    assert placed() == 1


def test_a_moved_alias_is_followed(rollback) -> None:
    a_house(2)
    addresses.add_alias("info@a.test", ["u1@a.test"], actor=TESTER)
    unit = a_unit(["info@a.test"])
    addresses.remove_address("info@a.test", actor=TESTER)
    addresses.add_alias("info@a.test", ["u2@a.test"], actor=TESTER)
    (outcome,) = at_once(unit)
    assert [made.account_id for made in outcome.appended] == [account_id("u2@a.test")]
    ((prefix,),) = rows("SELECT prefix FROM store_message")
    assert b"Delivered-To: u2@a.test\r\n" in bytes(prefix)


def test_a_directory_that_changed_elsewhere_changes_nothing(rollback) -> None:
    a_house(1)
    unit = a_unit(["u1@a.test"])
    a_house(1, "b.test")
    (outcome,) = at_once(unit)
    assert outcome.appended[0].account_id == account_id("u1@a.test")


def test_a_vanished_address_keeps_what_it_was_promised(rollback) -> None:
    a_house(1)
    addresses.add_alias("info@a.test", ["u1@a.test"], actor=TESTER)
    unit = a_unit(["info@a.test"])
    addresses.remove_address("info@a.test", actor=TESTER)
    (outcome,) = at_once(unit)
    assert [made.account_id for made in outcome.appended] == [account_id("u1@a.test")]


def test_one_copy_an_account_however_many_recipients_lead_there(rollback) -> None:
    a_house(1)
    addresses.add_alias("info@a.test", ["u1@a.test"], actor=TESTER)
    (outcome,) = at_once(a_unit(["info@a.test", "u1@a.test"]))
    assert len(outcome.appended) == 1
    assert rows("SELECT forward_path FROM trace_message ORDER BY 1") == [("info@a.test",), ("u1@a.test",)]


# -- quota


def test_quota_refuses_an_append_and_never_mail(rollback) -> None:
    a_house(1)
    accounts.set_account("u1@a.test", actor=TESTER, quota_bytes=1500)
    owner = account_id("u1@a.test")
    inbox = folders.get(owner, "INBOX", owner)
    content = a_message(size=1000)
    outcomes = at_once(
        appended(inbox, content, actor=SYSTEM), appended(inbox, content, actor=SYSTEM), a_unit(["u1@a.test"], content)
    )
    assert outcomes[0].appended[0].uid == 1
    assert isinstance(outcomes[1], OverQuota)
    assert outcomes[2].appended[0].uid == 2


def test_the_domains_quota_counts_all_its_accounts(rollback) -> None:
    a_house(2, quota_bytes=1500)
    inboxes = [folders.get(owner, "INBOX", owner) for owner in map(account_id, ("u1@a.test", "u2@a.test"))]
    content = a_message(size=1000)
    outcomes = at_once(*(appended(inbox, content, actor=SYSTEM) for inbox in inboxes))
    assert outcomes[0].appended[0].uid == 1
    assert isinstance(outcomes[1], OverQuota)


# -- busy accounts


def hold(other: psycopg.Connection, address: str) -> None:
    other.execute("SELECT FROM store_accountstate WHERE account_id = %s FOR NO KEY UPDATE", [account_id(address)])


def test_a_busy_account_does_not_delay_the_others(real) -> None:
    a_house(2)
    with another(real.dsn) as other:
        hold(other, "u1@a.test")
        outcomes = at_once(a_unit(["u1@a.test"]), a_unit(["u2@a.test"]), a_unit(["u1@a.test", "u2@a.test"]))
        assert outcomes[0] is LATER and outcomes[2] is LATER
        assert outcomes[1].appended[0].uid == 1


def test_a_unit_that_waits_holds_no_lock(real) -> None:
    """One for both accounts waits for the busy one; mail for the free one goes meanwhile."""
    a_house(2)
    with another(real.dsn) as other:
        hold(other, "u1@a.test")
        both = arrivals.put(a_unit(["u1@a.test", "u2@a.test"]))
        for _ in range(10):
            assert arrivals.put(a_unit(["u2@a.test"])).result(1).appended
        assert not both.done()
        other.rollback()
        assert len(both.result(5).appended) == 2
    assert arrivals.drain(5)
    assert_sound()


def test_mail_for_an_account_that_stays_busy_is_queued(real) -> None:
    a_house(2)
    with another(real.dsn) as other:
        hold(other, "u1@a.test")
        unit = replace(a_unit(["u1@a.test", "u2@a.test"]), patience=0.1)
        result = arrivals.put(unit).result(5)
        assert result.appended == () and len(result.queued) == 2
    assert rows("SELECT destination, state FROM transport_queueitem ORDER BY 1") == [
        ("u1@a.test", "ready"),
        ("u2@a.test", "ready"),
    ]
    assert rows("SELECT params->>'reason' FROM trace_event WHERE code = 'queued.local'") == [("busy",)]
    assert arrivals.drain(5)


def test_an_append_to_an_account_that_stays_busy_is_refused_for_now(real) -> None:
    a_house(1)
    owner = account_id("u1@a.test")
    with another(real.dsn) as other:
        hold(other, "u1@a.test")
        unit = replace(appended(folders.get(owner, "INBOX", owner), a_message(), actor=SYSTEM), patience=0.1)
        with pytest.raises(TemporarilyUnavailable):
            arrivals.put(unit).result(5)
    assert placed() == 0
    assert arrivals.drain(5)


def test_many_waiting_accounts_do_not_wait_for_each_other(real) -> None:
    """Five accounts are busy; as each is let go its mail arrives, though the first stays busy to the end."""
    a_house(5)
    holders = [another(real.dsn) for _ in range(5)]
    for n, other in enumerate(holders, 1):
        hold(other, f"u{n}@a.test")
    units = [replace(a_unit([f"u{n}@a.test"]), patience=30.0) for n in range(1, 6)]
    futures = [arrivals.put(unit) for unit in units]
    for n in (4, 3, 2, 1):
        holders[n].rollback()
        assert futures[n].result(5).appended
        assert not futures[0].done()
    holders[0].rollback()
    assert futures[0].result(5).appended
    for other in holders:
        other.close()
    assert arrivals.drain(5)


# -- together


def test_many_putters_number_without_gap_or_double(real) -> None:
    a_house(3)
    known = recipients(["u1@a.test", "u2@a.test", "u3@a.test"])
    results: list[ArrivalResult] = []

    def put(seed: int) -> None:
        units = [a_unit(known[: 1 + (seed + n) % 3]) for n in range(40)]
        results.extend(future.result(30) for future in [arrivals.put(unit) for unit in units])
        connection.close()

    threads = [threading.Thread(target=put, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert arrivals.drain(10)
    assert len(results) == 240
    by_folder: dict[int, list[int]] = {}
    for result in results:
        for made in result.appended:
            by_folder.setdefault(made.folder_id, []).append(made.uid)
    assert all(sorted(uids) == list(range(1, len(uids) + 1)) for uids in by_folder.values())
    assert_sound()


def test_the_same_content_for_all_is_one_blob(rollback) -> None:
    a_house(3)
    content = a_message(size=3000)
    at_once(*(a_unit([f"u{n}@a.test"], content) for n in (1, 2, 3)))
    assert rows("SELECT count(*) FROM store_blob") == [(1,)]
    assert rows("SELECT count(DISTINCT blob_id), count(*) FROM store_message") == [(1, 3)]


def test_units_of_nothing_but_trace_are_committed(rollback) -> None:
    """All recipients were discarded: an acknowledgement still needs its commit."""
    a_house(1)
    transaction_ = a_transaction([Recipient("nobody@a.test", Disposition.DISCARDED)])
    assert transaction_.session is SESSION
    unit = replace(receive.prepare(transaction_, a_message()), unit_id=uuid4())
    (outcome,) = at_once(unit)
    assert outcome == ArrivalResult(unit.unit_id)
    assert rows("SELECT verdict FROM trace_message") == [("discarded",)]
