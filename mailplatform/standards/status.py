"""SMTP replies with their enhanced status codes, as one cited table; LMTP's are the same (RFC 2033 §4).

Standards: RFC 5321 §4.2 (codes, text, lines), RFC 3463 and the registry of RFC 5248 (enhanced codes), RFC 2034 (their place),
RFC 4954 §6 (authentication), RFC 7505 (null MX), RFC 6531 §3.3 (internationalised addresses), RFC 7372 (authentication results).
A reply is data that knows its bytes: without a variable part it is rendered once, at import. Text is US-ASCII without controls,
whatever was put in; long text is folded into lines of at most 512 octets (RFC 5321 §4.5.3.1.5). Texts name no internals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

_UNSAFE = re.compile(r"[^ -~]")
_MOST = 480  # of a line's text
_PLACE = 400  # of what is filled in


@dataclass(frozen=True, slots=True)
class Reply:
    """code: 2xx … 5xx. enhanced: "2.1.0", empty where RFC 2034 §3 wants none (220, EHLO's 250, 334, 354). more: lines after text.

    raw: what goes over the wire, CRLF included; of an entry with `{…}` places, only when they are filled in.
    """

    code: int
    enhanced: str
    text: str
    more: tuple[str, ...] = ()
    raw: bytes = field(init=False, repr=False, compare=False, default=b"")

    def __post_init__(self) -> None:
        object.__setattr__(self, "raw", self._rendered())

    def __str__(self) -> str:
        """The one-line form, without CRLF."""
        return f"{self.code} {self.enhanced} {self.text}" if self.enhanced else f"{self.code} {self.text}"

    def format(self, **fields: object) -> Reply:
        """The reply with its `{name}` places filled in; control and 8-bit characters of the values are replaced."""
        clean = {name: _UNSAFE.sub("?", str(value)[:_PLACE]) for name, value in fields.items()}
        return replace(self, text=self.text.format(**clean))

    @property
    def is_temporary(self) -> bool:
        return 400 <= self.code < 500

    def _rendered(self) -> bytes:
        """RFC 5321 §4.2.1: all lines but the last have a hyphen behind the code."""
        status = f"{self.enhanced} " if self.enhanced else ""
        rows = [row for text in (self.text, *self.more) for row in _folded(_UNSAFE.sub("?", text))]
        last = len(rows) - 1
        return "".join(f"{self.code}{' ' if n == last else '-'}{status}{row}\r\n" for n, row in enumerate(rows)).encode("ascii")


def _folded(text: str) -> Iterator[str]:
    while len(text) > _MOST:
        cut = text.rfind(" ", 1, _MOST)
        cut = cut if cut > 0 else _MOST
        yield text[:cut]
        text = text[cut:].lstrip(" ")
    yield text


# Connection and session (RFC 5321 §4.3.1, §3.8)
GREETING = Reply(220, "", "{host} {banner}")
NOT_FROM_HERE = Reply(554, "5.7.1", "{host} takes no mail from your address over this protocol")  # RFC 5321 §3.1
CLOSING = Reply(221, "2.0.0", "{host} closing connection")
SHUTTING_DOWN = Reply(421, "4.3.2", "{host} is shutting down, try again in a moment")
IDLE_TOO_LONG = Reply(421, "4.4.2", "{host} idle for too long, closing connection")
TOO_MANY_CONNECTIONS = Reply(421, "4.7.0", "{host} too many connections from your address, try again later")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "{host} too many errors, closing connection")
SERVER_BUSY = Reply(421, "4.3.2", "{host} too busy, try again later")
READY_FOR_TLS = Reply(220, "2.0.0", "Ready to start TLS")
TLS_UNAVAILABLE = Reply(454, "4.7.0", "TLS is not available for a temporary reason")  # RFC 3207 §4
TLS_ALREADY = Reply(503, "5.5.1", "TLS is active already")
TLS_REQUIRED = Reply(530, "5.7.0", "Must issue a STARTTLS command first")  # RFC 3207 §4
TOO_MANY_COMMANDS = Reply(421, "4.7.0", "Too many commands without mail, closing connection")
TOO_MANY_TRANSACTIONS = Reply(421, "4.7.0", "Too many messages in one connection, open another")
NOT_MAIL = Reply(421, "4.7.0", "This is a mail server, closing connection")
SIGN_IN_OVER = Reply(421, "4.7.0", "Your sign-in holds no longer, closing connection")
NETWORK_SHUT = Reply(421, "4.7.0", "Sign-in from this network is no longer allowed, closing connection")
SESSION_ENDED = Reply(421, "4.3.2", "An administrator has ended this session, closing connection")

# Plain answers
OK = Reply(250, "2.0.0", "OK")
RESET = Reply(250, "2.0.0", "OK, transaction cleared")
SENDER_OK = Reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK = Reply(250, "2.1.5", "Recipient OK")
ACCEPTED = Reply(250, "2.0.0", "Ok: {trace_id}")
START_DATA = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
CANNOT_VERIFY = Reply(252, "2.1.5", "Cannot VRFY user, send some mail and it will be tried")  # RFC 5321 §3.5.3
HELP = Reply(214, "2.0.0", "See RFC 5321")

# Grammar and order (RFC 5321 §4.3.2)
UNKNOWN_COMMAND = Reply(500, "5.5.2", "Command not recognised")
LINE_TOO_LONG = Reply(500, "5.5.2", "Line too long")
BARE_LINE_END = Reply(500, "5.5.2", "Lines end with CR LF, a bare CR or LF is refused")
SYNTAX = Reply(501, "5.5.4", "Syntax: {syntax}")
BAD_ARGUMENT = Reply(501, "5.5.4", "{problem}")
BAD_SENDER = Reply(501, "5.1.7", "Bad sender address: {problem}")
BAD_RECIPIENT = Reply(501, "5.1.3", "Bad recipient address: {problem}")
BAD_HELO = Reply(501, "5.5.4", "Bad host name: {problem}")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Command not implemented")
HELO_FIRST = Reply(503, "5.5.1", "Send EHLO or HELO first")
LHLO_FIRST = Reply(503, "5.5.1", "Send LHLO first")
MAIL_FIRST = Reply(503, "5.5.1", "Need MAIL before this command")
RCPT_FIRST = Reply(503, "5.5.1", "Need RCPT before DATA")
NESTED_MAIL = Reply(503, "5.5.1", "Nested MAIL, RSET ends a transaction")
DURING_MAIL = Reply(503, "5.5.1", "Not during a mail transaction")
BAD_PARAMETERS = Reply(501, "5.5.4", "Malformed parameter")
BAD_PARAMETER = Reply(501, "5.5.4", "Malformed {name} parameter")
PARAMETER_TWICE = Reply(501, "5.5.4", "Parameter {name} given twice")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Parameter {name} not recognised or not supported")
NO_RECIPIENTS = Reply(554, "5.5.1", "No valid recipients")  # RFC 5321 §3.3
NO_RECIPIENTS_LMTP = Reply(503, "5.5.1", "No valid recipients")  # RFC 2033 §4.2
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients, send the rest in another transaction")  # RFC 5321 §4.5.3.1.10
NEEDS_SMTPUTF8 = Reply(553, "5.6.7", "Address needs SMTPUTF8 in MAIL FROM")  # RFC 6531 §3.5

# Recipients and senders (RFC 3463 §3.2)
NO_SUCH_USER = Reply(550, "5.1.1", "<{address}> no such user here")
RECIPIENT_CLOSED = Reply(550, "5.2.1", "<{address}> does not accept mail")
NO_RELAY = Reply(550, "5.7.1", "<{address}> relaying denied, we do not receive for this domain")
NOT_ALLOWED_TO_POST = Reply(550, "5.7.1", "<{address}> you may not send to this address")
FORWARD_REFUSED = Reply(550, "5.7.1", "<{address}> forwards outside, which this server does not do yet")
OVER_QUOTA = Reply(452, "4.2.2", "<{address}> mailbox is full")  # temporary: the owner can make room
FULL_FOR_GOOD = Reply(552, "5.2.2", "<{address}> mailbox is full")  # where the server in front is not to wait for that
SENDER_DOMAIN_UNKNOWN = Reply(550, "5.1.8", "Domain of sender address does not exist")
SENDER_REFUSED = Reply(550, "5.7.1", "Sender address refused")

# Size and storage
TOO_BIG = Reply(552, "5.3.4", "Message is larger than the limit of {limit} bytes")  # RFC 1870 §6.1
TOO_BIG_FOR_RECIPIENT = Reply(552, "5.2.3", "<{address}> takes messages up to {limit} bytes")
TOO_BIG_ENDLESS = Reply(421, "4.3.0", "Message far beyond the size limit, closing connection")
BARE_MESSAGE = Reply(554, "5.6.0", "Message has a bare CR or LF, lines end with CR LF (RFC 5321 section 2.3.8)")
LONG_MESSAGE_LINE = Reply(554, "5.6.0", "Message has a line longer than this server takes")
TOO_MANY_HOPS = Reply(554, "5.4.6", "Too many hops, this message is in a loop")  # RFC 5321 §6.3
STORAGE_FULL = Reply(452, "4.3.1", "Insufficient system storage, try again later")
NOT_TAKEN = Reply(451, "4.3.0", "Message not taken because of a local problem, try again later ({trace_id})")
TRY_LATER = Reply(451, "4.3.0", "Temporary local problem, try again later")
GREYLISTED = Reply(451, "4.7.1", "Try again later")
REFUSED_BY_POLICY = Reply(550, "5.7.1", "Refused by policy: {reason}")

# Authentication (RFC 4954)
AUTHENTICATED = Reply(235, "2.7.0", "Authentication succeeded")
AUTH_AGAIN = Reply(503, "5.5.1", "You are signed in already")
AUTH_FAILED = Reply(535, "5.7.8", "Authentication credentials invalid")
AUTH_REQUIRED = Reply(530, "5.7.0", "Authentication required")
AUTH_NEEDS_TLS = Reply(538, "5.7.11", "Encryption required for requested authentication mechanism")
AUTH_MECHANISM = Reply(504, "5.5.4", "Unrecognised authentication type")
AUTH_CANCELLED = Reply(501, "5.0.0", "Authentication cancelled")
AUTH_MALFORMED = Reply(501, "5.5.2", "Cannot decode response")
AUTH_TEMPORARY = Reply(454, "4.7.0", "Temporary authentication failure")
