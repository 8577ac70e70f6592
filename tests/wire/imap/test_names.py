"""Mailbox names: modified UTF-7, canonical form, what may be created, LIST's patterns. RFC 3501 §5.1, §6.3.8."""

import time

import pytest

from protocols.imap.wire import mutf7, names

# RFC 3501 §5.1.3 and others found in the wild.
PAIRS = [
    ("", b""),
    ("INBOX", b"INBOX"),
    ("a&b", b"a&-b"),
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ("Entwürfe", b"Entw&APw-rfe"),
    ("Отправленные", b"&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"),
    ("😀", b"&2D3eAA-"),
    ("&", b"&-"),
    ("ü&", b"&APw-&-"),
    ("\x7f", b"&AH8-"),
]


@pytest.mark.parametrize(("name", "octets"), PAIRS)
def test_modified_utf7_both_ways(name: str, octets: bytes) -> None:
    assert mutf7.encode(name) == octets
    assert mutf7.decode(octets) == name


@pytest.mark.parametrize(
    "octets",
    [
        b"&",
        b"a&b",
        b"&AGE-",  # "a" has no business in a shift
        b"&APw",
        b"&APw-&APw-",  # two shifts where one would do
        b"&A-",
        b"&APx-",  # bits left over
        b"&2D0-",  # half a surrogate pair
        b"&3gDYPQ-",
        b"&AP/-",
        b"\xfc",
        b"a\tb",
        b"&APw=-",
    ],
)
def test_what_is_not_modified_utf7(octets: bytes) -> None:
    with pytest.raises(ValueError):
        mutf7.decode(octets)


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("inbox", "INBOX"),
        ("InBox/x", "INBOX/x"),
        ("inboxes", "inboxes"),
        ("a/inbox", "a/inbox"),
        ("ba\u0308r", "bär"),
    ],
)
def test_canonical(given: str, canonical: str) -> None:
    assert names.canonical(given) == canonical
    assert names.from_wire(names.to_wire(given, utf8=True), utf8=True) == canonical
    assert names.from_wire(names.to_wire(given, utf8=False), utf8=False) == canonical


@pytest.mark.parametrize("name", ["a\x00", "a\nb", "\x7f", "a\x85b", "a\u2028b"])
def test_control_characters_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="control characters"):
        names.canonical(name)


@pytest.mark.parametrize("name", ["", "/a", "a//b", "a/", "a*", "a/%", "x" * 300, "/".join("x" * 40), "ü" * 600, " a", "a /b"])
def test_names_that_cannot_be_created(name: str) -> None:
    assert names.unfit(name)


@pytest.mark.parametrize("name", ["a", "INBOX/x", "Élan vital/2024", "a.b", "#x", "~"])
def test_names_that_can(name: str) -> None:
    assert names.unfit(name) is None


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*", "a/b/c", True),
        ("%", "a", True),
        ("%", "a/b", False),
        ("%", "", True),
        ("", "", True),
        ("", "a", False),
        ("a/%", "a/b", True),
        ("a/%", "a/b/c", False),
        ("a/%/c", "a/b/c", True),
        ("a*c", "a/b/c", True),
        ("a%c", "a/b/c", False),
        ("%/%", "a/b", True),
        ("*%", "a/b", True),
        ("%*b", "a/b", True),
        ("a", "a", True),
        ("a", "A", False),
        ("inbox", "INBOX", True),
        ("InB%", "INBOX", True),
        ("inbox/%", "INBOX/a", True),
        ("inbox/A", "INBOX/a", False),
        ("inbox", "INBOXES", False),
        ("*ü*", "a/für", True),
        ("a.c", "abc", False),
        ("%a%b%", "xxaxxbxx", True),
        ("%a%b%", "xxbxxaxx", False),
    ],
)
def test_patterns(pattern: str, name: str, matches: bool) -> None:
    assert names.Matcher(pattern).matches(name) is matches


def test_many_wildcards_cost_no_more_than_the_name() -> None:
    matcher = names.Matcher("*a" * 500 + "*b")
    start = time.perf_counter()
    assert not matcher.matches("a" * 1000)
    assert time.perf_counter() - start < 1


def test_the_reference_stands_before_the_pattern() -> None:
    assert names.joined("", "%") == "%"
    assert names.joined("inbox/", "%") == "INBOX/%"
    assert names.joined("a/", "/b") == "/b"
    assert names.parents("a/b/c") == ["a", "a/b"]
