"""Sending as people do, and seeing what became of it."""

from __future__ import annotations

import base64
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.doors import PASSWORD, House
from tests.support.house import rows


@contextmanager
def client(house: House, login: str | None = "u1@a.test", password: str = PASSWORD) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(*house.addresses["submission"], local_hostname="client.test", timeout=20) as smtp:
        smtp.starttls(context=house.tls)
        smtp.ehlo()
        if login:
            smtp.login(login, password)
        yield smtp


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def texts(house: House, address: str, folder: str = "INBOX") -> list[bytes]:
    with house.reader(address, folder) as reader:
        return [answer["BODY[]"] for answer in reader.fetch("1:*", "BODY.PEEK[]")] if reader.search("ALL") else []


def queued() -> list[tuple]:
    return rows(
        "SELECT m.reverse_path, q.forward_path, q.destination, q.transport, q.notify, q.orcpt, m.ret, m.envid,"
        " m.submitter > 0 FROM transport_queueitem q JOIN transport_outboundmessage m ON m.id = q.message_id ORDER BY q.id"
    )


def refusal(action, *words: object) -> tuple[int, str]:
    """What the server said to something it refused."""
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        action(*words)
    return refused.value.smtp_code, refused.value.smtp_error.decode("ascii")


def send(smtp: smtplib.SMTP, content: bytes, path: str = "x@outside.test", sender: str = "u1@a.test") -> tuple[int, str]:
    """One transaction for one recipient; the first refusal or the last reply."""
    for code, text in (smtp.mail(sender), smtp.rcpt(path)):
        if code != 250:
            smtp.rset()
            return code, text.decode("ascii")
    code, text = smtp.data(content)
    return code, text.decode("ascii")


def mail(subject: str = "hello", author: str = "u1@a.test", message_id: str = "") -> bytes:
    head = f"From: {author}\r\nTo: x@outside.test\r\nSubject: {subject}\r\n"
    return (head + (f"Message-ID: {message_id}\r\n" if message_id else "") + "\r\nbody\r\n").encode()
