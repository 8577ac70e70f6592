"""The whole product and a real Postfix, each other's MX: mail both ways over TLS, with reports of success and failure both ways.

apt-get install postfix
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.core.management import call_command

from mailplatform.standards.dsn.parse import Notice, read
from mailplatform.standards.dsn.words import Action
from tests.house.submission.support import texts
from tests.support.doors import PASSWORD, House
from tests.support.messages import a_message
from tests.support.outside import outside
from tests.support.postfix import Postfix, is_here, postfix

pytestmark = pytest.mark.interop

ANNA, U1 = "anna@a.test", "u1@b.test"
MORE = {
    "smtpd_tls_received_header": "yes",
    "smtp_tls_security_level": "encrypt",  # to us nothing goes in the clear
    "virtual_alias_maps": "inline:{ { away@b.test = nobody@a.test } }",
}


@contextmanager
def a_peer(house: House) -> Iterator[Postfix]:
    assert is_here(), "apt-get install postfix, and run as root"
    house.open(ANNA)
    host, port = house.smtp
    with (
        postfix("b.test", ("u1",), relay=f"[{host}]:{port}", more=MORE) as peer,
        outside(house.site, [], port=peer.port) as world,
    ):
        world.dns.set("b.test", "MX", "10 mx.b.test.")
        world.dns.set("mx.b.test", "A", "127.0.0.1")
        yield peer


def submit(house: House, content: bytes, to: dict[str, list[str]], options: list[str]) -> None:
    with smtplib.SMTP(*house.addresses["submission"], timeout=30) as smtp:
        smtp.starttls(context=house.tls)
        smtp.login(ANNA, PASSWORD)
        send(smtp, ANNA, content, to, options)


def send(smtp: smtplib.SMTP, reverse_path: str, content: bytes, to: dict[str, list[str]], options: list[str]) -> None:
    smtp.ehlo_or_helo_if_needed()
    assert smtp.mail(reverse_path, options)[0] == 250
    for path, wishes in to.items():
        assert smtp.rcpt(path, wishes)[0] == 250, path
    assert smtp.data(content)[0] == 250


def notices(found: list[bytes]) -> list[tuple[EmailMessage, Notice]]:
    every = [(message_from_bytes(content, policy=policy.default), read(content)) for content in found]
    return [(message, notice) for message, notice in every if notice is not None]  # type: ignore[misc]


def until(holds: Callable[[], object], peer: Postfix, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, peer.log()
        time.sleep(0.1)


def test_ours_reaches_postfix_and_both_report(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    with a_peer(house) as peer:
        wishes = {
            U1: ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;First@b.test"],
            "nobody@b.test": ["NOTIFY=FAILURE", "ORCPT=rfc822;nobody@b.test"],
        }
        submit(house, a_message(author=ANNA, subject="Out", message_id="<out@a.test>"), wishes, ["RET=HDRS", "ENVID=e+2B1"])
        until(lambda: peer.messages("u1"), peer)
        until(lambda: len(texts(house, ANNA)) == 2, peer)
        (arrived,) = peer.messages("u1")
        assert b"(using TLSv1.3 with cipher" in arrived.replace(b"\n\t", b" ") and b"Subject: Out" in arrived
        told = {notice.recipients[0].action: (message, notice) for message, notice in notices(texts(house, ANNA))}
        theirs, notice = told[Action.DELIVERED]
        assert notice.envid == "e+1" and "mx.b.test" in notice.reporting_host
        assert notice.recipients[0].original is not None and notice.recipients[0].original.address == "First@b.test"
        ours, notice = told[Action.FAILED]
        assert notice.recipients[0].status == "5.1.1" and notice.recipients[0].remote_host == "mx.b.test"
        assert notice.envid == "e+1" and ours["Auto-Submitted"] == "auto-replied" and "Subject: Out" in str(ours.get_payload(2))
        assert "mailer-daemon" in str(theirs["From"]).lower()
    capsys.readouterr()
    call_command("trace", "--message-id", "out@a.test")
    said = capsys.readouterr().out
    assert f"delivered for {U1} to mx.b.test [127.0.0.1], attempt 1, encrypted with TLSv1.3 TLS_" in said
    assert "; it said: 250 2.0.0 Ok: queued as " in said
    assert "→ nobody@b.test: could not be delivered: 550 5.1.1 " in said and "the sender has been told" in said


def test_postfix_reaches_us_and_gets_our_report(house: House) -> None:
    with a_peer(house) as peer:
        with smtplib.SMTP("127.0.0.1", peer.port, timeout=30) as smtp:
            wishes = {ANNA: ["NOTIFY=SUCCESS", "ORCPT=rfc822;Anna@a.test"]}
            send(smtp, U1, a_message(author=U1, subject="In"), wishes, ["RET=HDRS", "ENVID=p1"])
        until(lambda: texts(house, ANNA), peer)
        (arrived,) = texts(house, ANNA)
        assert b"with ESMTPS" in arrived.replace(b"\r\n\t", b" ") and b"Subject: In" in arrived
        until(lambda: peer.messages("u1"), peer)
        ((message, notice),) = notices(peer.messages("u1"))
        assert message["Return-Path"] == "<>" and notice.envid == "p1"
        (one,) = notice.recipients
        assert (one.action, one.status[:2]) == (Action.DELIVERED, "2.")
        assert one.original is not None and one.original.address == "Anna@a.test"


def test_a_bounce_of_postfix_comes_to_the_mailbox(house: House) -> None:
    with a_peer(house) as peer:
        content = a_message(author=ANNA, subject="Astray")
        submit(house, content, {"away@b.test": ["NOTIFY=FAILURE", "ORCPT=rfc822;away@b.test"]}, ["RET=FULL", "ENVID=b1"])
        until(lambda: texts(house, ANNA), peer)
        ((message, notice),) = notices(texts(house, ANNA))
        (one,) = notice.recipients
        assert (one.action, one.status, notice.envid) == (Action.FAILED, "5.1.1", "b1")
        assert one.final.address == "nobody@a.test"
        assert one.original is not None and one.original.address == "away@b.test"
        assert "Subject: Astray" in str(message.get_payload(2))
