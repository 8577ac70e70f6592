"""Parameters: quoted, bare, continued, extended (RFC 2231)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message import params


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"a/b", ()),
        (b'a/b; Charset="utf-8"; format=flowed', (("charset", "utf-8"), ("format", "flowed"))),
        (b"a/b;x=1;;; y = 2 ;z", (("x", "1"), ("y", "2"))),
        (b"a/b; charset=us-ascii (Plain text)", (("charset", "us-ascii"),)),
        (b'a/b; x="q\\"uo\\\\te;d"', (("x", 'q"uo\\te;d'),)),
        (b'a/b; x="never closed; y=1', (("x", "never closed; y=1"),)),
        (b"a/b; name=My file.doc ; y=1", (("name", "My file.doc"), ("y", "1"))),
        (b"a/b; x=1; X=2", (("x", "1"),)),
        (b"a/b;\r\n\tx=\r\n 1", (("x", "1"),)),
        (b'a/b; x="a\r\n b"', (("x", "a b"),)),
        # RFC 2231 §3, §4, §4.1
        (b'message/external-body; access-type=URL; URL*0="ftp://"; URL*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"',
         (("access-type", "URL"), ("url", "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"))),
        (b"application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", (("title", "This is ***fun***"),)),
        (b"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20;"
         b" title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
         (("title", "This is even more ***fun*** isn't it!"),)),
        (b"a/b; x*1=b; x*0=a", (("x", "ab"),)),
        (b"a/b; x*0=a; x*2=c", (("x", "a"),)),
        (b"a/b; x=plain; x*=utf-8''%C3%A9", (("x", "é"),)),
        (b"a/b; x*=utf-8''%C3%A9; x=plain", (("x", "é"),)),
        (b"a/b; x*=no-quotes%20here", (("x", "no-quotes here"),)),
        (b"a/b; x*=iso-8859-1''%E9", (("x", "é"),)),
        (b"a/b; x*=utf-8''%zz%4", (("x", "%zz%4"),)),
        ("a/b; name=Grüße.txt".encode(), (("name", "Grüße.txt"),)),
        (b"a/b; name=\"=?utf-8?q?x?=.txt\"", (("name", "=?utf-8?q?x?=.txt"),)),
    ],
)  # fmt: skip
def test_parameters(written: bytes, read: params.Params):
    found = params.content_type(written)
    assert found is not None and found[2] == read


def test_types():
    assert params.content_type(b" Text / HTML ; x=y") == ("text", "html", (("x", "y"),))
    for broken in (b"", b"text", b"text/", b"/plain", b"text plain", b"\xff/\xff"):
        assert params.content_type(broken) is None


def test_dispositions():
    assert params.disposition(b"Attachment; filename=a.txt") == ("attachment", (("filename", "a.txt"),))
    assert params.disposition(b"; filename=a.txt") == ("", (("filename", "a.txt"),))
    assert params.disposition(b"") == ("", ())


@given(
    st.lists(
        st.sampled_from(
            [b";", b"=", b'"', b"*", b"*0", b"*0*", b"x", b"''", b"%41", b" ", b"\r\n ", b"\\", b"\0", b"\xe9", b"/"]
        ),
        max_size=60,
    )
)
def test_any_value(pieces: list[bytes]):
    for name, value in params.parameters(b"x/y;" + b"".join(pieces)):
        assert name.isascii() and name == name.lower()
        assert not {"\x00", "\r", "\n"} & set(value)


def test_many_are_cut():
    assert len(params.parameters(b";".join(b"x%d=1" % n for n in range(1000)))) <= 64
