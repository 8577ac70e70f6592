"""The ledger of wrong passwords: what an administrator reads of it, and what is forgotten."""

import pytest

from mailplatform.access import failures
from mailplatform.access.failures import Ledger
from mailplatform.mailflow import tasks
from tests.support.house import rows

pytestmark = pytest.mark.usefixtures("rollback")


def wrong(login: str, network: str = "") -> None:
    Ledger().hit(login or f"net {network}", login, network, "192.0.2.7", "imap", 600)


def test_what_counts_no_longer_is_forgotten_by_the_tick() -> None:
    for number in range(20):
        wrong(f"made-up-{number}@a.test")
    rows("UPDATE access_failure SET first_at = now() - interval '1 hour' RETURNING 1")
    wrong("new@a.test")
    wrong("", "192.0.2.7")
    wrong("shut@a.test")
    Ledger().shut("shut@a.test", 60, first=False)
    rows("UPDATE access_failure SET first_at = now() - interval '1 hour' WHERE login = 'shut@a.test' RETURNING 1")
    tasks.tick_retention()
    kept = rows("SELECT login FROM access_failure ORDER BY login")
    assert kept == [("",), ("new@a.test",), ("shut@a.test",)]


def test_the_list_ends_somewhere() -> None:
    for number in range(5):
        wrong(f"u{number}@a.test")
    assert [one.login for one in failures.list_failures(limit=2)] == ["u4@a.test", "u3@a.test"]


def test_locked_out_of_a_login_or_a_network() -> None:
    wrong("u1@a.test")
    wrong("", "192.0.2.7")
    assert not failures.is_locked_out("u1@a.test", "192.0.2.7")
    Ledger().shut("net 192.0.2.7", 60, first=False)
    assert failures.is_locked_out("u1@a.test", "192.0.2.7") and not failures.is_locked_out("u1@a.test", "192.0.2.8")
    Ledger().shut("u1@a.test", 60, first=False)
    assert failures.is_locked_out("u1@a.test", "192.0.2.8")
