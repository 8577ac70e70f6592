"""Lines and the commands that they are (RFC 5321 §4.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.address import NULL_PATH
from protocols.smtp.wire import commands as wire
from protocols.smtp.wire.extensions import KEYWORDS
from protocols.smtp.wire.grammar import BadSyntax, parse

PLAIN = KEYWORDS - {"DSN", "AUTH"}
DSN = KEYWORDS


def refused(line: bytes, offered: frozenset[str] = PLAIN) -> str:
    with pytest.raises(BadSyntax) as caught:
        parse(line, offered)
    return caught.value.answer.raw[:9].decode("ascii")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"EHLO client.test", wire.Ehlo("client.test")),
        (b"ehlo [192.0.2.1]", wire.Ehlo("[192.0.2.1]")),
        (b"EHLO WIN_PC  ", wire.Ehlo("WIN_PC")),
        (b"HELO x", wire.Helo("x")),
        (b"DATA", wire.Data()),
        (b"data ", wire.Data()),
        (b"RSET", wire.Rset()),
        (b"NOOP anything at all", wire.Noop()),
        (b"QUIT", wire.Quit()),
        (b"HELP MAIL", wire.Help()),
        (b"VRFY someone", wire.Vrfy()),
        (b"EXPN list", wire.Expn()),
        (b"STARTTLS", wire.StartTls()),
        (b"AUTH plain AGEAYg==", wire.Auth("PLAIN", "AGEAYg==")),
        (b"AUTH SCRAM-SHA-256", wire.Auth("SCRAM-SHA-256", None)),
        (b"BDAT 1000", wire.Bdat(1000, False)),
        (b"BDAT 0 last", wire.Bdat(0, True)),
        (b"XYZZY 1 2", wire.Unknown("XYZZY")),
        (b"", wire.Unknown("")),
        (b"\xc3\xa9", wire.Unknown("")),
    ],
)
def test_commands(line: bytes, command: wire.Command) -> None:
    assert parse(line, KEYWORDS) == command


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"MAIL FROM:<>", ""),
        (b"mail from:<a@b.test>", "a@b.test"),
        (b"MAIL FROM: <a@b.test>", "a@b.test"),  # Not RFC 5321 §3.3, and seen daily
        (b"MAIL FROM:<@relay.test,@two.test:a@b.test>", "a@b.test"),
        (b'MAIL FROM:<"a b"@b.test>', '"a b"@b.test'),
        (b'MAIL FROM:<"a> b"@b.test>', '"a> b"@b.test'),
        (b'MAIL FROM:<"a\\"b"@b.test> SIZE=1', '"a\\"b"@b.test'),
        (b"MAIL FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        (b"MAIL FROM:<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        ("MAIL FROM:<andré@b.test> SMTPUTF8".encode(), "andré@b.test"),
    ],
)
def test_reverse_paths(line: bytes, path: str) -> None:
    command = parse(line, KEYWORDS)
    assert isinstance(command, wire.MailFrom)
    assert str(command.reverse_path) == path


def test_the_null_path() -> None:
    command = parse(b"MAIL FROM:<> BODY=8bitmime SIZE=0", KEYWORDS)
    assert command == wire.MailFrom(NULL_PATH, wire.MailParams(0, "8BITMIME"))


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"EHLO", "501 5.5.4"),
        (b"HELO ", "501 5.5.4"),
        (b"EHLO a b", "501 5.5.4"),
        (b"EHLO " + b"a" * 256, "501 5.5.4"),
        (b"DATA now", "501 5.5.4"),
        (b"RSET x", "501 5.5.4"),
        (b"STARTTLS x", "501 5.5.4"),
        (b"QUIT x", "501 5.5.4"),
        (b"MAIL", "501 5.5.4"),
        (b"MAIL FROM", "501 5.5.4"),
        (b"MAIL TO:<a@b.test>", "501 5.5.4"),
        (b"MAIL FROM:a@b.test", "501 5.1.7"),
        (b"MAIL FROM:<a@b.test", "501 5.1.7"),
        (b"MAIL FROM:<a@b.test>x", "501 5.1.7"),
        (b"MAIL FROM:<a>", "501 5.1.7"),
        (b"MAIL FROM:<postmaster>", "501 5.1.7"),
        (b"MAIL FROM:<a@b..test>", "501 5.1.7"),
        (b"MAIL FROM:<a b@c.test>", "501 5.1.7"),
        (b"MAIL FROM:<" + b"a" * 65 + b"@b.test>", "501 5.1.7"),
        (b"MAIL FROM:<a@b.test> SIZE=x", "501 5.5.4"),
        (b"MAIL FROM:<a@b.test> SIZE=-1", "501 5.5.4"),
        (b"MAIL FROM:<a@b.test> SIZE=1 SIZE=1", "501 5.5.4"),
        (b"MAIL FROM:<a@b.test> BODY=9BIT", "501 5.5.4"),
        (b"MAIL FROM:<a@b.test> =", "501 5.5.4"),
        (b"MAIL FROM:<a@b.test> SMTPUTF8=1", "501 5.5.4"),
        (b"MAIL FROM:<a@b.test> FROB=1", "555 5.5.4"),
        (b"MAIL FROM:<a@b.test> RET=HDRS", "555 5.5.4"),
        ("MAIL FROM:<andré@b.test>".encode(), "553 5.6.7"),
        (b"MAIL FROM:<\xff@b.test> SMTPUTF8", "501 5.5.4"),
        (b"RCPT TO:<>", "501 5.1.3"),
        (b"RCPT TO:<u1>", "501 5.1.3"),
        (b"RCPT TO:<a@b.test> NOTIFY=NEVER", "555 5.5.4"),
        (b"RCPT", "501 5.5.4"),
        (b"NOOP a\x00b", "501 5.5.4"),
        (b"NOOP a\x1bb", "501 5.5.4"),
        (b"AUTH", "501 5.5.4"),
        (b"BDAT", "501 5.5.4"),
        (b"BDAT x LAST", "501 5.5.4"),
        (b"BDAT 1 2", "501 5.5.4"),
        (b"GET / HTTP/1.1", "421 4.7.0"),
    ],
)
def test_refusals(line: bytes, reply: str) -> None:
    assert refused(line) == reply


def test_postmaster_needs_no_domain() -> None:
    """RFC 5321 §4.1.1.3."""
    command = parse(b"RCPT TO:<PostMaster>", KEYWORDS)
    assert isinstance(command, wire.RcptTo)
    assert command.forward_path.is_postmaster


def test_delivery_status_notifications_where_offered() -> None:
    """RFC 3461 §4."""
    mail = parse(b"MAIL FROM:<a@b.test> RET=hdrs ENVID=QQ+2B1", DSN)
    assert isinstance(mail, wire.MailFrom)
    assert (mail.params.ret, mail.params.envid) == ("HDRS", "QQ+2B1")
    rcpt = parse(b"RCPT TO:<a@b.test> NOTIFY=success,FAILURE ORCPT=rfc822;a+2Bb@b.test", DSN)
    assert isinstance(rcpt, wire.RcptTo)
    assert rcpt.params == wire.RcptParams(("SUCCESS", "FAILURE"), "rfc822;a+2Bb@b.test")
    for bad in (b"NOTIFY=NEVER,SUCCESS", b"NOTIFY=", b"ORCPT=x", b"ORCPT=rfc822;a+2b"):
        assert refused(b"RCPT TO:<a@b.test> " + bad, DSN) == "501 5.5.4"
    for bad in (b"RET=ALL", b"ENVID=", b"ENVID=+zz"):
        assert refused(b"MAIL FROM:<a@b.test> " + bad, DSN) == "501 5.5.4"


@given(
    st.binary(max_size=80) | st.text(max_size=40).map(str.encode), st.sampled_from([b"", b"MAIL FROM:<", b"RCPT TO:<", b"EHLO "])
)
def test_any_line_is_a_command_or_refused(tail: bytes, head: bytes) -> None:
    try:
        parse(head + tail, DSN)
    except BadSyntax as error:
        assert error.answer.code in (421, 501, 553, 555)
