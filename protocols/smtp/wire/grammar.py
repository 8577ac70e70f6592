"""One command line, one typed command (RFC 5321 §4.1.1–§4.1.3, RFC 6531 §3.3 for addresses beyond ASCII).

Strict where it decides who gets mail (paths are read by standards.address), liberal where nothing hangs on it: the case
of verbs, spaces at the end of a line, one space after `FROM:` and `TO:` (Not RFC 5321 §3.3), any visible text as the
name in EHLO (Windows names hosts with underscores). A line is UTF-8 or it is refused; controls are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from mailplatform.standards import status
from mailplatform.standards.address import BadAddress, Path, read_path
from mailplatform.standards.status import Reply
from protocols.smtp.wire.commands import (
    Auth,
    Bdat,
    Command,
    Data,
    Ehlo,
    Expn,
    Helo,
    Help,
    MailFrom,
    Noop,
    Quit,
    RcptTo,
    Rset,
    StartTls,
    Unknown,
    Vrfy,
)
from protocols.smtp.wire.params import BadParam, mail_params, rcpt_params

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_VERB = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_FROM = re.compile(r"from: ?", re.IGNORECASE)
_TO = re.compile(r"to: ?", re.IGNORECASE)
_HOST_MOST = 255  # RFC 5321 §4.5.3.1.2

_NOT_MAIL = frozenset({"GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE"})
"""A browser that was pointed at us; whatever it says next is not meant as mail."""


class BadSyntax(Exception):
    """A line that is no command, with the reply that says why. fatal: the peer speaks another protocol."""

    def __init__(self, answer: Reply, *, fatal: bool = False) -> None:
        super().__init__(answer.text)
        self.answer = answer
        self.fatal = fatal


Readers = Mapping[str, Callable[[str, Collection[str]], Command]]
"""Verb → what reads its argument."""


def parse(line: bytes, offered: Collection[str], readers: Readers | None = None) -> Command:
    """The command of a line without its CRLF. `offered`: the EHLO keywords whose parameters are known. `readers`: SMTP's, or
    another of READERS. Raises BadSyntax."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise BadSyntax(status.BAD_ARGUMENT.format(problem="Line is not UTF-8")) from None
    verb, _, argument = text.partition(" ")
    verb = verb.upper()
    read = (readers or _SMTP).get(verb)
    if not text.isprintable() and _CONTROL.search(text):
        raise BadSyntax(status.BAD_ARGUMENT.format(problem="Control character in a command"))
    if read is not None:
        return read(argument.rstrip(" "), offered)
    if verb in _NOT_MAIL:
        raise BadSyntax(status.NOT_MAIL, fatal=True)
    return Unknown(verb if _VERB.match(verb) else "")


def _syntax(text: str) -> BadSyntax:
    return BadSyntax(status.SYNTAX.format(syntax=text))


def _host(argument: str, verb: str) -> str:
    host = argument.strip(" ")
    if not host:
        raise _syntax(f"{verb} host name")
    if " " in host or len(host.encode()) > _HOST_MOST:
        raise BadSyntax(status.BAD_HELO.format(problem="too long, or with a space in it"))
    return host


def _ehlo(argument: str, _offered: Collection[str]) -> Command:
    return Ehlo(_host(argument, "EHLO"))


def _lhlo(argument: str, _offered: Collection[str]) -> Command:
    return Ehlo(_host(argument, "LHLO"))


def _helo(argument: str, _offered: Collection[str]) -> Command:
    return Helo(_host(argument, "HELO"))


@lru_cache(maxsize=2048)
def _path(text: str) -> tuple[Path, int]:
    """The path at the start of a text. Lists and tests send the same ones over and over."""
    return read_path(text)


def _mail(argument: str, offered: Collection[str]) -> Command:
    found = _FROM.match(argument)
    if found is None:
        raise _syntax("MAIL FROM:<address> [parameters]")
    try:
        path, text = _split(argument, found.end())
    except BadAddress as error:
        raise BadSyntax(status.BAD_SENDER.format(problem=error.problem)) from None
    if path.is_postmaster:
        raise BadSyntax(status.BAD_SENDER.format(problem="a sender needs a domain"))
    try:
        params = mail_params(text, offered)
    except BadParam as error:
        raise BadSyntax(error.answer) from None
    if path.internationalised and not params.smtputf8:
        raise BadSyntax(status.NEEDS_SMTPUTF8)
    return MailFrom(path, params)


def _rcpt(argument: str, offered: Collection[str]) -> Command:
    found = _TO.match(argument)
    if found is None:
        raise _syntax("RCPT TO:<address> [parameters]")
    try:
        path, text = _split(argument, found.end())
    except BadAddress as error:
        raise BadSyntax(status.BAD_RECIPIENT.format(problem=error.problem)) from None
    if path.is_null:
        raise BadSyntax(status.BAD_RECIPIENT.format(problem="the null path is no recipient"))
    try:
        return RcptTo(path, rcpt_params(text, offered))
    except BadParam as error:
        raise BadSyntax(error.answer) from None


def _split(argument: str, at: int) -> tuple[Path, str]:
    """The path at `at`, and the parameters behind it."""
    rest = argument[at:]
    close = rest.find("> ")  # a quoted localpart may hold one: then the path alone is not well formed, and all is read
    if close > 0:
        try:
            path, _ = _path(rest[: close + 1])
        except BadAddress:
            pass
        else:
            return path, rest[close + 2 :]
    path, end = _path(rest)
    if end < len(rest) and rest[end] != " ":
        raise BadAddress("unexpected text after the path", end)
    return path, rest[end + 1 :]


def _bare(verb: str, command: Command) -> Callable[[str, Collection[str]], Command]:
    """A command without arguments (RFC 5321 §4.1.1.4 and on: 501 when there are some)."""

    def read(argument: str, _offered: Collection[str]) -> Command:
        if argument:
            raise _syntax(verb)
        return command

    return read


def _any(command: Command) -> Callable[[str, Collection[str]], Command]:
    """A command whose argument does not matter here."""

    def read(_argument: str, _offered: Collection[str]) -> Command:
        return command

    return read


def _auth(argument: str, _offered: Collection[str]) -> Command:
    words = argument.split(" ")
    if not words[0] or len(words) > 2:
        raise _syntax("AUTH mechanism [initial response]")
    return Auth(words[0].upper(), words[1] if len(words) == 2 else None)


def _bdat(argument: str, _offered: Collection[str]) -> Command:
    words = argument.split(" ")
    last = len(words) == 2 and words[1].upper() == "LAST"
    if not words[0].isascii() or not words[0].isdigit() or len(words[0]) > 20 or not (len(words) == 1 or last):
        raise _syntax("BDAT size [LAST]")
    return Bdat(int(words[0]), last)


_SMTP: Readers = {
    "MAIL": _mail,
    "RCPT": _rcpt,
    "DATA": _bare("DATA", Data()),
    "EHLO": _ehlo,
    "HELO": _helo,
    "RSET": _bare("RSET", Rset()),
    "QUIT": _bare("QUIT", Quit()),
    "STARTTLS": _bare("STARTTLS", StartTls()),
    "NOOP": _any(Noop()),
    "HELP": _any(Help()),
    "VRFY": _any(Vrfy()),
    "EXPN": _any(Expn()),
    "AUTH": _auth,
    "BDAT": _bdat,
}
_LMTP: Readers = {**{verb: read for verb, read in _SMTP.items() if verb not in ("EHLO", "HELO")}, "LHLO": _lhlo}
READERS: Mapping[str, Readers] = {"EHLO": _SMTP, "LHLO": _LMTP}
"""By the greeting that a role wants: LMTP knows neither EHLO nor HELO (RFC 2033 §4.1)."""
