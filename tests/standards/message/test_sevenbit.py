"""RFC 6152 §3, RFC 2045 §6: 8-bit content in 7 bits, and nothing lost."""

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message.sevenbit import NotConvertible, seven_bit
from tests.support.messages import a_message, a_multipart

GREETING = "Grüße aus Zürich"


def payloads(raw: bytes) -> list[tuple[str, bytes]]:
    parts = message_from_bytes(raw, policy=policy.SMTP).walk()
    return [(part.get_content_type(), part.get_payload(decode=True) or b"") for part in parts if not part.is_multipart()]


def test_a_text_becomes_quoted_printable() -> None:
    raw = (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + GREETING.encode()
        + b" \r\n.\r\n"
    )
    made = seven_bit(raw)
    assert made.isascii() and made.count(b"Content-Transfer-Encoding: quoted-printable\r\n") == 1
    assert b"8bit" not in made and b"Gr=C3=BC=C3=9Fe aus" in made
    assert payloads(made) == payloads(raw)


def test_only_what_is_eight_bit_changes() -> None:
    plain = b"Content-Type: text/plain\r\n\r\nplain\r\n"
    raw = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        b"pr\xc3\xa9ambule\r\n--b\r\n" + plain + b"\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\n<p>\xc3\xa8</p>\r\n--b\r\nContent-Type: image/png\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n\x89PNG\r\n--b--\r\n"
    )
    made = seven_bit(raw)
    assert made.isascii() and plain in made
    assert b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n" in made
    assert payloads(made) == payloads(raw)


def test_an_embedded_message_is_converted_inside() -> None:
    inner = b"Subject: y\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa9\r\n"
    raw = b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + inner
    made = seven_bit(raw)
    assert b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n" in made
    assert b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9\r\n" in made


def test_old_mail_without_mime_is_labelled() -> None:
    made = seven_bit(b"Subject: old\r\n\r\ncaf\xe9\r\n")
    assert b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n" in made
    assert made.endswith(b"\r\n\r\ncaf=E9\r\n")


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: caf\xc3\xa9\r\n\r\nx\r\n",
        b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xa9\r\n--b\r\n\r\nsignature\r\n--b--\r\n",
        b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\n\xc3\xa9\r\n",
    ],
)
def test_what_cannot_be_kept_is_refused(raw: bytes) -> None:
    with pytest.raises(NotConvertible):
        seven_bit(raw)


def test_ascii_is_left_alone() -> None:
    for raw in (a_message(), b"", b"no header"):
        if raw.isascii():
            assert seven_bit(raw) is raw
    assert a_multipart()


@given(st.binary(max_size=400))
def test_any_octets_give_ascii_or_a_refusal(raw: bytes) -> None:
    try:
        assert seven_bit(raw).isascii()
    except NotConvertible:
        pass


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=90), max_size=8))
def test_every_text_comes_back(lines: list[str]) -> None:
    body = "".join(f"{line}\r\n" for line in lines).encode()
    raw = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body
    made = seven_bit(raw)
    longest = max(len(line) for line in raw.split(b"\r\n") if line.isascii())
    assert made.isascii() and max(map(len, made.split(b"\r\n"))) <= max(78, longest)
    assert payloads(made)[0][1] == payloads(raw)[0][1]
