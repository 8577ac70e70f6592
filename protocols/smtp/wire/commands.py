"""The commands of SMTP as typed values (RFC 5321 §4.1.1 and the extensions of STANDARDS.md).

Grammar makes them from lines; machine judges them; the session acts on them. `Unknown` is a command too: what is no
command still takes its place in a pipelined group.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailplatform.standards.address import Path
from protocols.smtp.wire.params import MailParams, RcptParams


@dataclass(frozen=True, slots=True)
class Ehlo:
    """EHLO, or LHLO where the role speaks LMTP (RFC 2033)."""

    host: str


@dataclass(frozen=True, slots=True)
class Helo:
    """HELO: no extensions."""

    host: str


@dataclass(frozen=True, slots=True)
class MailFrom:
    """MAIL: begin a transaction."""

    reverse_path: Path
    params: MailParams


@dataclass(frozen=True, slots=True)
class RcptTo:
    """RCPT: one recipient."""

    forward_path: Path
    params: RcptParams


@dataclass(frozen=True, slots=True)
class Data:
    """DATA."""


@dataclass(frozen=True, slots=True)
class Bdat:
    """BDAT (RFC 3030); reserved."""

    size: int
    last: bool


@dataclass(frozen=True, slots=True)
class Rset:
    """RSET: end the transaction."""


@dataclass(frozen=True, slots=True)
class Noop:
    """NOOP."""


@dataclass(frozen=True, slots=True)
class Quit:
    """QUIT."""


@dataclass(frozen=True, slots=True)
class Help:
    """HELP."""


@dataclass(frozen=True, slots=True)
class Vrfy:
    """VRFY."""


@dataclass(frozen=True, slots=True)
class Expn:
    """EXPN."""


@dataclass(frozen=True, slots=True)
class StartTls:
    """STARTTLS (RFC 3207)."""


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH (RFC 4954): a mechanism, upper case, and what stood behind it, if anything did."""

    mechanism: str
    initial: str | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No command of ours. `verb` is upper case, at most 32 characters."""

    verb: str


Command = Ehlo | Helo | MailFrom | RcptTo | Data | Bdat | Rset | Noop | Quit | Help | Vrfy | Expn | StartTls | Auth | Unknown
