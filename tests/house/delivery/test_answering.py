"""When mail is answered automatically, and when not: a judgement of its header alone (RFC 3834 §2)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.delivery.answering import judge
from mailplatform.delivery.plan import Copy, plan
from mailplatform.delivery.values import Answering, Audience, Letter, Responder, Silence
from mailplatform.directory.names import OwnNames
from mailplatform.store.values import SpecialUse
from tests.support.messages import a_message

NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)
OWN = OwnNames("u1@a.test", frozenset({"u1@a.test", "info@a.test"}), {"a.test": "+"})


def a_responder(**changes) -> Responder:
    values = {"starts_at": None, "ends_at": None, "days": 7, "audience": Audience.EVERYONE} | changes
    return Responder(1, own=OWN, domains=frozenset({"a.test"}), **values)


def a_letter(sender: str = "x@out.test", *, authenticated: bool = False, **message) -> Letter:
    content = a_message(**message)
    return Letter("t1", sender, content[: content.index(b"\r\n\r\n") + 4], authenticated, NOW)


def judged(sender: str = "x@out.test", *, responder: Responder | None = None, **letter):
    return judge(responder or a_responder(), a_letter(sender, **letter))


def test_what_is_answered() -> None:
    found = judged(message_id="<2@out.test>", headers={"References": "<0@out.test>\r\n <1@out.test>", "Accept-Language": "it"})
    assert isinstance(found, Answering)
    assert (found.sender, found.address, found.inside) == ("x@out.test", "u1@a.test", False)
    assert (found.message_id, found.references) == ("<2@out.test>", "<0@out.test> <1@out.test> <2@out.test>")
    assert (found.language, found.until, found.subject) == ("it", NOW + timedelta(days=7), "Minutes of the meeting")
    again = judged("X@OUT.test")
    assert again.sender_key == found.sender_key


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ({"to": "u1@a.test"}, "u1@a.test"),
        ({"to": "y@out.test", "cc": "Info <INFO@a.test>, z@out.test"}, "INFO@a.test"),
        ({"to": "y@out.test", "headers": {"Bcc": "u1+x@a.test"}}, "u1+x@a.test"),
        ({"to": "y@out.test", "headers": {"Resent-To": "u1@a.test"}}, "u1@a.test"),
        ({"to": "a group: u1@a.test;"}, "u1@a.test"),
    ],
)
def test_mail_that_names_the_recipient(named, address) -> None:
    assert judged(**named).address == address


@pytest.mark.parametrize(
    ("headers", "silence"),
    [
        ({"List-Id": "<l.out.test>"}, Silence.LIST),
        ({"list-UNSUBSCRIBE": "<mailto:x@out.test>"}, Silence.LIST),
        ({"Precedence": "Bulk"}, Silence.LIST),
        ({"Precedence": "junk"}, Silence.LIST),
        ({"Auto-Submitted": "auto-replied"}, Silence.AUTOMATIC),
        ({"Auto-Submitted": "auto-generated; x=y"}, Silence.AUTOMATIC),
        ({"Auto-Submitted": ""}, None),
        ({"Auto-Submitted": "No (said a person)"}, Silence.AUTOMATIC),  # in doubt, silent
        ({"Auto-Submitted": "NO ; x"}, None),
        ({"X-Auto-Response-Suppress": "DR, OOF"}, Silence.SUPPRESSED),
        ({"X-Auto-Response-Suppress": "DR"}, None),
        ({"Content-Type": "multipart/report; report-type=delivery-status"}, Silence.AUTOMATIC),
        ({"To": "all@a.test"}, Silence.NOT_NAMED),
        ({"Precedence": "first-class"}, None),
    ],
)
def test_headers(headers, silence) -> None:
    found = judged(headers=headers)
    assert found is silence if silence else isinstance(found, Answering)


@pytest.mark.parametrize(
    "sender",
    [
        "MAILER-DAEMON@out.test",
        "owner-x@out.test",
        "x-request@out.test",
        "x-owner@out.test",
        "listserv@out.test",
        "no-reply@out.test",
        "noreply+abc@out.test",
        "x-bounces+u1=a.test@out.test",
        "postmaster@out.test",
        "donotreply@out.test",
    ],
)
def test_senders_that_are_no_people(sender) -> None:
    assert judged(sender) is Silence.ROLE


def test_senders() -> None:
    assert judged("") is Silence.NULL_PATH
    assert judged("Info+x@A.test") is Silence.ITSELF
    assert isinstance(judged("bouncer@out.test"), Answering)
    assert isinstance(judged("requestor@out.test"), Answering)


def test_dates() -> None:
    hour = timedelta(hours=1)
    assert judged(responder=a_responder(starts_at=NOW + hour)) is None
    assert judged(responder=a_responder(ends_at=NOW)) is None
    assert isinstance(judged(responder=a_responder(starts_at=NOW, ends_at=NOW + hour)), Answering)


def test_inside_is_who_signed_in() -> None:
    inside, outside = a_responder(audience=Audience.INSIDE), a_responder(audience=Audience.OUTSIDE)
    assert judged("u2@a.test", authenticated=True).inside is True
    assert judged("u2@a.test").inside is False, "anybody can say so"
    assert judged("u2@a.test", responder=inside) is Silence.AUDIENCE
    assert isinstance(judged("u2@a.test", responder=inside, authenticated=True), Answering)
    assert judged("u2@a.test", responder=outside, authenticated=True) is Silence.AUDIENCE
    assert isinstance(judged(responder=outside), Answering)


def test_a_plan_that_keeps_nothing_but_junk_answers_nobody() -> None:
    junk = plan(1, "u1@a.test", copies=(Copy(SpecialUse.JUNK),), responder=a_responder(), letter=a_letter())
    assert (junk.answer, junk.silence) == (None, Silence.JUNK)
    assert plan(1, "u1@a.test", copies=(), responder=a_responder(), letter=a_letter()).silence is Silence.JUNK
    assert plan(1, "u1@a.test", responder=a_responder(), letter=a_letter()).answer is not None
    assert plan(1, "u1@a.test", responder=a_responder()).answer is None


@given(st.binary(max_size=400), st.text(max_size=60))
def test_any_header_gives_a_judgement(header: bytes, sender: str) -> None:
    header += b"\r\nTo: u1@a.test\r\nMessage-ID: <\xff\n1@x>\r\nSubject: =?utf-8?q?=0D=0ABcc:_x@y?=\r\n" + header
    found = judge(a_responder(), Letter("t", sender, header, False, NOW))
    if isinstance(found, Answering):
        for text in (found.message_id, found.references, found.subject):
            assert text.isprintable() and "\x00" not in text
