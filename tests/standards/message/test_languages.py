"""RFC 3282: which language the writer of a message asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message.languages import preferred

KNOWN = ("en", "it")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (b"Subject: x\r\n\r\n", None),
        (b"Content-Language: it\r\n\r\n", "it"),
        (b"Content-Language: it-CH (del Ticino), en\r\n\r\n", "it"),
        (b"Content-Language: de\r\n\r\n", None),
        (b"Accept-Language: de, it;q=0.9, en;q=0.5\r\n\r\n", "it"),
        (b"Accept-Language: en;q=0.2, it;q=0.8\r\n\r\n", "it"),
        (b"Accept-Language: en;q=0, it;q=0.001\r\n\r\n", "it"),
        (b"Accept-Language: en;q=0\r\nContent-Language: it\r\n\r\n", "it"),
        (b"Accept-Language: de\r\nContent-Language: en\r\n\r\n", "en"),
        (b"accept-language:\r\n it-IT\r\n\r\n", "it"),
        (b"Accept-Language: italiano; drop table, *, it;q=x\r\n\r\n", None),
    ],
)
def test_what_a_header_says(header: bytes, language: str | None) -> None:
    assert preferred(header, KNOWN) == language


@given(st.binary(max_size=200))
def test_any_octets_give_an_answer(value: bytes) -> None:
    assert preferred(b"Accept-Language: " + value, KNOWN) in (None, *KNOWN)
