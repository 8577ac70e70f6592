"""Base subjects (RFC 5256 §2.1), identifications and their hashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.casemap import casemap
from mailplatform.standards.message import summary, threads
from tests.standards.samples import PLAIN


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("", ""),
        ("Re: hello", "hello"),
        ("RE : hello", "hello"),
        ("Fwd: Re: FW: hello", "hello"),
        ("Re[2]: hello", "hello"),
        ("re [list] [x]: hello", "re [list] [x]: hello"),
        ("Re[a][b]: hello", "Re[a][b]: hello"),
        ("[list] Re: hello", "hello"),
        ("Re: [list] hello (fwd) ", "hello"),
        ("[list] hello", "hello"),
        ("[list]", "[list]"),
        ("[a] [list]", "[list]"),
        ("[fwd: hello]", "hello"),
        ("[Fwd: Re: [fwd: hello (fwd)]]", "hello"),
        ("hello\t  world", "hello world"),
        ("Re:", ""),
        ("Reply: hello", "Reply: hello"),
        ("hello [x]", "hello [x]"),
        ("[un[closed] hello", "[un[closed] hello"),
    ],
)
def test_base_subjects(subject: str, base: str):
    assert threads.base_subject(subject) == casemap(base)


@given(
    st.lists(st.sampled_from(["re:", "fwd:", "[x]", "[fwd:", "]", "(fwd)", " ", "a", "[", ":", "\t", "é"]), max_size=40).map(
        "".join
    )
)
def test_a_base_subject_is_its_own(subject: str):
    base = threads.base_subject(subject)
    assert len(base) <= 2 * len(subject)
    assert threads.base_subject(base) == base


def test_identifications():
    assert threads.message_id(b" <a@b> (comment) <c@d>") == "<a@b>"
    assert threads.message_id(b"a@b") == "<a@b>"
    assert threads.message_id(b"nothing") == ""
    assert threads.message_id(b'<"a b"@c>') == "<ab@c>"
    assert threads.identifications(b"<a@b>\r\n <c@d><a@b>") == ["<a@b>", "<c@d>"]
    assert threads.message_id(b"<" + b"x" * 999 + b">") == "<" + "x" * 996 + ">"
    assert len(threads.message_id(b"<" + "é".encode() * 499 + b">").encode()) <= 998
    assert len(threads.message_id(b"<" + b"\x80" * 999 + b">").encode()) <= 998


def test_references_end_with_the_parent():
    many = b" ".join(b"<%d@x>" % n for n in range(200))
    found = threads.references(many, b"<parent@x>", "<199@x>")
    assert len(found) <= 64
    assert found[-2:] == ("<198@x>", "<parent@x>") and "<199@x>" not in found
    assert threads.references(b"", b"Your message of Monday <a@b>", "") == ("<a@b>",)
    assert threads.references(b"<a@b> <c@d>", b"<a@b>", "") == ("<a@b>", "<c@d>")


def test_hashes_never_change():
    """They stand in databases."""
    assert threads.ref_hash("<1@example.test>") == HASH
    found = threads.candidates(summary.summarise(PLAIN))
    assert found == tuple(threads.ref_hash(one) for one in ("<1@example.test>", "<a@example.test>", "<0@example.test>"))
    assert threads.hashes(("", "a", "a")) == (threads.ref_hash("a"),)


@given(st.text())
def test_hashes_are_signed_64_bit(text: str):
    assert -(1 << 63) <= threads.ref_hash(text) < 1 << 63


HASH = -406938187396698781
