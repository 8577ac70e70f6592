"""Header fix-ups of submitted mail: what is missing stands above, what is private is gone, all else is as it came."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message.compose import Flaw, authors, flaw, submission
from tests.standards.samples import MIXED, PLAIN

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def _fixed(raw: bytes) -> bytes:
    return submission(raw, at=NOW, message_id="<new@house.test>", author="anna@house.test").applied(raw)


@pytest.mark.parametrize("raw", [PLAIN, MIXED])
def test_a_whole_message_is_left_alone(raw: bytes):
    done = submission(raw, at=NOW, message_id="<new@house.test>", author="anna@house.test")
    assert done.applied(raw) is raw
    assert done.message_id in ("<1@example.test>", "<2@example.test>")
    assert (done.added, done.removed) == ((), ())


def test_what_is_missing_is_added():
    raw = b"To: bruno@example.test\r\nSubject: x\r\n\r\nbody\r\n"
    assert _fixed(raw) == (
        b"Date: Tue, 24 Nov 2026 12:00:00 +0000\r\nFrom: <anna@house.test>\r\nMessage-ID: <new@house.test>\r\n" + raw
    )


def test_blind_copies_are_taken_out():
    raw = PLAIN.replace(b"Subject:", b"BCC: emil@example.test,\r\n\tfritz@example.test\r\nResent-Bcc: x@y.test\r\nSubject:", 1)
    done = submission(raw, at=NOW, message_id="<new@house.test>", author="a@b.test")
    assert done.applied(raw) == PLAIN
    assert done.removed == ("BCC", "Resent-Bcc")


def test_a_return_path_is_the_last_servers_to_write():
    assert _fixed(b"Return-Path: <x@y.test>\r\n" + PLAIN) == PLAIN


def test_a_message_id_that_is_none_is_replaced():
    fixed = _fixed(PLAIN.replace(b"Message-ID: <1@example.test>", b"Message-ID: nonsense"))
    assert fixed.startswith(b"Message-ID: <new@house.test>\r\n") and b"nonsense" not in fixed


def test_several_authors_need_a_sender():
    raw = PLAIN.replace(b"From: Anna", b"From: b@example.test, Anna")
    assert _fixed(raw).startswith(b"Sender: <anna@house.test>\r\nFrom:")


@pytest.mark.parametrize(
    ("raw", "rest"),
    [
        (b"\r\nbody\r\n", b"\r\nbody\r\n"),
        (b"", b"\r\n"),
        (b"To: x@y.test", b"To: x@y.test\r\n\r\n"),
        (b"To: x@y.test\r\n", b"To: x@y.test\r\n\r\n"),
        (b"To: x@y.test\r\n\r\n", b"To: x@y.test\r\n\r\n"),
        (b"Bcc: x@y.test\r\n\r\nbody", b"\r\nbody"),
        (b"To: x@y.test\n\nbody", b"To: x@y.test\n\nbody"),
    ],
)
def test_odd_ends_of_headers(raw: bytes, rest: bytes):
    added = b"Date: Tue, 24 Nov 2026 12:00:00 +0000\r\nFrom: <anna@house.test>\r\nMessage-ID: <new@house.test>\r\n"
    assert _fixed(raw) == added + rest


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (PLAIN, None),
        (b"", None),
        (b"\r\nbody", None),
        (b"Hello there\r\n\r\nbody", (Flaw.NO_HEADER, "1")),
        (b"From anna Tue Nov 24\r\nTo: x@y.test\r\n\r\n", (Flaw.NO_HEADER, "1")),
        (b"From: a@b.test\r\nfrom: c@d.test\r\n\r\n", (Flaw.TWICE, "from")),
        (b"Subject: a\r\nSubject: b\r\n\r\n", (Flaw.TWICE, "Subject")),
        (b"From: nobody\r\n\r\n", (Flaw.AUTHOR, "")),
        (b"From: \r\n\r\n", (Flaw.AUTHOR, "")),
        (b"From: a@b.test, nobody\r\n\r\n", (Flaw.AUTHOR, "")),
        (b"From: a@-b-.test\r\n\r\n", (Flaw.AUTHOR, "")),
        (b"From: a@b.test\r\nSubject: a\0b\r\n\r\n", (Flaw.CONTROL, "2")),
        (b"From: a@b.test\r\nSubject: " + b"a" * 1000 + b"\r\n\r\n", (Flaw.LONG_LINE, "2")),
    ],
)
def test_flaws(raw: bytes, expected: tuple[Flaw, str] | None):
    assert flaw(raw) == expected


def test_authors():
    assert authors(b' "Anna" <Anna@Example.Test>, bruno@b.test') == ("anna@example.test", "bruno@b.test")
    assert authors(b" Team: a@b.test, c@d.test;") == ("a@b.test", "c@d.test")
    assert authors(" José <josé@exämple.test>".encode()) == ("josé@xn--exmple-cua.test",)
    assert authors(b" undisclosed:;") == ()


@given(st.binary(max_size=300), st.binary(max_size=100))
def test_any_octets_keep_their_body(header: bytes, body: bytes):
    raw = header + b"\r\n\r\n" + body
    done = submission(raw, at=NOW, message_id="<new@house.test>", author="a@b.test")
    fixed = done.applied(raw)
    assert fixed.endswith(raw[done.body_at :])
    again = submission(fixed, at=NOW, message_id="<other@house.test>", author="a@b.test")
    assert again.message_id == done.message_id or not header.strip()
    flaw(raw)
