"""Address lists of header fields, RFC 5322 with its obsolete forms and what senders do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailplatform.standards.message import addresses

OPEN, CLOSE = (None, None, b"G", None), (None, None, None, None)
PIECES = st.sampled_from(
    [b"a", b"@", b"<", b">", b"(", b")", b'"', b"\\", b",", b":", b";", b".", b" ", b"\r\n ", b"[", b"]", b"\0", b"\xe9"]
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"", []),
        (b" , ,\r\n ", []),
        (b"a@b", [(None, None, b"a", b"b")]),
        (b"A <a@b>", [(b"A", None, b"a", b"b")]),
        (b'"A, B" <a@b>,c@d', [(b"A, B", None, b"a", b"b"), (None, None, b"c", b"d")]),
        (b'"a \\"b\\"" <c@d>', [(b'a "b"', None, b"c", b"d")]),
        (b"John Q. Public <j@x>", [(b"John Q. Public", None, b"j", b"x")]),
        (b"=?utf-8?q?a?= <a@b>", [(b"=?utf-8?q?a?=", None, b"a", b"b")]),
        (b"a@b (Name)", [(b"Name", None, b"a", b"b")]),
        (b"(c) N (d) <a@b> (e)", [(b"N", None, b"a", b"b")]),
        (b"(a (nested \\) one)) b@c", [(b"a (nested \\) one)", None, b"b", b"c")]),
        (b"<@r,@s:a@b>", [(None, b"@r,@s", b"a", b"b")]),
        (b'"a b"@c', [(None, None, b"a b", b"c")]),
        (b"a@[192.0.2.1]", [(None, None, b"a", b"[192.0.2.1]")]),
        (b"a . b @ c . d", [(None, None, b"a.b", b"c.d")]),
        (b"G:;", [OPEN, CLOSE]),
        (b"G: a@b, C <c@d>; e@f", [OPEN, (None, None, b"a", b"b"), (b"C", None, b"c", b"d"), CLOSE, (None, None, b"e", b"f")]),
        (b"G: a@b", [OPEN, (None, None, b"a", b"b"), CLOSE]),
        (b"G: a:b@c;", [OPEN, (None, None, b"a:b", b"c"), CLOSE]),
        (b"; a@b", [(None, None, b"a", b"b")]),
        (b"fred", [(None, None, b"fred", b"")]),
        (b"A <fred>", [(b"A", None, b"fred", b"")]),
        (b"A <>", [(b"A", None, b"", b"")]),
        (b"A <a@b", [(b"A", None, b"a", b"b")]),
        (b"Big Bug b@x", [(b"Big Bug", None, b"b", b"x")]),
        (b"a@x b@y", [(None, None, b"a", b"x"), (None, None, b"b", b"y")]),
        (b"a@x <b@y>", [(b"a@x", None, b"b", b"y")]),
        (b"a@b@c", [(None, None, b"a@b", b"c")]),
        ("Grüße <ü@b>".encode(), [("Grüße".encode(), None, "ü".encode(), b"b")]),
        (b"A\r\n B <a@b>,\r\n\tc@d", [(b"A B", None, b"a", b"b"), (None, None, b"c", b"d")]),
    ],
)
def test_lists(written: bytes, read: list[tuple]):
    assert [tuple(one) for one in addresses.parse(written)] == read


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=40))
def test_any_octets_and_groups_in_pairs(pieces: list[bytes]):
    within = False
    for member in addresses.parse(b"".join(pieces)):
        assert (member.local is None) <= (member.host is None)
        if member.host is None:
            assert within == (member.local is None)
            within = not within
    assert not within


def test_long_lists_are_cut():
    assert len(addresses.parse(b"a@b," * 10000)) == 2000
    assert len(addresses.parse(b"(x) a@b," * 10000)) == 2000
