"""Automatic answers as octets: whatever the texts hold, one well-formed message (RFC 3834 §3, RFC 5322)."""

import email
import email.policy
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message.automatic import Automatic, compose

NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)


def an_answer(**changes) -> Automatic:
    values = {
        "author": "u1@a.test",
        "name": "Anna Rossi",
        "to": "x@out.test",
        "subject": "Auto: hello",
        "text": "I am away.\n\nPerò torno.",
        "language": "it",
        "message_id": "<1@a.test>",
        "at": NOW,
        "answers": "<2@out.test>",
        "references": "<0@out.test> <2@out.test>",
    }
    return Automatic(**(values | changes))


def test_a_plain_one() -> None:
    raw = compose(an_answer())
    assert raw.startswith(
        b'Date: Thu, 24 Dec 2026 12:00:00 +0000\r\nFrom: "Anna Rossi" <u1@a.test>\r\nTo: x@out.test\r\nSubject: Auto: hello\r\n'
        b"Message-ID: <1@a.test>\r\nIn-Reply-To: <2@out.test>\r\nReferences: <0@out.test>\r\n <2@out.test>\r\n"
        b"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\nContent-Language: it\r\n"
    )
    assert raw.endswith(b"\r\n\r\nI am away.\r\n\r\nPer=C3=B2 torno.\r\n")


def test_words_beyond_ascii() -> None:
    raw = compose(an_answer(name='Grüße "x"', subject="Però " * 60))
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert found["From"].addresses[0].display_name == 'Grüße "x"'
    assert found["Subject"].split() == ["Però"] * 60
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


ANY = st.text(max_size=300)


@given(ANY, ANY, ANY, ANY, ANY)
def test_nothing_is_injected(name: str, subject: str, text: str, answers: str, to: str) -> None:
    hostile = f"{subject}\r\nBcc: victim@out.test\r\n\r\nbody"
    raw = compose(
        an_answer(name=name + "\n", subject=hostile, text=text, answers=answers, references=answers + "\r\nX: y", to=to)
    )
    header, _, body = raw.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in header.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    optional = {b"In-Reply-To", b"References"}
    assert [one for one in names if one not in optional] == [
        *(
            b"Date",
            b"From",
            b"To",
            b"Subject",
            b"Message-ID",
            b"Auto-Submitted",
            b"X-Auto-Response-Suppress",
            b"Content-Language",
        ),
        *(b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding"),
    ]
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b"")
    assert body.isascii() and all(len(line) <= 76 for line in body.split(b"\r\n"))
