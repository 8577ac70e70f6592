"""Trace fields."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message import headers, received

AT = datetime(2026, 3, 5, 7, 8, 9, tzinfo=UTC)


def made(**changes: str) -> bytes:
    values = {
        "helo": "mail.a.test",
        "client_address": "192.0.2.1",
        "by": "mx.example.test",
        "protocol": "ESMTPS",
        "trace_id": "01ABC",
    }
    return received.received(at=AT, **{**values, **changes})  # type: ignore[arg-type]


def test_a_received_field():
    assert headers.unfold(made(recipient="anna@example.test", reverse_name="host.a.test", tls="TLSv1.3 X")) == (
        b"Received: from mail.a.test (host.a.test [192.0.2.1]) by mx.example.test with ESMTPS (TLSv1.3 X) id 01ABC"
        b" for <anna@example.test>; Thu, 5 Mar 2026 07:08:09 +0000"
    )
    assert b"mail.a.test ([IPv6:2001:db8::1])" in made(client_address="2001:db8::1")
    assert b" for " not in made() and made().endswith(b" +0000\r\n")


def test_what_a_peer_says_breaks_nothing():
    field = made(helo="x)\r\nEvil: yes\r\n\r\n(ü", reverse_name="a\r\nb(", tls="x) \\ (\r\n", recipient="a\r\nb@x")
    assert field.count(b"\r\n") == len(field.splitlines())
    assert [name for name, _, _, _ in headers.fields(field)] == [b"Received"]
    assert b"Evil: yes" not in field
    assert b"from unknown (" in made(helo="")


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=64))
def test_fields_stay_whole(helo: str, name: str, recipient: str):
    field = made(helo=helo, reverse_name=name, recipient=recipient)
    assert len(list(headers.fields(field))) == 1
    assert headers.header_end(field + b"\r\n") == len(field) + 2
    for line in field.decode().split("\r\n"):
        assert len(line) <= 78 or " " not in line.strip() or line.startswith("Received: from"), line
        assert len(line.encode()) <= 998


@pytest.mark.parametrize(
    ("word", "arguments"),
    [
        ("SMTP", {"esmtp": False}),
        ("ESMTP", {"esmtp": True}),
        ("ESMTPS", {"esmtp": True, "tls": True}),
        ("ESMTPA", {"esmtp": True, "authenticated": True}),
        ("ESMTPSA", {"esmtp": True, "tls": True, "authenticated": True}),
        ("UTF8SMTPSA", {"esmtp": True, "tls": True, "authenticated": True, "smtputf8": True}),
        ("LMTPS", {"esmtp": True, "tls": True, "lmtp": True}),
        ("UTF8LMTP", {"esmtp": True, "lmtp": True, "smtputf8": True}),
    ],
)
def test_the_words_after_with(word: str, arguments: dict[str, bool]):
    assert received.with_word(**arguments) == word  # type: ignore[arg-type]


def test_dates_are_utc():
    assert received.date(datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == "Wed, 31 Dec 2025 23:30:00 +0000"


def test_other_fields():
    assert received.return_path("") == b"Return-Path: <>\r\n"
    assert received.return_path("a@x\r\nB: c") == b"Return-Path: <a@x??B: c>\r\n"
    assert received.delivered_to("grüße@x") == "Delivered-To: grüße@x\r\n".encode()


def test_loops_are_counted():
    header = made() * 3 + b"RECEIVED : x\r\nX-Received: y\r\n Received: folded\r\nreceived: z\r\n"
    assert received.count_received(header) == 5
