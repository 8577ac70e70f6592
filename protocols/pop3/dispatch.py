"""Which handler answers which command: the whole of the POP3 door at one glance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from protocols.pop3.commands import messages, signin
from protocols.pop3.wire import commands as c

HANDLERS: Mapping[type[c.Command], Callable[[Any, Any], Awaitable[None]]] = {
    c.Auth: signin.auth,
    c.Capa: signin.capa,
    c.Dele: messages.dele,
    c.Lang: signin.lang,
    c.List: messages.list_,
    c.Noop: messages.noop,
    c.Pass: signin.pass_,
    c.Retr: messages.retr,
    c.Rset: messages.rset,
    c.Stat: messages.stat,
    c.Stls: signin.stls,
    c.Top: messages.top,
    c.Uidl: messages.uidl,
    c.User: signin.user,
    c.Utf8: signin.utf8,
}
"""All but QUIT, which is the session's own end."""
