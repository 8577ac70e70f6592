"""Reports we write: read back by our own reader and by Python's email package, in every language, whatever is in them."""

import email
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.dsn import words
from mailplatform.standards.dsn.compose import RecipientReport, Report, compose
from mailplatform.standards.dsn.parse import read
from mailplatform.standards.dsn.words import LANGUAGES, Action, Reason, reason_of
from mailplatform.standards.dsn.xtext import TypedAddress
from tests.standards.samples import MIXED, PLAIN

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FAILED = RecipientReport(
    forward_path="bruno@example.test",
    action=Action.FAILED,
    status="5.1.1",
    orcpt="rfc822;B+2Bx@example.test",
    reply="550 5.1.1 <bruno@example.test> no such user",
    host="mx.example.test",
    last_attempt=NOW,
)
REPORT = Report(
    reverse_path="anna@house.test",
    host="mail.house.test",
    postmaster="postmaster@house.test",
    message_id="<r1@mail.house.test>",
    at=NOW,
    recipients=(FAILED,),
    original=PLAIN,
    arrival=NOW - timedelta(hours=1),
    trace_id="0123abc",
    envid="QQ+2B1",
)


def _human(raw: bytes) -> str:
    part = next(email.message_from_bytes(raw, policy=policy.default).iter_parts())
    return part.get_content().replace("\r\n", "\n")


def test_a_failure():
    raw = compose(REPORT)
    seen = email.message_from_bytes(raw, policy=policy.default)
    assert seen.get_content_type() == "multipart/report" and seen.get_param("report-type") == "delivery-status"
    assert seen["To"] == "anna@house.test" and seen["From"] == "Mail delivery <postmaster@house.test>"
    assert seen["Subject"] == "Not delivered: Café at noon"
    assert seen["Auto-Submitted"] == "auto-replied" and seen["In-Reply-To"] == "<1@example.test>"
    assert [part.get_content_type() for part in seen.iter_parts()] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    assert [dict(block) for block in list(seen.iter_parts())[1].get_payload()] == [
        {
            "Original-Envelope-Id": "QQ+1",
            "Reporting-MTA": "dns; mail.house.test",
            "Arrival-Date": "Tue, 24 Nov 2026 11:00:00 +0000",
        },
        {
            "Original-Recipient": "rfc822; B+x@example.test",
            "Final-Recipient": "rfc822; bruno@example.test",
            "Action": "failed",
            "Status": "5.1.1",
            "Remote-MTA": "dns; mx.example.test",
            "Diagnostic-Code": "smtp; 550 5.1.1 <bruno@example.test> no such user",
            "Last-Attempt-Date": "Tue, 24 Nov 2026 12:00:00 +0000",
        },
    ]
    assert b"Meet me" not in raw
    assert _human(raw) == (
        "Your message of 24 November 2026, 11:00 UTC could not be delivered to:\n\n"
        "    B+x@example.test (→ bruno@example.test)\n\n"
        "The address does not exist at its destination. Check the spelling of the\n"
        "address, ask the person for the right one, and send your message again.\n\n"
        "mx.example.test said: 550 5.1.1 <bruno@example.test> no such user\n\n"
        "It will not be tried again. The other recipients, if there were any, are\n"
        "not concerned.\n\n"
        "If you need help, forward this message to postmaster@house.test, or name\n"
        "the reference 0123abc."
    )


def test_our_own_reader_reads_it():
    found = read(compose(REPORT))
    assert found is not None
    assert (found.reporting_host, found.envid, found.message_id) == ("mail.house.test", "QQ+1", "<1@example.test>")
    assert found.arrival == NOW - timedelta(hours=1)
    (one,) = found.recipients
    assert one.final == TypedAddress("rfc822", "bruno@example.test")
    assert one.original == TypedAddress("rfc822", "B+x@example.test")
    assert (one.action, one.status, one.permanent) == (Action.FAILED, "5.1.1", True)
    assert (one.remote_host, one.diagnostic) == ("mx.example.test", "550 5.1.1 <bruno@example.test> no such user")
    assert one.last_attempt == NOW


def test_a_delay_in_italian_says_until_when():
    late = replace(FAILED, action=Action.DELAYED, status="4.4.1", reply="", host="", until=NOW + timedelta(days=5))
    raw = compose(replace(REPORT, recipients=(late,), language="it"))
    assert email.message_from_bytes(raw, policy=policy.default)["Subject"] == "In ritardo: Café at noon"
    flat = " ".join(_human(raw).split())
    assert "fino al 29 novembre 2026, ore 12:00 UTC" in flat and "Il server del destinatario non risponde." in flat
    (one,) = read(raw).recipients  # type: ignore[union-attr]
    assert (one.action, one.until, one.permanent) == (Action.DELAYED, NOW + timedelta(days=5), False)


def test_the_whole_message_comes_back_when_asked():
    raw = compose(replace(REPORT, original=MIXED, full=True))
    parts = list(email.message_from_bytes(raw, policy=policy.default).iter_parts())
    assert parts[2].get_content_type() == "message/rfc822" and MIXED in raw


def test_eight_bit_is_declared():
    raw = compose(replace(REPORT, full=True))
    assert raw.count(b"Content-Transfer-Encoding: 8bit\r\n") == 2 and PLAIN in raw


def test_addresses_beyond_ascii():
    one = replace(FAILED, forward_path="josé@example.test", orcpt="utf-8;jos\\x{E9}@example.test")
    plain = compose(replace(REPORT, recipients=(one,)))
    assert b"message/delivery-status" in plain and b"Final-Recipient: utf-8; jos\\x{E9}@example.test" in plain
    wide = compose(replace(REPORT, recipients=(one,), smtputf8=True))
    assert b"message/global-delivery-status" in wide and "Final-Recipient: utf-8; josé@example.test".encode() in wide
    for raw in (plain, wide):
        (found,) = read(raw).recipients  # type: ignore[union-attr]
        assert found.final == found.original == TypedAddress("utf-8", "josé@example.test")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("reason", Reason)
def test_every_sentence_in_every_language(language: str, action: Action, reason: Reason):
    one = replace(FAILED, action=action, reason=reason, until=NOW)
    text = _human(compose(replace(REPORT, recipients=(one,), language=language)))
    assert "{" not in text and "bruno@example.test" in text
    said = words.language(language)
    flat = " ".join(text.split())
    assert (said.reasons[reason].what in flat) is (action in (Action.FAILED, Action.DELAYED))


def test_languages_are_different_and_unknown_ones_english():
    assert words.language("it-CH") is words.language("it") is not words.language("en")
    assert words.language("fi") is words.language("en")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("5.1.1", Reason.NO_SUCH_ADDRESS),
        ("5.1.10", Reason.TAKES_NO_MAIL),
        ("5.2.2", Reason.FULL),
        ("4.4.7", Reason.EXPIRED),
        ("5.7.26", Reason.REFUSED),
        ("5.6.1", Reason.CONTENT),
        ("5.9.9", Reason.OTHER),
        ("", Reason.OTHER),
    ],
)
def test_reasons(status: str, reason: Reason):
    assert reason_of(status) is reason


@pytest.mark.parametrize("broken", [{"reverse_path": ""}, {"recipients": ()}])
def test_nobody_to_tell(broken: dict[str, object]):
    with pytest.raises(ValueError, match="somebody"):
        compose(replace(REPORT, **broken))  # type: ignore[arg-type]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


@given(TEXT, TEXT, TEXT, st.binary(max_size=200), st.booleans(), st.booleans())
def test_whatever_others_said_it_stays_a_report(reply: str, host: str, subject: str, body: bytes, full: bool, utf8: bool):
    original = b"Subject: " + subject.encode() + b"\r\nMessage-ID: <o@x.test>\r\n\r\n" + body
    one = replace(FAILED, reply=reply, host=host)
    raw = compose(replace(REPORT, recipients=(one, FAILED), original=original, full=full, smtputf8=utf8))
    found = read(raw)
    assert found is not None and len(found.recipients) == 2
    assert found.recipients[1].final.address == "bruno@example.test"
    head = raw[: raw.index(b"\r\n\r\n")]
    assert head.count(b"\r\nTo:") == 1 and all(len(line) < 998 for line in head.split(b"\r\n"))
