"""xtext and typed addresses (RFC 3461 §4, RFC 6533 §3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.dsn import xtext
from mailplatform.standards.dsn.xtext import TypedAddress


def test_what_is_escaped():
    assert xtext.encode("a+b=c d@x.test") == "a+2Bb+3Dc+20d@x.test"
    assert xtext.decode("QQ314159") == "QQ314159"
    assert xtext.decode("a+2Bb+3Dc@x.test") == "a+b=c@x.test"


@pytest.mark.parametrize("bad", ["a+b", "a=b", "a b", "é", "+2", "+GG"])
def test_what_is_none(bad: str):
    with pytest.raises(xtext.BadXtext):
        xtext.decode(bad)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_round_trip(text: str):
    assert xtext.decode(xtext.encode(text)) == text
    assert xtext.from_unicode_xtext(xtext.to_unicode_xtext(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_original_recipients_round_trip(address: str):
    found = xtext.read_orcpt(xtext.write_orcpt(address))
    assert found is not None and found.address == address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rfc822;Bob+2Bx@example.test", TypedAddress("rfc822", "Bob+x@example.test")),
        ("UTF-8;jos\\x{E9}@example.test", TypedAddress("utf-8", "josé@example.test")),
        ("rfc822;", None),
        (";a@b", None),
        ("a@b", None),
        ("rfc822;a+b", None),
    ],
)
def test_reading_orcpt(text: str, expected: TypedAddress | None):
    assert xtext.read_orcpt(text) == expected
