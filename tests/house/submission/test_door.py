"""The submission door on the house: who comes in, as whom they send, what becomes of it."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.doors import PASSWORD, House
from tests.support.house import assert_sound, rows


@contextmanager
def client(house: House, login: str | None = "u1@a.test", password: str = PASSWORD) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(*house.addresses["submission"], local_hostname="client.test", timeout=20) as smtp:
        smtp.starttls(context=house.tls)
        smtp.ehlo()
        if login:
            smtp.login(login, password)
        yield smtp


def texts(house: House, address: str, folder: str = "INBOX") -> list[bytes]:
    with house.reader(address, folder) as reader:
        return [answer["BODY[]"] for answer in reader.fetch("1:*", "BODY.PEEK[]")]


def queued() -> list[tuple]:
    return rows(
        "SELECT m.reverse_path, q.forward_path, q.destination, q.transport, q.notify, q.orcpt, m.ret, m.envid,"
        " m.submitter > 0 FROM transport_queueitem q JOIN transport_outboundmessage m ON m.id = q.message_id ORDER BY q.id"
    )


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
