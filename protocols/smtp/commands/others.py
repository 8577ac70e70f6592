"""The commands that need nobody: RSET, NOOP, HELP, VRFY, EXPN, QUIT, and what is no command (RFC 5321 §4.1.1.5 to §4.1.1.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.standards import status
from protocols.smtp.wire import commands as wire

if TYPE_CHECKING:
    from protocols.smtp.session import SmtpSession


def rset(session: SmtpSession, _command: wire.Rset) -> None:
    """RFC 5321 §4.1.1.5."""
    session.forget()
    session.say(status.RESET)


def noop(session: SmtpSession, _command: wire.Noop) -> None:
    """RFC 5321 §4.1.1.9."""
    session.say(status.OK)


def help_(session: SmtpSession, _command: wire.Help) -> None:
    """RFC 5321 §4.1.1.8."""
    session.say(status.HELP)


def vrfy(session: SmtpSession, _command: wire.Vrfy) -> None:
    """RFC 5321 §3.5.3: we do not say who exists."""
    session.say(status.CANNOT_VERIFY)


def quit_(session: SmtpSession, _command: wire.Quit) -> None:
    """RFC 5321 §4.1.1.10."""
    session.hang_up(status.CLOSING.format(host=session.host))


def not_here(session: SmtpSession, _command: wire.Expn | wire.Auth | wire.Bdat) -> None:
    """EXPN, which tells too much (RFC 5321 §3.5.3); AUTH where nobody signs in; BDAT (RFC 3030), not yet."""
    session.refuse(status.NOT_IMPLEMENTED)


def unknown(session: SmtpSession, _command: wire.Unknown) -> None:
    """RFC 5321 §4.2.4."""
    session.refuse(status.UNKNOWN_COMMAND)
