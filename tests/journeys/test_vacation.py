"""A vacation that is set by the command line answers once, not to a list, not to a DSN, in Italian to an Italian."""

import io
import smtplib
import time

from django.core.management import call_command

from mailplatform.mailflow import answers
from mailplatform.runtime import clock
from mailplatform.store import blobs
from mailplatform.trace import search
from tests.support.doors import PASSWORD, House
from tests.support.house import assert_sound, rows
from tests.support.messages import a_message


def manage(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def outbox() -> dict[str, bytes]:
    """Recipient outside → the message that waits for them."""
    found = rows(
        "SELECT q.forward_path, m.reverse_path, m.blob_id FROM transport_queueitem q"
        " JOIN transport_outboundmessage m ON m.id = q.message_id ORDER BY q.id"
    )
    assert {reverse_path for _, reverse_path, _ in found} <= {""}
    return {path: blobs.read_one(blob_id) for path, _, blob_id in found}


def test_a_vacation(house: House, tmp_path) -> None:
    house.open("anna@a.test", name="Anna Rossi")
    house.open("bruno@a.test", name="Bruno", language="it")
    (tmp_path / "it").write_text("Sono in ferie, però torno presto.\n")
    (tmp_path / "en").write_text("I am on holiday.\n")
    manage("autoresponder", "set", "anna@a.test", "--language", "it", "--text-file", str(tmp_path / "it"))
    manage("autoresponder", "set", "anna@a.test", "--language", "en", "--subject", "Away", "--text-file", str(tmp_path / "en"))

    with smtplib.SMTP(*house.smtp, local_hostname="client.test") as smtp:

        def send(sender: str, headers: dict[str, str] | None = None, to: str = "anna@a.test", **message) -> None:
            content = a_message(author=f"<{sender or 'x@out.test'}>", to=to, headers=headers or {}, **message)
            assert smtp.sendmail(sender, ["anna@a.test"], content) == {}

        for _ in range(2):
            send("english@outside.example", subject="Hello", message_id="<hello@outside.example>")
        send("italian@outside.example", {"Content-Language": "it"}, subject="Città")
        send("list@outside.example", {"List-Id": "<list.outside.example>"})
        send("", subject="Undelivered", headers={"Auto-Submitted": "auto-replied"})
        send("mailer-daemon@outside.example")
        send("machine@outside.example", {"Auto-Submitted": "auto-generated"})
        send("hidden@outside.example", to="undisclosed-recipients:;")
    with smtplib.SMTP(*house.addresses["submission"], local_hostname="client.test") as smtp:
        smtp.starttls(context=house.tls)
        smtp.login("bruno@a.test", PASSWORD)
        smtp.sendmail("bruno@a.test", ["anna@a.test"], a_message(author="bruno@a.test", to="anna@a.test", subject="Ciao"))

    assert answers.make(clock.now(), time.monotonic() + 20) == 3
    assert answers.make(clock.now(), time.monotonic() + 20) == 0
    sent = outbox()
    assert list(sent) == ["english@outside.example", "italian@outside.example"]
    english, italian = sent.values()
    assert b'\r\nFrom: "Anna Rossi" <anna@a.test>\r\nTo: english@outside.example\r\nSubject: Away\r\n' in english
    assert b"\r\nIn-Reply-To: <hello@outside.example>\r\n" in english and b"\r\nAuto-Submitted: auto-replied\r\n" in english
    assert english.endswith(b"\r\n\r\nI am on holiday.\r\n")
    assert b"\r\nContent-Language: it\r\n" in italian and italian.endswith(b"Sono in ferie, per=C3=B2 torno presto.\r\n")
    assert b"Risposta_automatica" in italian or b"Risposta automatica" in italian or b"=?utf-8?" in italian
    with house.reader("bruno@a.test") as reader:
        (got,) = reader.fetch("1:*", "BODY.PEEK[]")
    assert got["BODY[]"].startswith(b"Return-Path: <>\r\n") and b"\r\nSubject: Risposta automatica: Ciao\r\n" in got["BODY[]"]

    (life,) = search.find(message_id="hello@outside.example")[-1:]
    codes = {event.code for one in search.find(message_id="hello@outside.example") for event in one.events}
    assert {"answered", "answered.not"} <= codes and life
    why = dict(rows("SELECT params->>'sender', params->>'reason' FROM trace_event WHERE code = 'answered.not'"))
    assert why == {
        "english@outside.example": "lately",
        "list@outside.example": "list",
        "": "null_path",
        "mailer-daemon@outside.example": "role",
        "machine@outside.example": "automatic",
        "hidden@outside.example": "not_named",
    }
    manage("autoresponder", "off", "anna@a.test")
    assert_sound()
