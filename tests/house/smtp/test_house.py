"""The door on the house: what SMTP answers for what the directory and the store say, and when the database is away."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections

from mailplatform.mailflow import admit
from mailplatform.runtime.errors import StorageFull
from mailplatform.store import space
from tests.conftest import Real
from tests.support.doors import House
from tests.support.messages import a_message


@contextmanager
def client(house: House) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(*house.smtp, local_hostname="client.test", timeout=20) as smtp:
        smtp.ehlo()
        yield smtp


def deliver(smtp: smtplib.SMTP, path: str, content: bytes, sender: str = "anna@outside.example") -> tuple[int, str]:
    """One transaction for one recipient; the first refusal or the last reply."""
    for code, text in (smtp.mail(sender), smtp.rcpt(path)):
        if code != 250:
            smtp.rset()
            return code, text.decode("ascii")
    code, text = smtp.data(content)
    return code, text.decode("ascii")


def bodies(house: House, address: str) -> list[bytes]:
    with house.reader(address) as reader:
        return [answer["BODY[]"] for answer in reader.fetch("1:*", "BODY.PEEK[]")]


def test_what_the_directory_says(house: House) -> None:
    house.open("u1@a.test")
    house.open("full@a.test", quota_bytes=1)
    with client(house) as smtp:
        assert deliver(smtp, "nobody@a.test", b"x\r\n")[1].startswith("5.1.1 <nobody@a.test>")
        assert deliver(smtp, "u1@elsewhere.test", b"x\r\n")[1].startswith("5.7.1 <u1@elsewhere.test>: Relaying denied")
        assert deliver(smtp, "U1@A.test", b"x\r\n")[0] == 250
        code, text = deliver(smtp, "u1+tag@a.test", b"Subject: tagged\r\n\r\nx\r\n")
        assert (code, text[:10]) == (250, "2.0.0 Ok: ")
        assert deliver(smtp, "full@a.test", b"x" * 100 + b"\r\n")[0] == 250  # room for one: quota is answered at RCPT
        admit.forget()
        code, text = deliver(smtp, "full@a.test", b"x\r\n")
        assert (code, text[:5]) == (452, "4.2.2")
        assert deliver(smtp, "postmaster", b"x\r\n")[0] in (250, 550)
    assert len(bodies(house, "u1@a.test")) == 2


def test_one_blob_whatever_is_in_it(house: House) -> None:
    """8-bit, NUL, dots, long lines, a broken MIME head: byte for byte."""
    house.open("u1@a.test")
    odd = [
        b"",
        b"\r\n",
        b".\r\n..\r\n.x\r\n",
        bytes(n for n in range(256) if n not in (10, 13)) + b"\r\n",
        b"no header at all\r\n",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--\r\n",
        b"Subject: " + b"x" * 50_000 + b"\r\n\r\n" + b"y" * 200_000 + b"\r\n",
        b"Subject: folded\r\n\t\r\n \r\n\r\n" + b"z\r\n" * 200_000,
    ]
    with client(house) as smtp:
        for content in odd:
            smtp.mail("anna@outside.example")
            smtp.rcpt("u1@a.test")
            smtp.docmd("DATA")
            stuffed = content.replace(b"\r\n.", b"\r\n..")
            smtp.send((b"." if content.startswith(b".") else b"") + stuffed + b".\r\n")
            assert smtp.getreply()[0] == 250
    got = bodies(house, "u1@a.test")
    assert len(got) == len(odd)
    for content, whole in zip(odd, got, strict=True):
        assert whole.endswith(content)
        added = whole[: len(whole) - len(content)]
        assert added.count(b"\r\nReceived: from client.test") == 1
        assert added.startswith(b"Return-Path: <anna@outside.example>\r\n")
        assert added.endswith(b"\r\n")


def test_a_loop_is_refused(house: House) -> None:
    """RFC 5321 §6.3."""
    house.open("u1@a.test")
    with client(house) as smtp:
        code, text = deliver(smtp, "u1@a.test", b"Received: from a by b; now\r\n" * 60 + b"\r\nx\r\n")
        assert (code, text[:5]) == (554, "5.4.6")


def test_a_lost_database_is_451_and_comes_back_by_itself(house: House, real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are cut and cannot be made; then they can again. Nothing is restarted."""
    house.open("u1@a.test")
    content = a_message(subject="once")
    with client(house) as smtp:
        assert deliver(smtp, "u1@a.test", content)[0] == 250
        with away(real, monkeypatch):
            admit.forget()
            code, text = deliver(smtp, "u1@a.test", content)
            assert (code, text[:5]) == (451, "4.3.0")
        assert deliver(smtp, "u1@a.test", content)[0] == 250
    assert len(bodies(house, "u1@a.test")) == 2


def test_a_database_lost_within_data_is_451(house: House, real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    house.open("u1@a.test")
    with client(house) as smtp:
        smtp.mail("anna@outside.example")
        assert smtp.rcpt("u1@a.test")[0] == 250
        with away(real, monkeypatch):
            code, text = smtp.data(a_message(subject="lost"))
            assert (code, text[:5]) == (451, b"4.3.0")
        assert deliver(smtp, "u1@a.test", a_message(subject="found"))[0] == 250
    assert len(bodies(house, "u1@a.test")) == 1


def test_a_full_disk_is_452(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.open("u1@a.test")
    with client(house) as smtp:
        with monkeypatch.context() as full:
            full.setattr(space, "check", _full)
            code, text = deliver(smtp, "u1@a.test", b"x\r\n")
            assert (code, text[:5]) == (452, "4.3.1")
        assert deliver(smtp, "u1@a.test", b"x\r\n")[0] == 250


def test_many_senders_at_once(house: House) -> None:
    """Every acknowledged message is there once."""
    addresses = [f"u{n}@a.test" for n in range(8)]
    house.open(*addresses)
    taken: list[str] = []

    def send(number: int) -> None:
        with client(house) as smtp:
            for n in range(25):
                path = addresses[(number + n) % len(addresses)]
                assert deliver(smtp, path, a_message(subject=f"{number}-{n}"))[0] == 250
                taken.append(f"{number}-{n}")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    subjects = [
        line.removeprefix(b"Subject: ").decode()
        for address in addresses
        for body in bodies(house, address)
        for line in body.split(b"\r\n")
        if line.startswith(b"Subject: ")
    ]
    assert len(taken) == 200
    assert sorted(subjects) == sorted(taken)


def _full() -> None:
    raise StorageFull(private="as the test says")


@contextmanager
def away(real: Real, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server cuts every connection, and no new one can be made."""
    with monkeypatch.context() as gone:
        gone.setitem(connections.settings["default"], "HOST", "/nonexistent")
        with psycopg.connect(real.dsn, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [real.name],
            )
        yield
