"""Which function answers which command: what `smtp_*` methods are in aiosmtpd. A role that differs makes its table of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from protocols.smtp.commands import data, envelope, greeting, others
from protocols.smtp.wire import commands as wire

Action = Callable[[Any, Any], None]
"""(session, command) → nothing: what is to be said, is said through the session."""

ACTIONS: Mapping[type[wire.Command], Action] = {
    wire.Ehlo: greeting.ehlo,
    wire.Helo: greeting.helo,
    wire.StartTls: greeting.starttls,
    wire.MailFrom: envelope.mail,
    wire.RcptTo: envelope.rcpt,
    wire.Data: data.data,
    wire.Bdat: others.not_here,
    wire.Rset: others.rset,
    wire.Noop: others.noop,
    wire.Quit: others.quit_,
    wire.Help: others.help_,
    wire.Vrfy: others.vrfy,
    wire.Expn: others.not_here,
    wire.Auth: others.not_here,
    wire.Unknown: others.unknown,
}
