"""i;unicode-casemap, RFC 5051."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.casemap import casemap


def test_the_examples():
    assert casemap("Hello") == casemap("hELLO") == "HELLO"
    assert casemap("é") == casemap("É") == "E\u0301"
    assert casemap("ﬁ") == "fi"  # titlecase is itself, then the compatibility decomposition
    assert casemap("ǆ") == casemap("Ǆ") == casemap("ǅ") == "Dz\u030c"
    assert casemap("ß") == "ß"  # no simple titlecase
    assert casemap("Ⅳ") == casemap("ⅳ") == "IV"
    assert casemap("σ") == casemap("Σ") == "Σ"
    assert casemap("ς") == "Σ"


@given(st.text())
def test_character_by_character(text: str):
    assert casemap(text) == "".join(casemap(char) for char in text)


@given(st.text(), st.text())
def test_substrings_stay_substrings(one: str, other: str):
    assert casemap(other) in casemap(one + other + one)


@given(st.text())
def test_decomposed(text: str):
    assert all(not unicodedata.decomposition(char) or "\uac00" <= char <= "\ud7a3" for char in casemap(text))


def test_ascii_and_the_map_agree():
    ascii_text = "".join(map(chr, range(128)))
    assert casemap(ascii_text + "ü")[:128] == casemap(ascii_text)
