"""What is derived from a message before its commit can be stored, whatever the message holds."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailplatform.mailflow import arrivals
from mailplatform.runtime.database import cursor
from mailplatform.store import append, blobs
from mailplatform.store.dictionaries.build import samples
from tests.support.house import a_house, a_unit, assert_sound, rows
from tests.support.messages import a_message

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"

NASTY = [
    b"",
    b"\r\n",
    b"\x00" * 100,
    b"Subject: nul \x00 inside\r\nFrom: \x00@\x00\r\n\r\nbody \x00",
    b"Subject: =?utf-8?q?=00?= =?utf-8?b?7bOw?=\r\n\r\n",
    b"Subject: \xff\xfe raw\r\nFrom: =?utf-8?q?=ED=A0=80?= <a@b>\r\n\r\n\xff",
    b"Message-ID: <" + b"x" * 5000 + b"@a.test>\r\n\r\n",
    "Message-ID: <è漢".encode() * 400 + b"@a.test>\r\n\r\n",
    b"Date: Mon, 1 Jan 0001 00:00:00 +1400\r\n\r\n",
    b"Date: Fri, 31 Dec 9999 23:59:59 -1200\r\n\r\n",
    b"References: " + b" ".join(b"<%d@a.test>" % n for n in range(500)) + b"\r\nMessage-ID: <0@a.test>\r\n\r\n",
    b"To: " + b", ".join(b"u%d@a.test" % n for n in range(3000)) + b"\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n\r\n" * 2000,
]


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_nasty_messages_are_stored_byte_for_byte(rollback, number) -> None:
    a_house(1)
    result = arrivals.put(a_unit(["u1@a.test"], NASTY[number])).result(10)
    ((blob_id,),) = rows("SELECT blob_id FROM store_message WHERE id = %s", result.appended[0].message_id)
    assert blobs.read_one(blob_id) == NASTY[number]
    assert_sound()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from([b"Subject", b"From", b"Message-ID", b"Date", b"References", b"Content-Type"]))
def test_any_field_makes_texts_that_postgres_holds(value, name) -> None:
    message = append.prepare_message(name + b": " + value + b"\r\n\r\n" + value)
    for text in (message.message_id, message.subject, message.subject_key, message.from_text, message.preview, message.author):
        assert "\x00" not in text
        text.encode()
    assert len(message.message_id.encode()) <= 998


def corpus() -> list[Path]:
    return [path for path in sorted(CORPUS.rglob("*")) if path.is_file() and path.stat().st_size < 20_000_000]


def test_mail_of_the_world_is_stored_byte_for_byte(rollback) -> None:
    """The shared corpus where it is at hand; messages of our own making in any case."""
    a_house(1)
    contents = [path.read_bytes() for path in corpus()[::7]] + list(samples(100, seed=11)) + [a_message(size=200_000)]
    futures = [arrivals.put(a_unit(["u1@a.test"], content)) for content in contents]
    stored = dict(rows("SELECT e.uid, m.blob_id FROM store_entry e JOIN store_message m ON m.id = e.message_id"))
    assert len(stored) == len(contents)
    for content, future in zip(contents, futures, strict=True):
        assert blobs.read_one(stored[future.result(5).appended[0].uid]) == content
    with cursor() as opened:
        opened.execute("SELECT count(*) FROM store_message WHERE envelope = '' OR bodystructure = ''")
        assert opened.fetchone() == (0,)
    assert_sound()
