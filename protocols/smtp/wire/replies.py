"""What a server says: a three-digit code, an enhanced status code, text (RFC 5321 §4.2, RFC 2034, RFC 3463).

The words and codes stand in standards/status.py; here they become bytes. A reply without a variable part is a constant,
rendered at import. Text is US-ASCII without controls, whatever was put in; long text is folded into lines of at most
512 octets (RFC 5321 §4.5.3.1.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailplatform.standards import status
from mailplatform.standards.sasl import encoding

_UNSAFE = re.compile(r"[^ -~]")
_MOST = 480


@dataclass(frozen=True, slots=True)
class Reply:
    """code: 2xx … 5xx. enhanced: "2.1.0", empty where RFC 2034 §3 wants none (220, EHLO's 250, 354). lines: at least one.

    raw: the rendered reply, CRLF included.
    """

    code: int
    enhanced: str
    lines: tuple[str, ...]
    raw: bytes = field(init=False, repr=False, compare=False, default=b"")

    def __post_init__(self) -> None:
        object.__setattr__(self, "raw", _render(self.code, self.enhanced, self.lines))

    @property
    def positive(self) -> bool:
        """Whether the command was taken (RFC 5321 §4.2.1)."""
        return self.code < 400


def challenge(data: bytes) -> bytes:
    """334 with what a SASL mechanism says, in base64, rendered (RFC 4954 §4)."""
    return b"334 " + encoding.write(data) + b"\r\n"


def said(entry: status.Reply, **fields: object) -> Reply:
    """An entry of the table with its places filled in."""
    filled = entry.format(**fields) if fields else entry
    return reply(filled.code, filled.enhanced, filled.text)


def reply(code: int, enhanced: str, text: str) -> Reply:
    """A reply of one text, folded when it is long."""
    return Reply(code, enhanced, tuple(_folded(text)))


def _folded(text: str) -> list[str]:
    lines = []
    while len(text) > _MOST:
        cut = text.rfind(" ", 1, _MOST)
        cut = cut if cut > 0 else _MOST
        lines.append(text[:cut])
        text = text[cut:].lstrip(" ")
    return [*lines, text]


def _render(code: int, enhanced: str, lines: tuple[str, ...]) -> bytes:
    status = enhanced + " " if enhanced else ""
    last = len(lines) - 1
    out = "".join(f"{code}{' ' if n == last else '-'}{status}{_UNSAFE.sub('?', line)}\r\n" for n, line in enumerate(lines))
    return out.encode("ascii")


_ACCEPTED = str(status.ACCEPTED).replace("{trace_id}", "%b").encode("ascii") + b"\r\n"


def accepted(trace_id: str) -> bytes:
    """250 to the end of data, rendered: the one reply that every message has to itself."""
    return _ACCEPTED % trace_id.encode("ascii")


OK = said(status.OK)
RESET = said(status.RESET)
MAIL_OK = said(status.SENDER_OK)
RCPT_OK = said(status.RECIPIENT_OK)
GO_AHEAD = said(status.START_DATA)
VRFY = said(status.CANNOT_VERIFY)
HELP = said(status.HELP)
READY_TLS = said(status.READY_FOR_TLS)

BARE_LINE = said(status.BARE_LINE_END)
LONG_LINE = said(status.LINE_TOO_LONG)
UNKNOWN = said(status.UNKNOWN_COMMAND)
NOT_IMPLEMENTED = said(status.NOT_IMPLEMENTED)
HELO_FIRST = said(status.BAD_SEQUENCE, problem="Send EHLO or HELO first")
MAIL_FIRST = said(status.BAD_SEQUENCE, problem="Need MAIL before this command")
RCPT_FIRST = said(status.BAD_SEQUENCE, problem="Need RCPT before DATA")
NESTED_MAIL = said(status.BAD_SEQUENCE, problem="Nested MAIL, RSET ends a transaction")
DURING_MAIL = said(status.BAD_SEQUENCE, problem="Not during a mail transaction")
NO_VALID_RECIPIENTS = said(status.NO_RECIPIENTS)
TLS_ACTIVE = said(status.TLS_ALREADY)
TLS_MISSING = said(status.TLS_UNAVAILABLE)
TOO_MANY_RECIPIENTS = said(status.TOO_MANY_RECIPIENTS)
NEEDS_SMTPUTF8 = said(status.NEEDS_SMTPUTF8)
LOOP = said(status.TOO_MANY_HOPS)
TRY_LATER = said(status.TRY_LATER)

AUTHENTICATED = said(status.AUTHENTICATED)
AUTH_FAILED = said(status.AUTH_FAILED)
AUTH_FIRST = said(status.AUTH_REQUIRED)
AUTH_NEEDS_TLS = said(status.AUTH_NEEDS_TLS)
AUTH_MECHANISM = said(status.AUTH_MECHANISM)
AUTH_CANCELLED = said(status.AUTH_CANCELLED)
AUTH_MALFORMED = said(status.AUTH_MALFORMED)
AUTH_TEMPORARY = said(status.AUTH_TEMPORARY)
AUTH_AGAIN = said(status.BAD_SEQUENCE, problem="You are signed in already")
TLS_FIRST = said(status.TLS_REQUIRED)

# What the session alone says
BARE_MESSAGE = reply(554, "5.6.0", "Message has a bare CR or LF, lines end with CR LF (RFC 5321 section 2.3.8)")
LONG_MESSAGE_LINE = reply(554, "5.6.0", "Message has a line longer than this server takes")
TOO_BIG_ENDLESS = reply(421, "4.3.0", "Message far beyond the size limit, closing connection")
TOO_MANY_COMMANDS = reply(421, "4.7.0", "Too many commands without mail, closing connection")
TOO_MANY_TRANSACTIONS = reply(421, "4.7.0", "Too many messages in one connection, open another")
NOT_MAIL = reply(421, "4.7.0", "This is a mail server, closing connection")
