"""When each command may come: the state table of a server (RFC 5321 §4.1.4, RFC 3207 §4; RFC 2033 §4.2 for LMTP).

Pure: the session asks `judge` before it acts and tells the machine afterwards what came of it. A refused command
changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailplatform.standards import status
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


class State(StrEnum):
    """Where a session stands."""

    CONNECTED = "connected"  # greeted by us, not yet by the peer
    READY = "ready"
    MAIL = "mail"  # a reverse-path, no recipient yet
    RCPT = "rcpt"  # at least one recipient
    DATA = "data"  # 354 was said


ANY: frozenset[type[Command]] = frozenset({Ehlo, Helo, Rset, Noop, Quit, Help, Vrfy, Expn, Unknown})
ALLOWED: Mapping[State, frozenset[type[Command]]] = {
    State.CONNECTED: ANY,
    State.READY: ANY | {MailFrom, StartTls, Auth},
    State.MAIL: ANY | {RcptTo},
    State.RCPT: ANY | {RcptTo, Data, Bdat},
    State.DATA: frozenset(),
}
"""RSET, NOOP, HELP, VRFY, EXPN and QUIT may come before EHLO (RFC 5321 §4.1.4)."""


class Machine:
    """The state of one session, and of its current transaction what decides about the next command."""

    __slots__ = ("_lmtp", "refused", "secure", "state")

    def __init__(self, *, lmtp: bool = False) -> None:
        self._lmtp = lmtp
        self.state = State.CONNECTED
        self.secure = False
        self.refused = 0
        """Recipients refused in this transaction."""

    def judge(self, command: Command) -> Reply | None:
        """None when the command may come now, else why not."""
        if type(command) in ALLOWED[self.state]:
            return status.TLS_ALREADY if self.secure and isinstance(command, StartTls) else None
        if self.state is State.CONNECTED:
            return status.LHLO_FIRST if self._lmtp else status.HELO_FIRST
        if isinstance(command, MailFrom):
            return status.NESTED_MAIL
        if isinstance(command, Data | Bdat) and self.state is State.MAIL:
            if self._lmtp:
                return status.NO_RECIPIENTS_LMTP  # RFC 2033 §4.2: 503, whatever the reason
            return status.NO_RECIPIENTS if self.refused else status.RCPT_FIRST  # RFC 5321 §3.3
        if isinstance(command, RcptTo | Data | Bdat):
            return status.MAIL_FIRST
        return status.DURING_MAIL  # RFC 4954 §4, RFC 3207 §4

    def greeted(self) -> None:
        """EHLO or HELO: the session starts anew (RFC 5321 §4.1.4)."""
        self.reset()
        self.state = State.READY

    def reset(self) -> None:
        """The transaction is over, by RSET, by its end or by a failure."""
        self.refused = 0
        if self.state is not State.CONNECTED:
            self.state = State.READY

    def mail(self) -> None:
        """A reverse-path was taken."""
        self.state = State.MAIL

    def rcpt(self, *, taken: bool) -> None:
        """A recipient was taken or refused."""
        if taken:
            self.state = State.RCPT
        else:
            self.refused += 1

    def data(self) -> None:
        """354 was said."""
        self.state = State.DATA

    def secured(self) -> None:
        """TLS is on: the peer must greet again, and what it said before is forgotten (RFC 3207 §4.2)."""
        self.state = State.CONNECTED
        self.refused = 0
        self.secure = True
