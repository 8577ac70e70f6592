"""`manage.py trace` on one submitted message: every kind of end, in sentences that a person can read."""

import smtplib

import pytest
from django.core.management import call_command

from mailplatform.directory import accounts, addresses, groups
from mailplatform.trace import search
from mailplatform.trace.ends import ends
from mailplatform.transport import queue
from mailplatform.transport.queue import Chosen
from mailplatform.transport.values import State
from tests.support.doors import PASSWORD, House
from tests.support.fake_mx import CLOSE
from tests.support.house import TESTER, rows
from tests.support.messages import a_message
from tests.support.outside import World, outside

ANNA, BEN, TEAM = "anna@a.test", "ben@a.test", "team@a.test"
DOMAINS = [f"{letter}.test" for letter in "bcdefg"]
LATER = "451 4.7.1 come back later"


def submit(house: House, to: list[str]) -> None:
    with smtplib.SMTP(*house.addresses["submission"]) as smtp:
        smtp.starttls(context=house.tls)
        smtp.login(ANNA, PASSWORD)
        smtp.sendmail(ANNA, to, a_message(author=ANNA, subject="Minutes", message_id="<m1@a.test>"))


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    call_command("trace", *words)
    return capsys.readouterr().out


def waits(world: World, state: State, number: int) -> None:
    world.wait(lambda: rows("SELECT count(*) FROM transport_queueitem WHERE state = %s", str(state)) == [(number,)], 40)


def test_every_end_of_one_message(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.open(ANNA, BEN)
    groups.add_group(TEAM, [BEN, "member@b.test"], actor=TESTER)
    with outside(house.site, DOMAINS, retry_after=(3600.0,)) as world:
        for name in ("c.test", "e.test", "f.test"):
            world.mx[name].say["RCPT"] = [LATER, 250]
        world.mx["d.test"].say["RCPT"] = ["550 5.1.1 no such person here"]
        world.mx["g.test"].say["DOT"] = [CLOSE, 250]
        submit(house, [BEN, TEAM, "slow@c.test", "gone@d.test", "held@e.test", "lost@f.test", "doubt@g.test"])
        waits(world, State.DEFERRED, 4)
        said = told(capsys, "--message-id", "m1@a.test")
        assert (
            "attempt 1 for slow@c.test at mx.c.test [127.0.0.3] was put off when it heard the recipient; it said: 451 4.7.1"
            in said
        )
        assert "; next try at 20" in said and "→ slow@c.test: waits, and is tried again at 20" in said
        assert "in doubt for doubt@g.test: mx.g.test may have taken it" in said
        queue.hold(Chosen(destination="e.test"), "it looks odd", actor=TESTER)
        queue.delete(Chosen(destination="f.test"), actor=TESTER)
        for name in ("c.test", "g.test"):
            queue.retry(Chosen(destination=name), actor=TESTER)
        world.wait(lambda: world.mx["c.test"].taken and world.mx["g.test"].taken, 60)
        waits(world, State.DEFERRED, 0)
        world.wait(lambda: rows("SELECT 1 FROM trace_event WHERE code = 'reported'"), 60)
    said = told(capsys, "--message-id", "m1@a.test")
    for sentence in (
        "came from 127.0.0.1",
        "encrypted with TLSv1.3 TLS_AES_256_GCM_SHA384, ",
        f"placed for {BEN} in INBOX (account ",
        "a copy for the sender is kept in Sent (account ",
        f"{TEAM} leads to 2 addresses",
        f"mail for {TEAM} goes on to member@b.test, sent as {ANNA}",
        "delivered for slow@c.test to mx.c.test [127.0.0.3], attempt 2, not encrypted; it said: 250",
        "given up for gone@d.test at mx.d.test [127.0.0.4] after attempt 1 when it heard the recipient (refused for good)",
        "; it said: 550 5.1.1 no such person here",
        f"the sender {ANNA} is told that mail for gone@d.test could not be delivered (report ",
        "held back for held@e.test by tester: it looks odd",
        "taken out of the queue for lost@f.test by tester",
        "tried at once for doubt@g.test, as tester wished",
    ):
        assert sentence in said, sentence
    stand = said[said.index("  → ") :].splitlines()
    assert {line for line in stand if line} == {
        f"  → {BEN}: is in INBOX",
        f"  → {TEAM} → member@b.test: arrived at mx.b.test [127.0.0.2]",
        "  → slow@c.test: arrived at mx.c.test [127.0.0.3]",
        "  → gone@d.test: could not be delivered: 550 5.1.1 no such person here; the sender has been told",
        "  → held@e.test: is held back by tester: it looks odd",
        "  → lost@f.test: was taken out of the queue by tester",
        "  → doubt@g.test: arrived at mx.g.test [127.0.0.7]",
    }
    assert "non cifrato" in told(capsys, "--message-id", "m1@a.test", "--language", "it")


def test_a_forward_leaves_under_another_sender(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.open(ANNA)
    addresses.add_forward("away@a.test", ["me@b.test"], actor=TESTER)
    with outside(house.site, ["b.test"]) as world:
        with smtplib.SMTP(*house.smtp) as smtp:
            smtp.sendmail("x@outside.example", ["away@a.test"], a_message(message_id="<f1@outside.example>"))
        world.wait(lambda: world.mx["b.test"].taken)
        world.wait(lambda: rows("SELECT 1 FROM trace_event WHERE code = 'delivered'"))
    said = told(capsys, "--message-id", "f1@outside.example")
    assert "mail for away@a.test goes on to me@b.test, sent as SRS0=" in said
    assert "→ away@a.test → me@b.test: arrived at mx.b.test [127.0.0.2]" in said


def test_a_full_sender_sends_and_keeps_no_copy(house: House) -> None:
    house.open(ANNA, BEN)
    accounts.set_account(ANNA, quota_bytes=100, actor=TESTER)
    submit(house, [BEN])
    (life,) = search.find(message_id="m1@a.test")
    assert [event.words() for event in life.events if event.code == "no_copy"] == [
        f"no copy for the sender is kept in Sent: account {accounts.get_account(ANNA).id} is over its quota"
    ]
    assert [one.words() for one in ends(life.events)] == [f"{BEN}: is in INBOX"]
    with house.reader(ANNA, "Sent") as reader:
        assert reader.fetch("1:*", "UID") == []
