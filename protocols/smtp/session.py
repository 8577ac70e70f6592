"""One SMTP connection: bytes to wire/ and back, the spine's answers awaited in between (RFC 5321).

aiosmtpd is the chassis: this is its SMTP class, its `smtp_*` hooks being the functions of commands/, named in one table a role.
The read loop and the DATA path are ours: what `data_received` brings is parsed in one pass, the replies of a pipelined group
leave in one write (RFC 2920 §3.2), message data goes a block at a time from the socket to the spool. aiosmtpd's constructor is
not run: it inspects every member of the class for each connection (0.1 ms), and sets up a stream reader that nothing reads from.
What stands here decides nothing about a command; commands/ does, through what is public here.

Invariants: replies in the order of commands; 250 to the end of data only after the commit; nothing that came before a
TLS handshake is seen after it; a message with a bare CR or LF is consumed whole and refused; while the spine works the
peer's further commands wait, bounded, and its reading is paused beyond that.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from aiosmtpd.smtp import SMTP

from mailplatform.mailflow.transaction import Session, Transaction
from mailplatform.runtime.errors import MailError, OverQuota
from mailplatform.runtime.spool import Room, Spool
from mailplatform.standards import status
from mailplatform.standards.status import Reply
from protocols.common.living import Entry, Living, Out
from protocols.common.stream import Connection
from protocols.smtp import errors
from protocols.smtp.commands.data import message
from protocols.smtp.commands.table import ACTIONS, Action
from protocols.smtp.roles import Limits, Role
from protocols.smtp.spine import Refused, Spine
from protocols.smtp.wire import commands as wire
from protocols.smtp.wire.data import DataDecoder
from protocols.smtp.wire.grammar import READERS, BadSyntax, parse
from protocols.smtp.wire.lines import BadLine, Lines
from protocols.smtp.wire.machine import Machine

if TYPE_CHECKING:
    from protocols.common.listener import Listener

log = logging.getLogger(__name__)

_BACKLOG = 64 * 1024
"""Octets of commands that may wait while we work; beyond it we stop reading."""
_IDLE_COMMANDS = (wire.Noop, wire.Rset, wire.Help, wire.Vrfy, wire.Expn, wire.Ehlo, wire.Helo, wire.Unknown)


class SmtpSession(Connection, SMTP):  # type: ignore[misc]  # their transport is wider than ours
    """The server side of one connection in one role.

    about: what the house is told of this connection. size_limit: octets that the present message may have. out: rendered replies
    that leave together. living: the list of connections that this one stands in. errors, idle_commands, transactions: how many
    so far.
    """

    actions: ClassVar[Mapping[type[wire.Command], Action]] = ACTIONS

    def __init__(
        self, listener: Listener, role: Role, limits: Limits, spine: Spine, room: Room, host: str, living: Living | None = None
    ) -> None:
        Connection.__init__(self, listener)
        self.role = role
        self.limits = limits
        self.spine = spine
        self.room = room
        self.host = host
        self.living = living
        self.entry: Entry | None = None
        self.lines = Lines(limits.line)
        self.machine = Machine(lmtp=role.reply_per_recipient)
        self._readers = READERS[role.greeting]
        self.about: Session | None = None
        self.transaction: Transaction | None = None
        self.decoder: DataDecoder | None = None
        self.spool: Spool | None = None
        self.size_limit = limits.message
        self.out: list[bytes] = []
        self.errors = 0
        self.idle_commands = 0
        self.transactions = 0
        self._ending = False
        self._out_for: Out | None = None
        self.upgrading = False
        self._peer_ended = False

    # -- the connection's hooks --

    def opened(self) -> None:
        self.idle = self.limits.command_seconds
        if self.living is not None:
            self.entry = self.living.enter(
                self, protocol=self.role.protocol, client_address=self.peer.address, tls=self.tls_version(), state=self.state
            )
        self.about = Session(
            id=self.spine.new_id(self.spine.now()),
            protocol=self.role.protocol,
            client_address=self.peer.address,
            client_port=self.peer.port,
            server_name=self.host,
        )
        if self.secure:
            self.secured()
        self.write(b"220 %s %s\r\n" % (self.host.encode("ascii", "replace"), self.role.banner.encode()))

    def received(self, data: bytes) -> None:
        if self.decoder is not None and not self.busy:
            message(self, data)
        else:
            self.lines.feed(data)
        self.advance()

    def ended(self) -> None:
        self._peer_ended = True
        self.advance()

    def closed(self) -> None:
        if self.entry is not None:
            self.entry.leave()
        if not self.busy:
            self.forget()

    def too_many(self) -> bytes:
        entry = status.SHUTTING_DOWN if self.listener.draining else status.TOO_MANY_CONNECTIONS
        return entry.format(host=self.host).raw

    def timed_out(self) -> bytes:
        return status.IDLE_TOO_LONG.format(host=self.host).raw

    def drain(self) -> None:
        self._ending = True
        self.advance()

    def put_out(self, why: Out) -> None:
        """The session may go on no longer: end, after what is being committed."""
        self._out_for = why
        self.advance()

    @property
    def state(self) -> str:
        """The word of the list of connections."""
        return "connected"

    def tell(self) -> None:
        """The list of connections is to show this one as it is now."""
        if self.entry is not None:
            self.entry.tell(state=self.state, client=self.about.helo if self.about else "", tls=self.tls_version())

    def write_resumed(self) -> None:
        self.advance()

    # -- the read loop --

    def advance(self) -> None:
        """Answer what can be answered now, in one write; see that the peer is read from again, or no longer."""
        turns = self.limits.commands_a_turn
        while not self.busy and self.writable and not self.closing:
            if self._out_for is not None:
                self.hang_up(errors.GOODBYES[self._out_for])
                break
            if self.decoder is not None:
                data = self.lines.take()
                if not data:
                    if self._peer_ended:
                        self.close()
                    break
                message(self, data)
                continue
            if self._ending and self.transaction is None:
                self.hang_up(status.SHUTTING_DOWN.format(host=self.host))
                break
            if not turns:
                self.loop.call_soon(self.advance)
                break
            turns -= 1
            line = self.lines.next()
            if line is None:
                if self._peer_ended:
                    self.flush()
                    self.close()
                break
            self._line(line)
        if not self.busy:
            self.flush()
        if self.closing:
            return
        if len(self.lines) > _BACKLOG:
            self.pause_reading()
        elif not self.upgrading:
            self.resume_reading()

    def _line(self, line: bytes | BadLine) -> None:
        if isinstance(line, BadLine):
            self.refuse(status.LINE_TOO_LONG if line is BadLine.LONG else status.BARE_LINE_END)
            return
        try:
            command = parse(line, self.role.extensions, self._readers)
        except BadSyntax as error:
            if error.fatal:
                self.cut_off(error.answer)
            else:
                self.refuse(error.answer)
            return
        refusal = self.machine.judge(command)
        if refusal is not None:
            self.refuse(refusal)
            return
        if isinstance(command, _IDLE_COMMANDS):
            self.idle_commands += 1
            if self.idle_commands > self.limits.idle_commands:
                self.cut_off(status.TOO_MANY_COMMANDS)
                return
        self.actions[type(command)](self, command)

    # -- replies --

    def say(self, answer: Reply) -> None:
        """Answer; replies leave together when the turn is over."""
        self.out.append(answer.raw)

    def refusal(self, error: MailError, about: str = "") -> Reply:
        """What an error is called here; `about` is the address it is about, if there is one."""
        if self.limits.full_is_final and isinstance(error, OverQuota) and about:
            return status.FULL_FOR_GOOD.format(address=about)
        return errors.refusal(error, f"<{about}>" if about else "")

    def refuse(self, answer: Reply, stage: str = "", forward_path: str = "") -> None:
        """Say no; too many of them end the connection."""
        self.out.append(answer.raw)
        self.errors += 1
        if stage:
            self.traced(answer, stage, forward_path)
        if self.errors >= self.limits.errors:
            self.cut_off(status.TOO_MANY_ERRORS.format(host=self.host))

    def traced(self, answer: Reply, stage: str, forward_path: str = "") -> None:
        """Tell the house of a refusal; of the end of data without a path, for every recipient."""
        assert self.about is not None
        transaction = self.transaction
        paths: tuple[str, ...] = (forward_path,) if forward_path else ()
        if stage == "data" and not paths and transaction is not None:
            paths = tuple(recipient.forward_path for recipient in transaction.recipients)
        self.spine.refused(
            Refused(
                self.about,
                stage,
                answer.raw[:-2].decode("ascii"),
                answer.code < 500,
                trace_id=transaction.trace_id if transaction else "",
                reverse_path=transaction.reverse_path if transaction else "",
                forward_paths=paths,
            )
        )

    def cut_off(self, answer: Reply) -> None:
        """End a session that went too far."""
        self.traced(answer, "session")
        self.hang_up(answer)

    def hang_up(self, answer: Reply) -> None:
        """Say the last word."""
        self.out.append(answer.raw)
        self.flush()
        self.forget()
        self.close(linger=answer.code == 421)

    def flush(self) -> None:
        """Let the replies go."""
        if self.out:
            self.write(self.out[0] if len(self.out) == 1 else b"".join(self.out))
            self.out.clear()

    def forget(self) -> None:
        """No transaction any more."""
        self.transaction = None
        self.decoder = None
        if self.spool is not None:
            self.spool.discard()
            self.spool = None
        self.size_limit = self.limits.message
        self.idle = self.limits.command_seconds
        self.machine.reset()

    def secured(self) -> None:
        """TLS is on: nothing that was said before it is known any more (RFC 3207 §4.2)."""
        self.forget()
        self.machine.secured()
        words = self.tls_words()
        if self.about is not None and words is not None:
            self.about = replace(self.about, helo="", esmtp=False, tls=" ".join(words))
        self.tell()

    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that may be used now."""
        return ()
