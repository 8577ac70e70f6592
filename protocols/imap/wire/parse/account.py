"""Commands about the session and its account: CAPABILITY … LOGIN, ENABLE, ID, NAMESPACE, QUOTA, IDLE. RFC 3501 §6.1, §6.2.

Also the lines that are no commands: a SASL answer (RFC 3501 §6.2.2) and DONE (RFC 2177).
"""

import base64
import re
from collections.abc import Callable, Mapping

from protocols.imap.wire import commands as c
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.lexer import CLOSE, Lexer

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
MAX_ID_PAIRS = 30  # RFC 2971 §3.3
MAX_ID_NAME = 30
MAX_ID_VALUE = 1024


def bare(make: type[c.Command]) -> Callable[[Lexer, bytes], c.Command]:
    """The parser of a command without arguments."""

    def parse(lexer: Lexer, tag: bytes) -> c.Command:
        lexer.end()
        return make(tag)

    return parse


def from_base64(text: bytes, at: int = 0) -> bytes:
    """Strict base64, padding needed; raises BadSyntax."""
    if _BASE64.match(text) is None:
        raise BadSyntax(at, "base64")
    return base64.b64decode(text)


def sasl_answer(line: bytes) -> bytes | None:
    """A client's line in an AUTHENTICATE exchange, decoded; None for `*`, which cancels. Raises BadSyntax (reply BAD)."""
    return None if line == b"*" else from_base64(line)


def is_done(line: bytes) -> bool:
    """Whether the line ends an IDLE."""
    return line.upper() == b"DONE"


def authenticate(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    mechanism = lexer.word("a SASL mechanism")
    initial = None
    if not lexer.at_end():
        lexer.space()
        text = lexer.octets[lexer.at : -2]
        initial = b"" if text == b"=" else from_base64(text, lexer.at)  # RFC 4959 §3
        if not text:
            raise BadSyntax(lexer.at, "an initial response")
    return c.Authenticate(tag, mechanism, initial)


def login(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    username = lexer.text("a user name")
    lexer.space()
    password = lexer.text("a password")
    lexer.end()
    return c.Login(tag, username, password)


def enable(lexer: Lexer, tag: bytes) -> c.Command:
    tokens: dict[str, None] = {}
    while not lexer.at_end() or not tokens:
        lexer.space()
        tokens[lexer.atom("a capability").decode("ascii").upper()] = None
    return c.Enable(tag, tuple(tokens))


def identify(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    if lexer.peek_word() == "NIL":
        lexer.at += 3
        lexer.end()
        return c.Id(tag)
    lexer.open()
    pairs: list[tuple[str, str | None]] = []
    if not lexer.take(CLOSE):
        while True:
            at = lexer.at
            name = _printable(lexer.string("a field name"))
            lexer.space()
            value = lexer.nstring("a value or NIL")
            pairs.append((name, None if value is None else _printable(value)))
            if len(pairs) > MAX_ID_PAIRS or len(name) > MAX_ID_NAME or len(value or b"") > MAX_ID_VALUE:
                raise BadSyntax(at, f"{MAX_ID_PAIRS} fields at most, names of {MAX_ID_NAME} and values of {MAX_ID_VALUE} octets")
            if not lexer.more():
                break
    lexer.end()
    return c.Id(tag, tuple(pairs))


def _printable(octets: bytes) -> str:
    """For logs and traces only: whatever cannot be read is replaced."""
    text = octets.decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def get_quota(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    root = lexer.text("a quota root")
    lexer.end()
    return c.GetQuota(tag, root)


def get_quota_root(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    name = lexer.mailbox()
    lexer.end()
    return c.GetQuotaRoot(tag, name)


def set_quota(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    root = lexer.text("a quota root")
    lexer.space()
    lexer.open()
    limits: list[tuple[str, int]] = []
    if not lexer.take(CLOSE):
        while True:
            resource = lexer.atom("a resource").decode("ascii").upper()
            lexer.space()
            limits.append((resource, lexer.number(most=2**63 - 1)))  # RFC 9208 §5: number64
            if not lexer.more():
                break
    lexer.end()
    return c.SetQuota(tag, root, tuple(limits))


PARSERS: Mapping[bytes, Callable[[Lexer, bytes], c.Command]] = {
    b"CAPABILITY": bare(c.Capability),
    b"NOOP": bare(c.Noop),
    b"LOGOUT": bare(c.Logout),
    b"STARTTLS": bare(c.StartTls),
    b"NAMESPACE": bare(c.Namespace),
    b"IDLE": bare(c.Idle),
    b"CHECK": bare(c.Check),
    b"CLOSE": bare(c.Close),
    b"UNSELECT": bare(c.Unselect),
    b"AUTHENTICATE": authenticate,
    b"LOGIN": login,
    b"ENABLE": enable,
    b"ID": identify,
    b"GETQUOTA": get_quota,
    b"GETQUOTAROOT": get_quota_root,
    b"SETQUOTA": set_quota,
}
