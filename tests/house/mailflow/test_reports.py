"""Reports to senders: who gets one, about what, once."""

import time
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from uuid import uuid4

import pytest

from mailplatform.directory import groups
from mailplatform.mailflow import arrivals, receive, reports, upkeep
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.store import append, blobs
from mailplatform.transport import lease, ledger
from mailplatform.transport.ledger import Settle
from mailplatform.transport.values import SMTP, Ending, Lease, Outbound, OutboundItem, Outcome, Stage
from tests.support.house import TESTER, a_house, a_transaction, recipients, rows
from tests.support.messages import a_message

GONE = "550 5.1.1 no such person"


def queue(*paths: str, reverse_path: str = "u1@a.test", notify: str = "", **fields) -> None:
    """A message of the queue to outside."""
    message = append.prepare_message(a_message(subject="Minutes", author=reverse_path or "x@a.test"))
    items = tuple(OutboundItem(SMTP, "", path, notify=notify) for path in paths)
    outbound = Outbound(message, items, reverse_path, b"Received: here\r\n", **fields)
    arrivals.put(Unit(uuid4(), "00000000000000000abc", outbound=(outbound,))).result(5)


def claimed(**shares: int) -> list[Lease]:
    return lease.take({name.replace("_", "."): n for name, n in shares.items()}, seconds=60, now=clock.now())


def say(one: Lease, kind: Ending, reply: str, enhanced: str, **fields) -> None:
    outcomes = [
        Outcome(item.item_id, item.token, kind, reply, int(reply[:3]), enhanced, "mx.b.test", **fields) for item in one.items
    ]
    ledger.write([Settle(one, tuple(outcomes))], clock.now())


def make() -> int:
    return reports.make(clock.now(), time.monotonic() + 20)


def inbox() -> list:
    found = rows("SELECT m.prefix, m.blob_id FROM store_message m JOIN store_entry e ON e.message_id = m.id ORDER BY e.uid")
    return [message_from_bytes(bytes(prefix) + blobs.read_one(blob), policy=policy.default) for prefix, blob in found]


def test_a_refusal_is_told_to_the_sender_here_once(rollback) -> None:
    a_house(1)
    queue("x@b.test", "y@b.test")
    (one,) = claimed(b_test=5)
    assert len(one.items) == 2
    say(one, Ending.FAILED, GONE, "5.1.1", stage=Stage.RCPT, tls="TLSv1.3 X", address="192.0.2.1")
    assert make() == 1
    assert make() == 0
    (report,) = inbox()
    assert report["Return-Path"] == "<>" and report.get_content_type() == "multipart/report"
    machine = report.get_payload(1).as_string()
    assert machine.count("Action: failed") == 2 and "Status: 5.1.1" in machine and "Remote-MTA: dns; mx.b.test" in machine
    assert "Minutes" in report.get_payload(2).as_string()
    assert rows("SELECT count(*) FROM trace_event WHERE code = 'reported'") == [(2,)]
    assert upkeep.release(clock.now())["finished"] == 1
    assert rows("SELECT count(*) FROM transport_outboundmessage") == [(0,)]


@pytest.mark.parametrize(("reverse_path", "notify"), [("", ""), ("u1@a.test", "NEVER"), ("u1@a.test", "SUCCESS,DELAY")])
def test_nobody_is_told_who_does_not_want_to_be(rollback, reverse_path, notify) -> None:
    a_house(1)
    queue("x@b.test", reverse_path=reverse_path, notify=notify)
    say(claimed(b_test=1)[0], Ending.FAILED, GONE, "5.1.1")
    assert make() == 0
    assert inbox() == []


def test_a_sender_outside_gets_it_through_the_queue(rollback) -> None:
    a_house(1)
    queue("x@b.test", reverse_path="anna@outside.example")
    say(claimed(b_test=1)[0], Ending.FAILED, GONE, "5.1.1")
    assert make() == 1
    (one,) = claimed(outside_example=1)
    assert (one.message.reverse_path, one.items[0].forward_path) == ("", "anna@outside.example")
    say(one, Ending.FAILED, GONE, "5.1.1")
    assert make() == 0


def test_success_is_told_where_the_remote_does_not(rollback) -> None:
    a_house(1)
    for relayed in (True, False):
        queue("x@b.test", notify="SUCCESS")
        say(claimed(b_test=1)[0], Ending.DELIVERED, "250 ok", "2.0.0", dsn_relayed=relayed)
        assert make() == (0 if relayed else 1)
    assert "Action: relayed" in inbox()[0].get_payload(1).as_string()


def test_a_delay_is_told_once_and_the_end_when_it_comes(rollback) -> None:
    a_house(1)
    queue("x@b.test")
    say(claimed(b_test=1)[0], Ending.DEFERRED, "451 4.2.0 later", "4.2.0", stage=Stage.RCPT)
    now = clock.now()
    assert upkeep.tell(now) == {}
    assert upkeep.tell(now + timedelta(hours=5)) == {"delayed": 1, "reports": 1}
    assert upkeep.tell(now + timedelta(hours=9)) == {}
    assert upkeep.tell(now + timedelta(days=5, minutes=1)) == {"given up": 1, "reports": 1}
    delayed, failed = inbox()
    assert "Action: delayed" in delayed.get_payload(1).as_string() and "Will-Retry-Until" in delayed.get_payload(1).as_string()
    assert "Action: failed" in failed.get_payload(1).as_string() and "later" in failed.get_payload(1).as_string()


def test_two_that_make_reports_at_once_make_one(rollback) -> None:
    a_house(1)
    queue("x@b.test")
    say(claimed(b_test=1)[0], Ending.FAILED, GONE, "5.1.1")
    ((message, items),) = reports.due.reports(after=0, limit=10)
    units = [unit for _ in range(2) for unit in reports._units(message, items, clock.now())]
    arrivals.put(units[0]).result(5)
    first = len(inbox())
    arrivals.put(units[1]).exception(5)
    assert len(inbox()) == first == 1


def test_success_here_is_told_with_the_commit(rollback) -> None:
    a_house(2)
    groups.add_group("team@a.test", ["u1@a.test", "u2@a.test"], actor=TESTER)
    asked = [replace(one, notify=("SUCCESS",), orcpt="rfc822;U2@a.test") for one in recipients(["u2@a.test", "team@a.test"])]
    arrivals.put(receive.prepare(a_transaction(asked, reverse_path="u1@a.test"), a_message())).result(5)
    assert make() == 1
    machine = next(m for m in inbox() if m.get_content_type() == "multipart/report").get_payload(1).as_string()
    assert "Action: delivered" in machine and "Action: expanded" in machine
    assert "Original-Recipient: rfc822; U2@a.test" in machine
