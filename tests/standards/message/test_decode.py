"""Octets to text: RFC 2047, transfer encodings, character sets."""

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message import decode


@pytest.mark.parametrize(
    ("written", "text"),
    [
        # RFC 2047 §8
        (b"=?ISO-8859-1?Q?a?=", "a"),
        (b"=?ISO-8859-1?Q?a?= b", "a b"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a_b?=", "a b"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
        (b"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"),
        (b"=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"),
        (b"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
         "If you can read this you understand the example."),
        # RFC 2231 §5
        (b"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
        # what senders do
        (b"=?utf-8?b?w6k?= =?utf-8?b?w?=", "é"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        (b"=?utf-8?q?with space?=", "with space"),
        (b"=?utf-8?q?unpadded?", "=?utf-8?q?unpadded?"),
        (b"=?no-such-charset?q?=C3=A9?=", "é"),
        (b"=?gb2312?B?1tDOxA==?=", "中文"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b'"=?utf-8?q?quoted?="', '"quoted"'),
        ("raw ü".encode(), "raw ü"),
        ("raw ü".encode("latin-1"), "raw ü"),
        (b"a\x00b\x1bc", "abc"),
        (b"a\r\n b", "a b"),
        (b"=?utf-8?q?line=0D=0Aend?=", "line  end"),
        (b"", ""),
    ],
)  # fmt: skip
def test_header_values(written: bytes, text: str):
    assert decode.decoded(written) == text


def test_charsets():
    assert decode.to_text(b"caf\xe9", "iso-8859-1") == "café"
    assert decode.to_text(b"\x93x\x94", "ISO-8859-1") == "“x”"
    assert decode.to_text("é".encode(), "us-ascii") == "é"
    assert decode.to_text(b"\xe9", "utf-8") == "é"
    assert decode.to_text("żółw".encode("cp1250"), "windows-1250") == "żółw"
    assert decode.to_text("привет".encode("koi8-r"), "KOI8-R") == "привет"
    assert decode.to_text(b"+2AA-", "utf-7") == ""
    for refused in ("idna", "punycode", "base64", "zip", "unicode_escape", "undefined", "../../x", "no\0", "ü"):
        assert decode.codec(refused) is None
        assert decode.to_text(b"abc", refused) == "abc"


def test_base64_as_far_as_it_says_something():
    assert decode.base64(b"YWJj\r\nZGVm") == b"abcdef"
    assert decode.base64(b"YW Jj!ZGV") == b"abcde"
    assert decode.base64(b"YWJjZ") == b"abc"
    assert decode.base64(b"=") == b"" and decode.base64(b"\xff") == b""


@given(st.binary())
def test_transfer_round_trip(data: bytes):
    assert decode.transfer(base64.encodebytes(data), "base64") == data
    assert decode.transfer(quopri.encodestring(data), "quoted-printable") == data
    assert decode.transfer(data, "8bit") == data


CHARSETS = st.sampled_from(
    ["", "utf-8", "utf-7", "utf-16", "iso-8859-1", "cp1252", "gb18030", "iso-2022-jp", "hz", "big5", "x-unknown", "us-ascii"]
)


@given(st.binary(), CHARSETS)
def test_text_is_clean(data: bytes, charset: str):
    text = decode.to_text(data, charset)
    text.encode("utf-8")
    assert "\x00" not in text


@given(
    st.lists(
        st.sampled_from([b"=?", b"utf-8", b"?b?", b"?q?", b"?=", b" ", b"\r\n ", b"=C3", b"w6k=", b"\xff", b"\0", b"_"]),
        max_size=40,
    )
)
def test_any_header_value(pieces: list[bytes]):
    text = decode.decoded(b"".join(pieces))
    text.encode("utf-8")
    assert not {"\x00", "\r", "\n"} & set(text)
