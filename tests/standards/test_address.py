"""Addresses and paths: RFC 5321 §4.1.2 with its lengths, RFC 6531 on top, and what a refusal says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards import address
from mailplatform.standards.address import NULL_PATH, BadAddress


def key(text: str) -> str:
    return address.parse(text).key


@pytest.mark.parametrize(
    ("written", "printed", "canonical"),
    [
        ("Anna@Example.TEST", "Anna@example.test", "anna@example.test"),
        ("a.b+c=d@example.test", "a.b+c=d@example.test", "a.b+c=d@example.test"),
        ('"anna"@example.test', "anna@example.test", "anna@example.test"),
        ('"Anna Rossi"@example.test', '"Anna Rossi"@example.test', '"anna rossi"@example.test'),
        ('"a\\"b\\\\c"@example.test', '"a\\"b\\\\c"@example.test', '"a\\"b\\\\c"@example.test'),
        ('"a..b"@example.test', '"a..b"@example.test', '"a..b"@example.test'),
        ('"a\\b"@x', "ab@x", "ab@x"),
        ("postmaster@[192.0.2.1]", "postmaster@[192.0.2.1]", "postmaster@[192.0.2.1]"),
        ("a@[ipv6:2001:DB8:0::1]", "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"),
        ("Grüße@Bücher.example", "Grüße@xn--bcher-kva.example", "grüße@xn--bcher-kva.example"),
        ("u\u0308@x.example", "ü@x.example", "ü@x.example"),
        ("a@faß.example", "a@xn--fa-hia.example", "a@xn--fa-hia.example"),
        ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@localhost", "a@localhost", "a@localhost"),
        ("a@my_host.example", "a@my_host.example", "a@my_host.example"),
        ("用户@例子.example", "用户@xn--fsqu00a.example", "用户@xn--fsqu00a.example"),
    ],
)
def test_addresses_are_read_and_printed(written: str, printed: str, canonical: str):
    read = address.parse(written)
    assert str(read) == printed
    assert read.key == canonical
    assert address.parse(str(read)) == read
    assert key(read.key) == canonical


@pytest.mark.parametrize(
    ("written", "at", "problem"),
    [
        ("", 0, "the part before @ is missing"),
        ("anna", 4, "expected @"),
        ("@example.test", 0, "the part before @ is missing"),
        ("anna@", 5, "the domain is missing"),
        ('""@x', 0, "is empty"),
        ('"anna@x', 0, "quoted part"),
        ('"a\x00b"@x', 0, "quoted part"),
        ("a b@x", 1, "expected @"),
        (".a@x", 0, "the part before @ is missing"),
        ("a..b@x", 1, "expected @"),
        ("a.@x", 1, "expected @"),
        ("a@x..y", 4, "label of the domain is empty"),
        ("a@x.", 4, "label of the domain is empty"),
        ("a@-x", 2, "not a label"),
        ("a@x-", 2, "not a label"),
        ("a@x y", 3, "unexpected text"),
        ("a@x@y", 3, "unexpected text"),
        ("a@[1.2.3.4", 2, "address literal"),
        ("a@[1.2.3.400]", 2, "not an IPv4"),
        ("a@[IPv6:zz]", 2, "not an IPv4"),
        ("a@" + "x" * 64, 2, "longer than 63"),
        ("x" * 65 + "@y", 0, "longer than 64"),
        ("é" * 33 + "@y", 0, "longer than 64"),
        ("x@" + "y." * 126 + "yy", 0, "longer than 254"),
        ("a@b\u200dc.example", 2, "not a label"),
        ("a@\u0301b.example", 2, "not a label"),
        ("a\u0085b@x", 1, "expected @"),
    ],
)
def test_refusals_say_where_and_why(written: str, at: int, problem: str):
    with pytest.raises(BadAddress) as refused:
        address.parse(written)
    assert problem in refused.value.problem
    assert refused.value.at == at
    assert f"(at character {at + 1})" in str(refused.value)


def test_the_longest_that_rfc_5321_allows():
    label = "y" * 63
    longest = "x" * 61 + f"@{label}.{label}.{label[:-1]}.z"
    assert len(longest) == 254
    assert str(address.parse(longest)) == longest
    with pytest.raises(BadAddress, match="longer than 254"):
        address.parse("x" + longest)


def test_octets_that_are_no_utf8():
    with pytest.raises(BadAddress) as refused:
        address.parse(b"a\xff@x")
    assert (refused.value.at, refused.value.problem) == (1, "not UTF-8")


def test_reverse_paths():
    assert address.reverse_path("<>") == NULL_PATH
    assert NULL_PATH.is_null and str(NULL_PATH) == ""
    assert str(address.reverse_path(b"<Anna@Example.test>")) == "Anna@example.test"
    for bad in ("", "anna@x", "<anna@x", "<anna@x> ", "<postmaster>", "<anna@x>y"):
        with pytest.raises(BadAddress):
            address.reverse_path(bad)


def test_forward_paths():
    postmaster = address.forward_path("<PostMaster>")
    assert postmaster.is_postmaster and str(postmaster) == "postmaster" and not postmaster.is_null
    for bad in ("<>", "<anna>", "< a@x>", "<a@x >"):
        with pytest.raises(BadAddress):
            address.forward_path(bad)


def test_source_routes_are_ignored():
    """RFC 5321 §4.1.1.3 and appendix C."""
    assert str(address.forward_path("<@one.example,@two.example:a@three.example>")) == "a@three.example"
    with pytest.raises(BadAddress, match="source route"):
        address.forward_path("<@one.example;a@three.example>")


def test_a_path_inside_a_command_line():
    line = "RCPT TO:<a@x> NOTIFY=NEVER"
    path, end = address.read_path(line, 8)
    assert (str(path), line[end:]) == ("a@x", " NOTIFY=NEVER")


def test_what_needs_smtputf8():
    path = address.forward_path("<anna@bücher.example>")
    assert path.internationalised and path.address is not None and path.address.is_ascii
    assert not address.forward_path("<anna@xn--bcher-kva.example>").internationalised
    other = address.forward_path("<grüße@x.example>")
    assert other.address is not None and not other.address.is_ascii


def test_names_for_people():
    assert address.domain_name("xn--bcher-kva.example").unicode == "bücher.example"
    assert address.domain_name("xn--a.example").unicode == "xn--a.example"
    assert address.domain_name("[192.0.2.1]").is_literal
    with pytest.raises(BadAddress):
        address.domain_name("a.b>")
    assert str(address.localpart("a b".join('""'))) == '"a b"'
    with pytest.raises(BadAddress):
        address.localpart("a b")


LOCAL = st.text(st.characters(min_codepoint=32, blacklist_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=20)


@given(LOCAL)
def test_every_printable_localpart_survives_quoting(text: str):
    try:
        read = address.parse(str(address.Localpart(text)) + "@x.example")
    except BadAddress:
        assert any("\x7f" <= char < "\xa0" for char in text) or len(text.encode()) > 60
        return
    assert address.parse(str(read)) == read
    assert key(read.key) == read.key


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_anything_is_an_address_or_a_bad_one(text: str | bytes):
    try:
        read = address.parse(text)
    except BadAddress as refused:
        assert 0 <= refused.at <= len(text)
        return
    assert address.parse(str(read)) == read
    assert len(str(read).encode()) <= 254
