"""Mail that goes on to outside under a rewritten sender, and reports that find their way back."""

import re
import time
from dataclasses import replace

import pytest

from mailplatform.directory import addresses, groups
from mailplatform.mailflow import admit, arrivals, forward, receive, reports
from mailplatform.runtime import clock
from mailplatform.runtime.errors import NotFound, NotPermitted, PolicyRefused
from mailplatform.standards.address import Path, parse
from tests.support.house import SESSION, TESTER, a_house, a_transaction, recipients, rows
from tests.support.messages import a_message

AWAY = "away@a.test"
OUTSIDE = "me@elsewhere.example"


def ask(address: str, reverse_path: str = "anna@outside.example"):
    return admit.recipient(Path(parse(address)), SESSION, reverse_path=reverse_path)


def put(recipient, content: bytes, reverse_path: str = "anna@outside.example"):
    transaction = a_transaction([recipient], reverse_path=reverse_path)
    return arrivals.put(receive.prepare(transaction, content)).result(5)


def queued() -> list[tuple]:
    return rows(
        "SELECT q.forward_path, q.destination, q.transport, m.reverse_path, m.prefix FROM transport_queueitem q "
        "JOIN transport_outboundmessage m ON m.id = q.message_id ORDER BY q.id"
    )


def test_a_forward_leaves_under_an_address_of_ours_and_its_report_comes_back(rollback) -> None:
    a_house(1)
    addresses.add_forward(AWAY, [OUTSIDE], actor=TESTER)
    assert len(put(ask(AWAY), a_message()).queued) == 1
    ((target, destination, transport, reverse_path, prefix),) = queued()
    assert (target, destination, transport) == (OUTSIDE, "elsewhere.example", "smtp")
    assert re.fullmatch(r"SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=outside\.example=anna@a\.test", reverse_path)
    assert bytes(prefix).startswith(b"Delivered-To: away@a.test\r\nReceived: ")
    assert rows("SELECT params->>'target' FROM trace_event WHERE code = 'forwarded'") == [(OUTSIDE,)]
    back = ask(reverse_path, reverse_path="")
    assert back.outside == ("anna@outside.example",)
    put(back, a_message(), reverse_path="")
    assert queued()[-1][:2] == ("anna@outside.example", "outside.example")
    assert queued()[-1][3] == ""
    with pytest.raises(NotPermitted):
        ask(reverse_path, reverse_path="stranger@elsewhere.example")
    with pytest.raises(NotFound):
        ask(reverse_path.replace("anna", "berta"), reverse_path="")


def test_a_loop_is_refused(rollback) -> None:
    a_house(1)
    addresses.add_forward(AWAY, [OUTSIDE], actor=TESTER)
    with pytest.raises(PolicyRefused) as refused:
        put(ask(AWAY), b"Delivered-To: <Away@a.test>\r\n" + a_message())
    assert refused.value.reason == "loop"
    assert queued() == []


def test_one_that_circles_fails_alone_and_is_told(rollback) -> None:
    a_house(1)
    addresses.add_forward(AWAY, [OUTSIDE], actor=TESTER)
    content = b"Delivered-To: away@a.test\r\n" + a_message()
    here = [ask(AWAY), *recipients(["u1@a.test"])]
    result = arrivals.put(receive.prepare(a_transaction(here, reverse_path="anna@outside.example"), content)).result(5)
    assert len(result.appended) == 1
    found = rows("SELECT forward_path, state, dsn_due, last_status FROM transport_queueitem")
    assert found == [(AWAY, "done", "failed", "5.4.6")]
    assert rows("SELECT params->>'recipient' FROM trace_event WHERE code = 'circled'") == [(AWAY,)]
    assert reports.make(clock.now(), time.monotonic() + 20) == 1
    assert queued()[-1][:2] == ("anna@outside.example", "outside.example")


def test_who_wants_no_report_of_a_circle_gets_none(rollback) -> None:
    a_house(1)
    addresses.add_forward(AWAY, [OUTSIDE], actor=TESTER)
    content = b"Delivered-To: away@a.test\r\n" + a_message()
    for reverse_path, notify in (("", ()), ("anna@outside.example", ("NEVER",))):
        here = [replace(ask(AWAY), notify=notify), *recipients(["u1@a.test"])]
        arrivals.put(receive.prepare(a_transaction(here, reverse_path=reverse_path), content)).result(5)
    assert queued() == []


def test_a_group_has_members_here_and_outside(rollback) -> None:
    a_house(2)
    groups.add_group("team@a.test", ["u1@a.test", "u2@a.test", OUTSIDE], actor=TESTER)
    result = put(ask("team@a.test"), a_message())
    assert (len(result.appended), len(result.queued)) == (2, 1)


def test_the_null_path_and_what_is_too_long_stay() -> None:
    now = clock.now()
    assert forward.rewritten("", "a.test", now) == ""
    long = f"{'x' * 60}@outside.example"
    assert forward.rewritten(long, "a.test", now) == long
