"""The submission door on the house: who comes in, as whom they send, what may be sent, what becomes of it."""

from __future__ import annotations

import base64
import smtplib

import pytest

from mailplatform.access import credentials, failures, sending
from mailplatform.access.sending import SendingLimits
from mailplatform.directory import addresses, domains, groups
from mailplatform.directory.values import CLI
from mailplatform.mailflow import identities
from mailplatform.standards.sasl import scram
from protocols.smtp.submission_session import SubmissionSession
from tests.house.submission.support import client, encoded, mail, queued, refusal, send, texts
from tests.support.doors import PASSWORD, House
from tests.support.house import assert_sound, rows


def test_a_message_to_the_house_and_outside(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    with client(house) as smtp:
        refused = smtp.sendmail(
            "u1@a.test",
            ["u2@a.test", "x@outside.test", "Y@Other.test"],
            b"From: u1@a.test\r\nTo: u2@a.test\r\nBcc: x@outside.test\r\nSubject: hello\r\n\r\nbody\r\n",
            ["RET=HDRS", "ENVID=q1"],
            ["NOTIFY=FAILURE,DELAY"],
        )
        assert refused == {}
    (got,) = texts(house, "u2@a.test")
    assert b"Bcc:" not in got and b"with ESMTPSA" in got and b"\r\nDate: " in got and b"\r\nMessage-ID: <" in got
    assert got.startswith(b"Return-Path: <u1@a.test>\r\n")
    (sent,) = texts(house, "u1@a.test", "Sent")
    assert sent.startswith(b"Bcc: x@outside.test\r\n") and b"Received:" not in sent and sent.endswith(b"\r\n\r\nbody\r\n")
    assert queued() == [
        ("u1@a.test", "x@outside.test", "outside.test", "smtp", "FAILURE,DELAY", "", "HDRS", "q1", True),
        ("u1@a.test", "Y@other.test", "other.test", "smtp", "FAILURE,DELAY", "", "HDRS", "q1", True),
    ]
    assert [row[0] for row in rows("SELECT DISTINCT direction FROM trace_message WHERE reverse_path = 'u1@a.test'")] == [
        "submitted"
    ]
    assert_sound()


def test_an_address_of_ours_that_leads_outside(house: House) -> None:
    """It goes on under the sender's own address, which is ours; the group's members here get theirs at once."""
    house.open("u1@a.test", "u2@a.test")
    addresses.add_forward("away@a.test", ["x@outside.test"], actor=CLI)
    groups.add_group("all@a.test", ["u2@a.test", "y@outside.test"], actor=CLI)
    with client(house) as smtp:
        assert smtp.sendmail("u1@a.test", ["away@a.test", "all@a.test", "z@outside.test"], mail()) == {}
        code, _ = send(smtp, b"Delivered-To: away@a.test\r\n" + mail(), "away@a.test")
        assert code == 554
    assert sorted(row[:3] for row in queued()) == [
        ("u1@a.test", "x@outside.test", "outside.test"),
        ("u1@a.test", "y@outside.test", "outside.test"),
        ("u1@a.test", "z@outside.test", "outside.test"),
    ]
    assert len(texts(house, "u2@a.test")) == 1


# -- who comes in


def test_no_password_and_no_mail_before_tls(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From networks that the site does not name; loopback is named here, so the session is asked to think otherwise."""
    house.open("u1@a.test")
    monkeypatch.setattr(SubmissionSession, "may_sign_in", lambda session: session.secure)
    with smtplib.SMTP(*house.addresses["submission"], timeout=20) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("auth") and smtp.has_extn("starttls") and smtp.has_extn("dsn")
        assert smtp.docmd("AUTH", "PLAIN AHUAcA==") == (538, b"5.7.11 Encryption required for requested authentication mechanism")
        assert smtp.mail("u1@a.test")[0] == 530
        smtp.starttls(context=house.tls)
        smtp.ehlo()
        assert smtp.esmtp_features["auth"].split() == ["SCRAM-SHA-256", "PLAIN", "LOGIN"]
        assert smtp.mail("u1@a.test") == (530, b"5.7.0 Authentication required")
        smtp.login("u1@a.test", PASSWORD)
        smtp.ehlo()
        assert not smtp.has_extn("auth")
        assert smtp.docmd("AUTH", "PLAIN AHUAcA==")[0] == 503
        assert smtp.mail("u1@a.test")[0] == 250


def test_implicit_tls(house: House) -> None:
    house.open("u1@a.test")
    with smtplib.SMTP_SSL(*house.addresses["submissions"], context=house.tls, timeout=20) as smtp:
        smtp.ehlo()
        assert smtp.has_extn("auth") and not smtp.has_extn("starttls")
        smtp.login("u1@a.test", PASSWORD)
        assert send(smtp, mail())[0] == 250
    assert len(queued()) == 1


def test_plain_and_login(house: House) -> None:
    house.open("u1@a.test")
    for method in ("auth_plain", "auth_login"):
        with client(house, None) as smtp:
            smtp.user, smtp.password = "U1@a.test", PASSWORD
            assert smtp.auth(method.removeprefix("auth_").upper(), getattr(smtp, method))[0] == 235
            smtp.ehlo()
    with client(house, None) as smtp:
        assert refusal(smtp.login, "u1@a.test", "wrong")[0] == 535
        assert refusal(smtp.login, "nobody@a.test", PASSWORD)[0] == 535
        assert smtp.mail("u1@a.test")[0] == 530


def test_what_is_no_exchange(house: House) -> None:
    house.open("u1@a.test")
    with client(house, None) as smtp:
        for words, code in (
            ("CRAM-MD5", 504),
            ("PLAIN !!!", 501),
            ("PLAIN AHUx", 501),
            ("PLAIN " + encoded(b"other@a.test\0u1@a.test\0" + PASSWORD.encode()), 535),
        ):
            assert smtp.docmd("AUTH", words)[0] == code
        assert smtp.docmd("AUTH", "LOGIN") == (334, b"VXNlcm5hbWU6")
        assert smtp.docmd("*") == (501, b"5.0.0 Authentication cancelled")
        assert smtp.docmd("NOOP")[0] == 250  # and no answer to an exchange any more
        smtp.login("u1@a.test", PASSWORD)


def scram_in(smtp: smtplib.SMTP, login: str, secret: str, nonce: str = "client-nonce") -> tuple[int, bytes]:
    mine = scram.Client(login, secret, nonce)
    code, text = smtp.docmd("AUTH", f"SCRAM-SHA-256 {encoded(mine.first)}")
    assert code == 334
    code, text = smtp.docmd(encoded(mine.final(base64.b64decode(text))))
    if code != 334:
        return code, text
    assert mine.is_server(base64.b64decode(text))
    return smtp.docmd("")


def challenge(smtp: smtplib.SMTP, login: str) -> dict[str, str]:
    """Salt and count that a login is challenged with."""
    mine = scram.Client(login, "x", "client-nonce")
    said = base64.b64decode(smtp.docmd("AUTH", f"SCRAM-SHA-256 {encoded(mine.first)}")[1]).decode()
    assert smtp.docmd("*")[0] == 501
    return {part[0]: part[2:] for part in said.split(",") if part[0] != "r"}


def test_scram_by_app_passwords(house: House) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    one = credentials.add_app_password(info.user_id, "phone", actor=CLI)
    two = credentials.add_app_password(info.user_id, "desk", scopes=["submission"], actor=CLI)
    reading = credentials.add_app_password(info.user_id, "reader", scopes=["imap"], actor=CLI)
    for secret in (one, two):
        with client(house, None) as smtp:
            assert scram_in(smtp, "U1@a.test", secret)[0] == 235
            assert send(smtp, mail())[0] == 250
    with client(house, None) as smtp:
        for secret in (reading, PASSWORD, "wrong"):
            assert scram_in(smtp, "u1@a.test", secret)[0] == 535
        assert smtp.mail("u1@a.test")[0] == 530


def test_scram_does_not_say_who_is_there(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    with client(house, None) as smtp:
        strangers = [challenge(smtp, f"{name}@a.test") for name in ("nobody", "nobody", "other", "u2")]
        assert strangers[0] == strangers[1] != strangers[2] != strangers[3]
        assert {one["i"] for one in strangers} == {"100000"}
        assert scram_in(smtp, "nobody@a.test", "x")[0] == 535


def test_guessing_by_scram_counts_as_any_other(house: House) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    with client(house, None) as smtp:
        for _ in range(2):
            assert scram_in(smtp, "u1@a.test", "wrong")[0] == 535
    (told,) = [one for one in failures.list_failures("u1@a.test") if one.login]
    assert (told.failures, told.last_protocol, told.state) == (2, "submission", "throttled")


def test_a_withdrawn_password_ends_the_session(house: House) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    secret = credentials.add_app_password(info.user_id, "phone", actor=CLI)
    with client(house, "u1@a.test", secret) as smtp:
        assert send(smtp, mail())[0] == 250
        credentials.remove_app_password(info.user_id, "phone", actor=CLI)
        code, text = smtp.getreply()
        assert (code, text[:5]) == (421, b"4.7.0")


# -- as whom


def test_only_as_oneself(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    domains.add_domain("alias.test", alias_of="a.test", actor=CLI)
    addresses.add_alias("anna@a.test", ["u1@a.test"], actor=CLI)
    with client(house) as smtp:
        for good in ("u1@a.test", "U1+tag@A.test", "anna@a.test", "u1@alias.test", "anna+x@alias.test"):
            assert send(smtp, mail(author=good), sender=good)[0] == 250
        code, text = send(smtp, mail(), sender="u2@a.test")
        assert (code, text[:5]) == (550, "5.7.1") and "may not send as u2@a.test, only as anna@a.test" in text.lower()
        for bad in ("u2@a.test", "nobody@a.test", "x@outside.test", "u1@b.test"):
            assert send(smtp, mail(), sender=bad)[0] == 550
        code, text = send(smtp, mail(author="u2@a.test"))
        assert (code, text[:5]) == (550, "5.7.1") and "Author in From" in text
        assert send(smtp, mail(author="u1@a.test, u2@a.test"))[0] == 550
        assert send(smtp, b"Sender: u2@a.test\r\n" + mail())[0] == 550
        assert send(smtp, mail(), sender="")[0] == 250  # a receipt, say
        assert send(smtp, mail(author="u2@a.test"), sender="")[0] == 550


def test_grants(house: House) -> None:
    (info, _) = house.open("u1@a.test", "sales@a.test")
    assert info.user_id is not None
    with client(house) as smtp:
        assert send(smtp, mail(author="sales@a.test"), sender="sales@a.test")[0] == 550
        sending.grant(info.user_id, "sales@a.test", actor=CLI)
        sending.grant(info.user_id, "*@b.test", actor=CLI)
        identities.forget()
        assert send(smtp, mail(author="sales@a.test"), sender="sales@a.test")[0] == 250
        assert send(smtp, mail(author="any@b.test"), sender="other@b.test")[0] == 250
        sending.revoke(info.user_id, "sales@a.test", actor=CLI)
        identities.forget()
        assert send(smtp, mail(author="sales@a.test"), sender="sales@a.test")[0] == 550


def test_a_group_is_nobodys_address(house: House) -> None:
    house.open("u1@a.test")
    groups.add_group("all@a.test", ["u1@a.test"], actor=CLI)
    with client(house) as smtp:
        assert send(smtp, mail(author="all@a.test"), sender="all@a.test")[0] == 550


# -- what may be sent


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no header at all\r\n\r\nx\r\n", "does not begin with a header"),
        (b"From: u1@a.test\r\nFrom: u1@a.test\r\n\r\nx\r\n", "From stands twice"),
        (b"From: nonsense\r\n\r\nx\r\n", "names no address"),
        (b"From: u1@a.test\r\nSubject: a\0b\r\n\r\nx\r\n", "control character in line 2"),
        (b"From: u1@a.test\r\nSubject: " + b"x" * 1200 + b"\r\n\r\nx\r\n", "ine 2 of the header is longer"),
    ],
)
def test_broken_headers_are_refused_in_words(house: House, content: bytes, words: str) -> None:
    house.open("u1@a.test")
    with client(house) as smtp:
        code, text = send(smtp, content)
        assert (code, text[:5]) == (554, "5.6.0") and words in text
    assert queued() == [] and texts(house, "u1@a.test", "Sent") == []


def test_broken_addresses_are_refused_in_words(house: House) -> None:
    house.open("u1@a.test")
    with client(house) as smtp:
        smtp.mail("u1@a.test")
        for bad in ("nobody@a.test", "a b@outside.test", "x@outside..test", "x@[192.0.2.1]", "@", "x"):
            code, text = smtp.docmd(f"RCPT TO:<{bad}>")
            assert code in (501, 550) and text[:2] == b"5."


def test_a_loop_is_refused(house: House) -> None:
    house.open("u1@a.test")
    with client(house) as smtp:
        assert send(smtp, b"Received: from a by b; now\r\n" * 60 + mail())[0] == 554


def test_limits_are_said_clearly_and_counted_once(house: House) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    sending.set_limits(info.user_id, SendingLimits(messages_per_hour=2, recipients_per_hour=4), actor=CLI)
    with client(house) as smtp:
        five = [f"x{n}@outside.test" for n in range(5)]
        assert refusal(smtp.sendmail, "u1@a.test", five, mail()) == (
            450,
            "4.7.1 You may send 4 recipients in an hour, 0 are used and this message has 5; try again later",
        )
        assert send(smtp, mail())[0] == 250
        assert send(smtp, mail())[0] == 250
        code, text = send(smtp, mail())
        assert (code, text) == (450, "4.7.1 You may send 2 messages in an hour, 2 are sent; try again later")
    assert len(queued()) == 2


def test_the_mx_relays_nothing(house: House) -> None:
    """Every way to ask a mail server to pass mail on, known for decades."""
    house.open("u1@a.test")
    with client(house) as smtp:
        assert send(smtp, mail())[0] == 250  # now the process knows this recipient; the MX must not
    forms = [
        "x@outside.test",
        "x%outside.test@a.test",
        "outside.test!x@a.test",
        '"x@outside.test"@a.test',
        '"x@outside.test"',
        "x@outside.test@a.test",
        "@a.test:x@outside.test",
        "@a.test,@b.test:x@outside.test",
        "x@[127.0.0.1]",
        "x@[IPv6:::1]",
        "x@a.test.",
        "x%outside.test@[127.0.0.1]",
        "x@mx.house.test",
        "outside.test!x",
        "x",
    ]
    for sender in ("x@outside.test", "u1@a.test", ""):
        with smtplib.SMTP(*house.smtp, local_hostname="a.test", timeout=20) as smtp:
            smtp.ehlo()
            assert not smtp.has_extn("auth") and smtp.docmd("AUTH", "PLAIN AHUAcA==")[0] == 502
            for form in forms:
                smtp.mail(sender)
                code, text = smtp.docmd(f"RCPT TO:<{form}>")
                assert code in (501, 550, 553) and text.startswith(b"5."), form
                smtp.rset()
