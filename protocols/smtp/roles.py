"""What tells one SMTP role from another: MX, submission and LMTP as one table, and the limits a site sets.

The MX takes mail for local recipients from anybody, submission (RFC 6409) from the people of the house for everybody, LMTP
(RFC 2033) for local recipients from servers in front, each recipient with an outcome of its own. The session asks the table and
knows no role by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailplatform.settings.defaults import Smtp

_COMMON = frozenset({"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "STARTTLS"})


@dataclass(frozen=True, slots=True)
class Role:
    """protocol: the word in Received: and trace (RFC 3848 makes ESMTPS of it). greeting: what EHLO is called. banner: what the
    greeting calls us. reply_per_recipient: an answer to the end of data for each recipient that was accepted (RFC 2033 §4.2)."""

    name: str
    protocol: str
    greeting: str = "EHLO"
    banner: str = "ESMTP"
    extensions: frozenset[str] = _COMMON
    needs_login: bool = False
    reply_per_recipient: bool = False


ROLES: Mapping[str, Role] = {
    "smtp": Role("smtp", "smtp", extensions=_COMMON | {"DSN"}),
    "submission": Role("submission", "submission", extensions=_COMMON | {"AUTH", "DSN"}, needs_login=True),
    "lmtp": Role("lmtp", "lmtp", "LHLO", "LMTP", extensions=_COMMON | {"DSN"}, reply_per_recipient=True),
}
MX = ROLES["smtp"]
SUBMISSION = ROLES["submission"]
LMTP = ROLES["lmtp"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Octets, counts and seconds; the keys of `[smtp]` in site.toml, where each is explained."""

    message: int = 50 << 20
    recipients: int = 1000
    line: int = 4096
    data_line: int = 1 << 20
    errors: int = 20
    idle_commands: int = 100
    transactions: int = 1000
    command_seconds: float = 300.0
    data_seconds: float = 600.0
    session_seconds: float = 3600.0
    commands_a_turn: int = field(default=100)
    """Commands of one peer that are answered before others have their turn."""
    full_is_final: bool = False
    """A full account is 552, not 452."""


def limits_of(smtp: Smtp) -> Limits:
    """The site's limits."""
    return Limits(
        message=smtp.max_message_bytes,
        recipients=smtp.max_recipients,
        line=smtp.max_line_bytes,
        data_line=smtp.max_data_line_bytes,
        errors=smtp.max_errors,
        idle_commands=smtp.max_idle_commands,
        transactions=smtp.max_transactions,
        command_seconds=smtp.command_timeout_seconds,
        data_seconds=smtp.data_timeout_seconds,
        session_seconds=smtp.session_timeout_seconds,
    )
