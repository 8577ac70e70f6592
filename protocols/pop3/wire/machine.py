"""When a command may be given: the states of a POP3 session and the table state → commands. RFC 1939 §3, RFC 2449 §5.

Pure: the session keeps the State and refuses what the table does not allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from protocols.pop3.wire import commands as c


class State(StrEnum):
    """RFC 1939 §3."""

    AUTHORIZATION = "authorization"
    TRANSACTION = "transaction"
    UPDATE = "update"


_ANY: frozenset[type[c.Command]] = frozenset({c.Capa, c.Lang, c.Quit})

ALLOWED: Mapping[State, frozenset[type[c.Command]]] = {
    State.AUTHORIZATION: _ANY | {c.User, c.Pass, c.Auth, c.Stls, c.Utf8},
    State.TRANSACTION: _ANY | {c.Stat, c.List, c.Uidl, c.Retr, c.Top, c.Dele, c.Noop, c.Rset},
    State.UPDATE: frozenset(),
}


def allowed(state: State, command: c.Command) -> bool:
    """Whether the command may be given in this state."""
    return type(command) in ALLOWED[state]
