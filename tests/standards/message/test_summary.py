"""What delivery keeps beside a message."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from mailplatform.standards.message.structure import parse
from mailplatform.standards.message.summary import Summary, has_attachment, summarise
from tests.standards.imap_grammar import read_body, read_envelope
from tests.standards.samples import FORWARDED, MIXED, PLAIN, SAMPLES, everything


def check(raw: bytes, made: Summary) -> None:
    """Bounded, clean enough for a database, and of the grammar."""
    assert made.size == len(raw)
    read_envelope(made.envelope)
    read_body(made.bodystructure, True)
    for name in Summary.__slots__:
        value = getattr(made, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, str):
                one.encode("utf-8")
                assert not {"\x00", "\r", "\n"} & set(one), name
    assert len(made.preview) <= 256 and len(made.subject) <= 4000
    assert max(map(len, (made.from_key, made.to_key, made.cc_key, made.author))) <= 255
    assert len(made.references) <= 64 and made.message_id not in made.references
    assert all(len(one.encode()) <= 998 for one in (made.message_id, *made.references))


def test_every_message():
    for raw in everything().values():
        check(raw, summarise(raw))


def test_a_plain_message():
    made = summarise(PLAIN)
    assert made.message_id == "<1@example.test>"
    assert made.references == ("<a@example.test>", "<0@example.test>")
    assert made.sent_at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert (made.subject, made.base_subject) == ("Café at noon", "CAFE\u0301 AT NOON")
    assert made.from_text == "Anna Rossi <anna@example.test>"
    assert made.to_text == "Bruno, the baker <bruno@example.test>, Carla <carla@example.test>"
    assert made.cc_text == "Team:, Dora <dora@example.test>, emil@example.test"
    assert (made.from_key, made.to_key, made.cc_key) == ("ANNA", "BRUNO", "DORA")
    assert made.author == "anna@example.test"
    assert made.preview == "Meet me at the café. Bring bread."
    assert not made.has_attachment


def test_nothing():
    made = summarise(b"")
    assert (made.message_id, made.references, made.sent_at, made.author, made.preview) == ("", (), None, "", "")


def test_other_buffers_are_read_too():
    assert summarise(memoryview(MIXED)) == summarise(bytearray(MIXED)) == summarise(MIXED)  # type: ignore[arg-type]


def test_raw_octets_are_read_for_people():
    assert summarise(SAMPLES["eight bits"]).from_text == "Grüße <grüße@bücher.example>"
    assert summarise(SAMPLES["latin-1"]).subject == "Grüße"


def attached(*parts: bytes) -> bool:
    return has_attachment(
        parse(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"".join(b"--x\r\n" + part + b"\r\n" for part in parts))
    )


def test_what_counts_as_attached():
    assert has_attachment(parse(MIXED)) and has_attachment(parse(FORWARDED))
    assert attached(b"\r\ntext", b"Content-Type: application/zip; name=a.zip\r\n\r\n")
    assert attached(b"Content-Disposition: attachment\r\n\r\ntext")
    assert attached(b"Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\nContent-ID: <a>\r\n\r\n")
    assert attached(b"Content-Type: text/csv; name=a.csv\r\n\r\n")
    assert has_attachment(parse(b"Content-Type: application/pdf\r\n\r\n"))
    assert not attached(b"\r\ntext", b"Content-Type: text/html\r\n\r\n<p>")
    assert not attached(b"Content-Type: image/png; name=a.png\r\nContent-ID: <a>\r\n\r\n")
    assert not attached(b"\r\ntext", b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n")
    assert not has_attachment(parse(b""))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_octets(raw: bytes):
    check(raw, summarise(raw))


PIECE_WORDS = [
    b"From: ", b"To: ", b"Subject: ", b"Date: ", b"References: ", b"Message-ID: ", b"Content-Type: ",
    b"Content-Disposition: ", b"\r\n", b"\n", b"\r\n ", b"<a@b>", b"a@b", b'"', b"\\", b"(", b")", b",", b";", b":",
    b"=?utf-8?q?", b"?=", b"=00", b"\0", b"\xff", b"\xc3\xa9", b"multipart/mixed; boundary=x", b"--x",
    b"message/rfc822", b"text/html", b"<", b">", b"&#0;", b"1 Jan 2026 10:00", b"Re: ", b"[", b"]",
    b"Content-Language: ", b"Content-ID: ", b"Content-MD5: ", b"Content-Location: ", b"Content-Description: ",
    b"name*=utf-8''%00%0a%ff", b"Content-Transfer-Encoding: base64", b"AAAA",
    b"Content-Transfer-Encoding: quoted-printable", b"; charset=utf-7", b"+2AA-",
]  # fmt: skip


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECE_WORDS), max_size=50))
def test_any_message(pieces: list[bytes]):
    raw = b"".join(pieces)
    check(raw, summarise(raw))
