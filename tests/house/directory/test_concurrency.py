"""Administrators at once: the directory changes one action at a time, and nobody is left with half of one."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from mailplatform.directory import accounts, addresses, domains, resolve
from mailplatform.directory.accounts import NewAccount
from mailplatform.directory.epoch import bump, changing
from mailplatform.directory.models import Domain, LocalAddress, Organisation, Target
from mailplatform.runtime.errors import MailError
from tests.support.directory import TESTER, a_domain, a_group, an_account, an_alias

pytestmark = pytest.mark.usefixtures("real")


def at_once(*actions: Callable[[], object]) -> list[str]:
    """Start all actions together; what became of each: "done", or the name of its error."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> str:
        start.wait()
        try:
            action()
            return "done"
        except MailError as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_a_domain_does_not_go_under_a_new_account():
    for n in range(8):
        name = f"d{n}.test"
        a_domain(name)
        told = at_once(
            lambda name=name: domains.remove_domain(name, actor=TESTER),
            lambda name=name: accounts.add_account(NewAccount(f"anna@{name}"), actor=TESTER),
        )
        assert told in (["done", "NotFound"], ["Conflict", "done"])
        assert Domain.objects.filter(name=name).exists() == LocalAddress.objects.filter(domain__name=name).exists()


def test_an_alias_does_not_go_under_a_new_member():
    an_account()
    a_group("staff@a.test", "anna@a.test")
    for n in range(8):
        an_alias(f"x{n}@a.test", "anna@a.test")
        told = at_once(
            lambda n=n: addresses.remove_address(f"x{n}@a.test", actor=TESTER),
            lambda n=n: addresses.set_targets("staff@a.test", add=[f"x{n}@a.test"], kinds=("group",), actor=TESTER),
        )
        assert told in (["done", "NotFound"], ["Conflict", "done"])
    assert all(target.address_id for target in Target.objects.all())


def test_first_domains_at_once_share_one_organisation():
    told = at_once(*(lambda n=n: domains.add_domain(f"d{n}.test", actor=TESTER) for n in range(5)))
    assert told == ["done"] * 5
    assert Organisation.objects.count() == 1
    assert resolve.epoch() == 6


def test_crossing_changes_do_not_deadlock():
    for name in ("anna", "ben"):
        an_account(f"{name}@a.test")
    a_group("one@a.test", "anna@a.test")
    a_group("two@a.test", "ben@a.test")
    told = at_once(
        *(lambda: addresses.set_targets("one@a.test", replace=["two@a.test"], kinds=("group",), actor=TESTER) for _ in range(4)),
        *(lambda: addresses.set_targets("two@a.test", replace=["one@a.test"], kinds=("group",), actor=TESTER) for _ in range(4)),
    )
    assert told == ["done"] * 8


def test_readers_never_wait_for_a_change():
    an_account()
    inside, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with changing():
            bump()
            inside.set()
            go_on.wait(20)

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(lambda: (slow(), connection.close()))
        assert inside.wait(20)
        before = resolve.resolve("anna@a.test")
        go_on.set()
        writer.result(20)
    assert before.kind is resolve.Kind.KNOWN
    assert resolve.epoch() == before.epoch + 1
