"""The answer to RCPT, and how long it is believed."""

import pytest

from mailplatform.directory import accounts, addresses, groups
from mailplatform.mailflow import admit, arrivals
from mailplatform.mailflow.transaction import Disposition
from mailplatform.runtime.errors import NotFound, NotPermitted, OverQuota, TooLarge
from mailplatform.standards.address import read_path
from tests.support.house import SESSION, TESTER, a_house, a_unit, account_id
from tests.support.messages import a_message


@pytest.fixture(autouse=True)
def no_memory():
    admit.forget()
    yield
    admit.forget()


def path(text: str):
    return read_path(f"<{text}>")[0]


def ask(text: str, **fields):
    return admit.recipient(path(text), SESSION, **fields)


def test_a_known_recipient(rollback) -> None:
    a_house(2)
    found = ask("U1+lists@a.test")
    assert found.disposition is Disposition.LOCAL
    assert found.forward_path == "U1+lists@a.test"
    assert [(target.account_id, target.address) for target in found.targets] == [(account_id("u1@a.test"), "u1@a.test")]
    assert found.epoch > 0


def test_refusals(rollback) -> None:
    a_house(1)
    with pytest.raises(NotFound):
        ask("nobody@a.test")
    with pytest.raises(NotPermitted, match="relaying denied"):
        ask("u1@elsewhere.test")


def test_a_discarding_address_is_taken(rollback) -> None:
    a_house(1)
    addresses.add_discard("noreply@a.test", actor=TESTER)
    assert ask("noreply@a.test").disposition is Disposition.DISCARDED


def test_a_forward_to_outside_is_taken(rollback) -> None:
    a_house(1)
    addresses.add_forward("away@a.test", ["me@elsewhere.example"], actor=TESTER)
    addresses.add_forward("both@a.test", ["me@elsewhere.example", "u1@a.test"], actor=TESTER)
    away, both = ask("away@a.test"), ask("both@a.test")
    assert (away.disposition, away.outside, away.targets) == (Disposition.QUEUED, ("me@elsewhere.example",), ())
    assert (both.disposition, both.outside, len(both.targets)) == (Disposition.LOCAL, ("me@elsewhere.example",), 1)


def test_a_group_and_its_rule(rollback) -> None:
    a_house(3)
    groups.add_group("team@a.test", ["u1@a.test", "u2@a.test"], actor=TESTER, posting="members")
    assert len(ask("team@a.test", reverse_path="u1@a.test").targets) == 2
    with pytest.raises(NotPermitted):
        ask("team@a.test", reverse_path="u3@a.test")
    with pytest.raises(NotPermitted):
        ask("team@a.test")


def test_a_full_account_refuses_until_there_is_room(rollback) -> None:
    a_house(1)
    accounts.set_account("u1@a.test", actor=TESTER, quota_bytes=1000)
    assert ask("u1@a.test")
    admit.forget()
    arrivals.put(a_unit(["u1@a.test"], a_message(size=1200))).result(5)
    with pytest.raises(OverQuota):
        ask("u1@a.test")
    accounts.set_account("u1@a.test", actor=TESTER, quota_bytes=100_000)
    assert ask("u1@a.test")


def test_a_group_takes_mail_while_one_member_has_room(rollback) -> None:
    a_house(2)
    groups.add_group("team@a.test", ["u1@a.test", "u2@a.test"], actor=TESTER)
    for address in ("u1@a.test", "u2@a.test"):
        accounts.set_account(address, actor=TESTER, quota_messages=1)
    arrivals.put(a_unit(["u1@a.test"])).result(5)
    assert len(ask("team@a.test").targets) == 2
    admit.forget()
    arrivals.put(a_unit(["u2@a.test"])).result(5)
    with pytest.raises(OverQuota):
        ask("team@a.test")


def test_good_answers_are_remembered_and_forgotten(rollback) -> None:
    a_house(1)
    assert admit.known(path("u1@a.test"), SESSION) is None
    found = ask("u1@a.test")
    assert admit.known(path("u1@a.test"), SESSION) is found
    accounts.close_account("u1@a.test", actor=TESTER)
    assert ask("u1@a.test") is found  # for some seconds, without the hint
    admit.forget()
    with pytest.raises(NotFound):
        ask("u1@a.test")
    assert admit.known(path("u1@a.test"), SESSION) is None


def test_an_answer_found_while_the_memory_was_emptied_is_not_remembered() -> None:
    generation = admit._memory.generation
    admit.forget()
    admit._memory.put("u1@a.test", object(), generation, 60)
    assert admit._memory.get("u1@a.test") is None


def test_senders() -> None:
    admit.sender(path("anna@outside.example"), SESSION, size=1000)
    admit.sender(path(""), SESSION)
    with pytest.raises(TooLarge):
        admit.sender(path("anna@outside.example"), SESSION, size=10**12)
