"""From submission to the outside: a server that refuses twice, one that refuses for good, and what sender and trace are told."""

import smtplib
from datetime import timedelta
from email import message_from_bytes, policy

from django.core.management import call_command

from mailplatform.runtime import clock
from mailplatform.trace import search
from mailplatform.transport import pulse
from protocols.smtp.agent import service
from tests.support.doors import PASSWORD, House
from tests.support.fake_mx import HANG
from tests.support.house import rows
from tests.support.messages import a_message
from tests.support.outside import outside

ANNA = "anna@a.test"


def submit(house: House, to: list[str], content: bytes) -> None:
    with smtplib.SMTP(*house.addresses["submission"]) as smtp:
        smtp.starttls(context=house.tls)
        smtp.login(ANNA, PASSWORD)
        smtp.sendmail(ANNA, to, content)


def test_a_patient_sender_and_one_that_is_refused(house: House, capsys) -> None:
    house.open(ANNA)
    with outside(house.site, ["b.test", "c.test"]) as world:
        slow, rude = world.mx["b.test"], world.mx["c.test"]
        slow.say["RCPT"] = ["451 4.7.1 come back later", "451 4.7.1 not yet", 250]
        rude.say["RCPT"] = ["550 5.1.1 no such person here"]
        submit(house, ["ben@b.test", "gone@c.test"], a_message(author=ANNA, subject="Minutes", message_id="<m1@a.test>"))
        world.wait(lambda: slow.taken)
        (taken,) = slow.taken
        assert (taken.reverse_path, taken.forward_paths) == (ANNA, ["ben@b.test"])
        assert taken.content.startswith(b"Received: ") and b"Subject: Minutes" in taken.content
        world.wait(lambda: rows("SELECT 1 FROM trace_event WHERE code = 'reported'"))
        world.wait(lambda: rows("SELECT count(*) FROM transport_queueitem") == [(0,)])
        assert pulse.beats()["agent"]
        assert (house.site.home / "run" / service.WITHOUT_TICKS).read_text().startswith("20")
        pulse.beat(pulse.TICK, clock.now() + timedelta(hours=1))
        world.wait(lambda: not (house.site.home / "run" / service.WITHOUT_TICKS).exists())
    (life,) = search.find(message_id="m1@a.test")
    codes = [event.code for event in life.events if event.params.get("recipient") == "ben@b.test"]
    assert codes == ["queued", "delayed", "delayed", "delivered"]
    capsys.readouterr()
    call_command("trace", "--message-id", "m1@a.test")
    told = capsys.readouterr().out
    assert "attempt 1 for ben@b.test at mx.b.test [127.0.0.2] was put off when it heard the recipient" in told
    assert "451 4.7.1 not yet; next try at 20" in told
    assert "delivered for ben@b.test to mx.b.test [127.0.0.2], attempt 3" in told
    assert "given up for gone@c.test at mx.c.test [127.0.0.3] after attempt 1 when it heard the recipient (refused" in told
    assert f"the sender {ANNA} is told that mail for gone@c.test could not be delivered" in told
    with house.reader(ANNA) as reader:
        (fetched,) = reader.fetch("1", "BODY.PEEK[]")
    report = message_from_bytes(fetched["BODY[]"], policy=policy.default)
    assert report.get_content_type() == "multipart/report"
    assert "Diagnostic-Code: smtp; 550 5.1.1 no such person here" in report.get_payload(1).as_string()


def test_a_destination_that_is_away_is_tried_by_one(house: House) -> None:
    house.open(ANNA)
    with outside(house.site, ["b.test", "c.test"]) as world:
        away = world.mx["b.test"]
        away.say["GREETING"] = ["421 4.3.2 closed", "421 4.3.2 closed", "220 mx.test ESMTP"]
        for n in range(5):
            submit(house, [f"p{n}@b.test"], a_message(author=ANNA))
        submit(house, ["ok@c.test"], a_message(author=ANNA))
        world.wait(lambda: world.mx["c.test"].taken)
        world.wait(lambda: len(away.taken) == 5)
        world.wait(lambda: rows("SELECT failures FROM transport_destination WHERE name = 'b.test'") == [(0,)])
        assert sorted(taken.forward_paths[0] for taken in away.taken) == [f"p{n}@b.test" for n in range(5)]
        world.wait(lambda: rows("SELECT count(*) FROM transport_queueitem") == [(0,)])


def test_those_that_hang_do_not_keep_others_from_their_first_turn(house: House) -> None:
    """A quarter of eight slots is two: six that never greet would hold it for as long as they like."""
    house.open(ANNA)
    names = [f"d{n}.test" for n in range(8)]
    patient = {"greeting_timeout_seconds": 60.0, "slow_seconds": 0.2, "put_off_seconds": 0.5, "retry_after": (60.0,)}
    with outside(house.site, names, slots=8, destination_slots=2, **patient) as world:
        for name in names[:6]:
            world.mx[name].say["GREETING"] = [HANG]
        submit(house, [f"ben@{name}" for name in names], a_message(author=ANNA, message_id="<m1@a.test>"))
        world.wait(lambda: world.mx[names[6]].taken and world.mx[names[7]].taken)
        put_off = "SELECT params->>'reply' FROM trace_event WHERE code = 'delayed'"
        replies = [reply for (reply,) in world.wait(lambda: rows(put_off))]
        assert all("put off so that other destinations have their turn" in reply for reply in replies)
        assert rows("SELECT min(failures) FROM transport_destination WHERE proven_at IS NULL") == [(1,)]
