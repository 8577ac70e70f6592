"""Automatic answers on the house: once per sender and period, whatever is interrupted, and not more than so many a day."""

import dataclasses
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections

from mailplatform.delivery import answers as record
from mailplatform.delivery import autoresponders
from mailplatform.delivery.values import Audience, Words
from mailplatform.directory import accounts
from mailplatform.directory.values import CLI
from mailplatform.mailflow import admit, answers, arrivals, receive, upkeep
from mailplatform.mailflow.agent import LocalAgent
from mailplatform.runtime import clock
from mailplatform.runtime.committer import LATER
from mailplatform.runtime.errors import Conflict, Malformed, NotFound
from mailplatform.standards.address import read_path
from tests.support.clock import movable
from tests.support.house import SESSION, a_house, a_transaction, account_id, assert_sound, rows
from tests.support.messages import a_message


def a_unit(to: list[str], sender: str = "x@out.test", **message):
    admit.forget()
    recipients = [admit.recipient(read_path(f"<{one}>")[0], SESSION) for one in to]
    message = {"to": ", ".join(to)} | message
    return receive.prepare(a_transaction(recipients, reverse_path=sender), a_message(**message))


def arrive(to: str = "u1@a.test", sender: str = "x@out.test", **message) -> None:
    arrivals.put(a_unit([to], sender, **message)).result(10)


def make() -> int:
    return answers.make(clock.now(), time.monotonic() + 20)


def away(address: str = "u1@a.test", **options) -> None:
    autoresponders.set_autoresponder(address, actor=CLI, **options)


def reasons() -> list[str]:
    return [row[0] for row in rows("SELECT params->>'reason' FROM trace_event WHERE code = 'answered.not' ORDER BY at")]


def queued() -> list[str]:
    return [row[0] for row in rows("SELECT forward_path FROM transport_queueitem WHERE transport = 'smtp' ORDER BY id")]


def test_once_in_a_period(rollback, tmp_path) -> None:
    a_house(2)
    away(days=7)
    arrive()
    assert queued() == [], "it is recorded, and not made"
    assert make() == 1
    arrive(sender="X@out.test")
    assert make() == 0
    arrive(sender="y@out.test")
    arrive("u2@a.test")
    assert make() == 1
    with movable(tmp_path) as moving:
        moving.pass_(days=6)
        arrive()
        assert make() == 0
        moving.pass_(days=2)
        arrive()
        assert make() == 1
        moving.pass_(days=8)
        assert upkeep.tell(clock.now())["forgotten"] >= 2
    assert queued() == ["x@out.test", "y@out.test", "x@out.test"]
    assert reasons() == ["lately", "lately"]
    assert rows("SELECT DISTINCT reverse_path FROM transport_outboundmessage") == [("",)]
    assert rows("SELECT count(*) FROM trace_event WHERE code = 'answered'") == [(3,)]
    assert_sound()


def test_it_is_off_outside_its_dates_and_when_it_is_turned_off(rollback) -> None:
    a_house(1)
    now = clock.now()
    away(starts_at=now + timedelta(hours=1))
    arrive()
    away(ends_at=now - timedelta(hours=1))
    arrive()
    away()
    autoresponders.turn_off("u1@a.test", actor=CLI)
    arrive()
    assert rows("SELECT count(*) FROM delivery_answer") == [(0,)]
    away()
    arrive()
    autoresponders.turn_off("u1@a.test", actor=CLI)
    assert make() == 0 and queued() == [], "it was turned off before the answer was made"
    assert rows("SELECT count(*) FROM delivery_answer WHERE due") == [(0,)]
    away(days=30)
    assert autoresponders.get_autoresponder("u1@a.test").days == 30


def test_through_the_local_queue_too(rollback) -> None:
    addresses = a_house(20)
    away("u7@a.test")
    arrivals.put(a_unit(addresses)).result(10)
    assert make() == 0
    assert LocalAgent().work() == 20
    assert make() == 1
    assert queued() == ["x@out.test"]


def test_two_copies_at_once_are_answered_once(real) -> None:
    """Committed for real by threads of their own, as by two processes."""
    a_house(1)
    away()
    units = [a_unit(["u1@a.test"]) for _ in range(8)]
    start = threading.Barrier(len(units))
    failures: list[BaseException] = []

    def commit(unit) -> None:
        start.wait(10)
        try:
            outcome: object = LATER
            while outcome is LATER:
                (outcome,) = arrivals.commit([arrivals.Waiting(unit, time.monotonic())], True)
            if isinstance(outcome, BaseException):
                failures.append(outcome)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=commit, args=(unit,)) for unit in units]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    done = rows("SELECT count(*) FROM store_entry")[0][0]
    assert done == len(units) - len(failures) > 0
    assert len(record.due()) == 1
    makers = [threading.Thread(target=lambda: (make(), connections.close_all())) for _ in range(4)]
    for thread in makers:
        thread.start()
    for thread in makers:
        thread.join(30)
    assert queued() == ["x@out.test"]
    assert rows("SELECT count(*) FROM delivery_answer WHERE due") == [(0,)]
    assert_sound()


def test_a_crash_between_makes_it_later_and_never_twice(rollback) -> None:
    a_house(1)
    away()
    arrive()
    (due,) = record.due()
    unit = answers._unit(due, clock.now(), {})
    assert [one.id for one in record.due()] == [due.id], "preparing it changes nothing, so dying here loses nothing"
    arrivals.put(unit).result(10)
    assert record.due() == [] and queued() == ["x@out.test"]
    again = dataclasses.replace(unit, unit_id=unit.unit_id)
    with pytest.raises(Conflict):
        arrivals.put(again).result(10)
    assert queued() == ["x@out.test"]


def test_a_flood_of_forged_senders_is_not_passed_on(rollback, monkeypatch) -> None:
    a_house(1)
    away()
    agent = dataclasses.replace(settings.SITE.agent, answers_per_day=5)
    monkeypatch.setattr(settings, "SITE", dataclasses.replace(settings.SITE, agent=agent))
    for number in range(12):
        arrive(sender=f"x{number}@out.test")
    assert make() == 5
    arrive(sender="late@out.test")
    assert make() == 0
    assert len(queued()) == 5 and reasons() == ["limit"] * 8


def test_inside_and_outside_read_different_texts_each_in_their_language(rollback) -> None:
    a_house(3)
    accounts.set_account("u3@a.test", language="it", actor=CLI)
    words = [
        Words("en", "Away", "back on Monday", "Away for all", "write to info"),
        Words("it", "Fuori", "torno lunedì", outside_text="scrivete a info"),
    ]
    away(words=words)
    inside = dataclasses.replace(SESSION, protocol="submission", identity=_identity("u2@a.test"))
    for sender, session, headers in [
        ("x@out.test", SESSION, {}),
        ("i@out.test", SESSION, {"Accept-Language": "it, en;q=0.5"}),
        ("u3@a.test", dataclasses.replace(inside, identity=_identity("u3@a.test")), {}),
        ("u2@a.test", inside, {}),
    ]:
        admit.forget()
        recipients = [admit.recipient(read_path("<u1@a.test>")[0], SESSION)]
        transaction = a_transaction(recipients, reverse_path=sender)
        transaction.session = session
        arrivals.put(receive.prepare(transaction, a_message(headers=headers))).result(10)
    assert make() == 4
    found = rows(
        "SELECT forward_path, m.trace_id FROM transport_queueitem q JOIN transport_outboundmessage m ON m.id = message_id"
    )
    assert [row[0] for row in found] == ["x@out.test", "i@out.test"]
    subjects = dict(rows("SELECT forward_path, subject FROM trace_message WHERE direction = 'internal'"))
    assert subjects == {"x@out.test": "Away for all", "i@out.test": "Fuori", "u3@a.test": "Fuori", "u2@a.test": "Away"}
    languages = dict(rows("SELECT params->>'sender', params->>'language' FROM trace_event WHERE code = 'answered'"))
    assert languages == {"x@out.test": "en", "i@out.test": "it", "u3@a.test": "it", "u2@a.test": "en"}


def _identity(address: str):
    from types import SimpleNamespace  # noqa: PLC0415 - a stand-in for what signing in gives

    account = accounts.get_account(address)
    return SimpleNamespace(user_id=account.user_id, account_id=account.id, login=address)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"words": [Words("de", "x")]}, "language"),
        ({"words": [Words("en", "a\r\nBcc: x@out.test")]}, "subject"),
        ({"words": [Words("en", "x" * 201)]}, "subject"),
        ({"words": [Words("en", "", "x" * 40_000)]}, "text"),
        ({"words": [Words("en", "", "a\x00b")]}, "text"),
    ],
)
def test_what_is_refused(rollback, options, field) -> None:
    a_house(1)
    with pytest.raises(Malformed) as refused:
        away(**options)
    assert refused.value.subject == field
    now = clock.now()
    with pytest.raises(Malformed):
        away(starts_at=now, ends_at=now)
    with pytest.raises(NotFound):
        away("nobody@a.test")
    with pytest.raises(NotFound):
        autoresponders.get_autoresponder("u1@a.test")


def test_what_is_set_is_audited_and_listed(rollback) -> None:
    a_house(2)
    away(audience=Audience.OUTSIDE, words=[Words("en", "Away")])
    away(words=[Words("it", "Fuori")])
    (info,) = autoresponders.list_autoresponders()
    assert (info.address, info.audience, [one.language for one in info.words]) == ("u1@a.test", Audience.EVERYONE, ["en", "it"])
    assert account_id("u1@a.test") in autoresponders.of_accounts([account_id("u1@a.test"), account_id("u2@a.test")])
    codes = [row[0] for row in rows("SELECT code FROM audit_auditrow WHERE starts_with(code, 'autoresponder') ORDER BY id")]
    assert codes == ["autoresponder.set"] * 2
