"""The LMTP door on the house: each recipient its own outcome, nothing relayed, who may call."""

from __future__ import annotations

import dataclasses
import smtplib
import stat
from pathlib import Path

import pytest

from mailplatform.directory import addresses, groups
from mailplatform.directory.values import CLI
from mailplatform.settings.site import SiteConfig
from tests.house.submission.support import queued, texts
from tests.support.doors import House, a_site, running
from tests.support.house import assert_sound, rows

MAIL = b"From: x@out.test\r\nTo: u1@a.test\r\nSubject: hello\r\n\r\n"


def client(house: House, listener: str = "lmtp") -> smtplib.LMTP:
    where = house.addresses[listener]
    return smtplib.LMTP(where) if isinstance(where, str) else smtplib.LMTP(*where)


def deliver(smtp: smtplib.LMTP, to: list[str], message: bytes, reverse_path: str = "x@out.test") -> list[tuple[int, str]]:
    """The replies to the end of data, one a recipient."""
    smtp.ehlo_or_helo_if_needed()
    assert smtp.mail(reverse_path)[0] == 250
    for path in to:
        assert smtp.rcpt(path)[0] == 250, path
    assert smtp.docmd("DATA")[0] == 354
    smtp.send(message + b"\r\n.\r\n")
    return [(code, text.decode()) for code, text in (smtp.getreply() for _ in to)]


@pytest.mark.parametrize("listener", ["lmtp", "lmtp.sock"])
def test_each_recipient_has_an_outcome_of_its_own(house: House, listener: str) -> None:
    house.open("u1@a.test", "u2@a.test")
    house.open("u3@a.test", quota_bytes=20_000)
    house.open("u4@a.test", max_message_size=1_000)
    addresses.add_alias("also-1@a.test", ["u1@a.test"], actor=CLI)
    with client(house, listener) as smtp:
        assert smtp.docmd("EHLO", "x")[0] == 500
        answers = deliver(
            smtp,
            ["u1@a.test", "u3@a.test", "u2@a.test", "also-1@a.test", "u4@a.test"],
            MAIL + b"x" * 70 + b"\r\n" + b"y" * 70 + b"\r\n" * 15_000,
        )
    assert [code for code, _ in answers] == [250, 452, 250, 250, 552]
    assert answers[1][1] == "4.2.2 <u3@a.test>: The recipient's quota is exhausted"
    assert answers[4][1].startswith("5.3.4 <u4@a.test>: ")
    (got,) = texts(house, "u1@a.test")
    (other,) = texts(house, "u2@a.test")
    assert texts(house, "u3@a.test") == texts(house, "u4@a.test") == []
    assert got.startswith(b"Return-Path: <x@out.test>\r\nDelivered-To: u1@a.test\r\nReceived: from ")
    assert b" with LMTP" in got.partition(b"\r\n\r\n")[0] and b"for <u2@a.test>" in other
    assert rows("SELECT count(*) FROM store_blob") == [(1,)]
    verdicts = rows("SELECT forward_path, verdict FROM trace_message ORDER BY 1, 2")
    assert set(verdicts) >= {("u1@a.test", "accepted"), ("u3@a.test", "deferred"), ("u4@a.test", "refused")}
    assert_sound()


def test_nothing_is_relayed(house: House) -> None:
    house.open("u1@a.test")
    addresses.add_forward("away@a.test", ["y@outside.test"], actor=CLI)
    with client(house) as smtp:
        smtp.ehlo_or_helo_if_needed()
        smtp.mail("x@out.test")
        code, words = smtp.rcpt("x@outside.test")
        assert (code, words) == (550, b"5.7.1 <x@outside.test>: Relaying denied")
        assert smtp.rcpt("nobody@a.test")[0] == 550
        smtp.rset()
        assert [code for code, _ in deliver(smtp, ["away@a.test", "u1@a.test", "away@a.test"], MAIL)] == [250, 250, 250]
    assert [row[1] for row in queued()] == ["y@outside.test"], "an address of ours that leads outside does, once"


def test_a_loop_for_one_is_none_for_the_other(house: House) -> None:
    house.open("u1@a.test")
    addresses.add_forward("away@a.test", ["y@outside.test"], actor=CLI)
    with client(house) as smtp:
        answers = deliver(smtp, ["away@a.test", "u1@a.test"], b"Delivered-To: away@a.test\r\n" + MAIL)
    assert [code for code, _ in answers] == [554, 250]


def test_a_group_and_its_member_share_an_outcome(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    groups.add_group("all@a.test", ["u1@a.test", "u2@a.test"], actor=CLI)
    with client(house) as smtp:
        assert [code for code, _ in deliver(smtp, ["u1@a.test", "all@a.test"], MAIL)] == [250, 250]
    assert [len(texts(house, user)) for user in ("u1@a.test", "u2@a.test")] == [1, 1]


def test_a_report_of_success_that_was_asked_for(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    with client(house) as smtp:
        smtp.ehlo_or_helo_if_needed()
        smtp.mail("u2@a.test", ["RET=HDRS"])
        smtp.rcpt("u1@a.test", ["NOTIFY=SUCCESS", "ORCPT=rfc822;u1@a.test"])
        smtp.docmd("DATA")
        smtp.send(MAIL + b"\r\n.\r\n")
        assert smtp.getreply()[0] == 250
    assert rows("SELECT forward_path, dsn_due FROM transport_queueitem") == [("u1@a.test", "delivered")]


def _site(tmp_path: Path, url: str, **lmtp: object) -> SiteConfig:
    site = a_site(tmp_path, url)
    return dataclasses.replace(site, lmtp=dataclasses.replace(site.lmtp, **lmtp))


def test_who_may_call(real: object, valkey: object, tmp_path: Path) -> None:
    site = _site(tmp_path, valkey.url, networks=("192.0.2.0/24",), full="refuse", socket_mode="0620")  # type: ignore[attr-defined]
    with running(site, ("lmtp",)) as house:
        house.open("narrow@a.test", quota_bytes=50)
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            client(house)
        assert refused.value.args[0] == 554
        with client(house, "lmtp.sock") as smtp:
            assert deliver(smtp, ["narrow@a.test"], MAIL) == [(552, "5.2.2 <narrow@a.test> mailbox is full")]
        assert stat.S_IMODE(Path(house.addresses["lmtp.sock"]).stat().st_mode) == 0o620
