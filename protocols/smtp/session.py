"""One SMTP connection: bytes to wire/ and back, the spine's answers awaited in between (RFC 5321).

aiosmtpd is the chassis: this is its SMTP class, with its `smtp_*` methods as the hooks of commands and its AUTH
mechanisms for the roles that will offer them. The read loop and the DATA path are ours: what `data_received` brings is
parsed in one pass, the replies of a pipelined group leave in one write (RFC 2920 §3.2), message data goes a block at a
time from the socket to the spool. aiosmtpd's constructor is not run: it inspects every member of the class for each
connection (0.1 ms), and sets up a stream reader that nothing here reads from.

Invariants: replies in the order of commands; 250 to the end of data only after the commit; nothing that came before a
TLS handshake is seen after it; a message with a bare CR or LF is consumed whole and refused; while the spine works the
peer's further commands wait, bounded, and its reading is paused beyond that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from aiosmtpd.smtp import SMTP

from mailplatform.mailflow.transaction import Recipient, Session, Transaction
from mailplatform.runtime.errors import MailError
from mailplatform.runtime.spool import Room, Spool, Spooled
from mailplatform.standards import status
from protocols.common.stream import Connection
from protocols.smtp import errors
from protocols.smtp.roles import Limits, Role
from protocols.smtp.spine import Refused, Spine
from protocols.smtp.wire import commands as wire
from protocols.smtp.wire import replies
from protocols.smtp.wire.data import DataDecoder, Flaw
from protocols.smtp.wire.extensions import Offer, ehlo
from protocols.smtp.wire.grammar import BadSyntax, parse
from protocols.smtp.wire.lines import BadLine, Lines
from protocols.smtp.wire.machine import Machine
from protocols.smtp.wire.replies import Reply, said

if TYPE_CHECKING:
    from protocols.common.listener import Listener

log = logging.getLogger(__name__)

_BACKLOG = 64 * 1024
"""Octets of commands that may wait while we work; beyond it we stop reading."""
_IDLE_COMMANDS = (wire.Noop, wire.Rset, wire.Help, wire.Vrfy, wire.Expn, wire.Ehlo, wire.Helo, wire.Unknown)


class SmtpSession(Connection, SMTP):  # type: ignore[misc]  # their transport is wider than ours
    """The server side of one connection in one role."""

    actions: ClassVar[Mapping[type[wire.Command], Callable[[Any, Any], None]]]

    def __init__(self, listener: Listener, role: Role, limits: Limits, spine: Spine, room: Room, host: str) -> None:
        Connection.__init__(self, listener)
        self._role = role
        self._limits = limits
        self._spine = spine
        self._room = room
        self._host = host
        self._lines = Lines(limits.line)
        self._machine = Machine()
        self._session: Session | None = None
        self._transaction: Transaction | None = None
        self._decoder: DataDecoder | None = None
        self._spool: Spool | None = None
        self._size_limit = limits.message
        self._out: list[bytes] = []
        self._errors = 0
        self._idle_commands = 0
        self._transactions = 0
        self._ending = False
        self._upgrading = False
        self._peer_ended = False

    # -- the connection's hooks --

    def opened(self) -> None:
        self.idle = self._limits.command_seconds
        self._session = Session(
            id=self._spine.new_id(self._spine.now()),
            protocol=self._role.protocol,
            client_address=self.peer.address,
            client_port=self.peer.port,
            server_name=self._host,
        )
        if self.secure:
            self._secured()
        self.write(b"220 %s ESMTP\r\n" % self._host.encode("ascii", "replace"))

    def received(self, data: bytes) -> None:
        if self._decoder is not None and not self.busy:
            self._message(data)
        else:
            self._lines.feed(data)
        self._advance()

    def ended(self) -> None:
        self._peer_ended = True
        self._advance()

    def closed(self) -> None:
        if not self.busy:
            self._forget()

    def too_many(self) -> bytes:
        entry = status.SHUTTING_DOWN if self.listener.draining else status.TOO_MANY_CONNECTIONS
        return said(entry, host=self._host).raw

    def timed_out(self) -> bytes:
        return said(status.IDLE_TOO_LONG, host=self._host).raw

    def drain(self) -> None:
        self._ending = True
        self._advance()

    def write_resumed(self) -> None:
        self._advance()

    # -- the read loop --

    def _advance(self) -> None:
        """Answer what can be answered now, in one write; see that the peer is read from again, or no longer."""
        turns = self._limits.commands_a_turn
        while not self.busy and self.writable and not self.closing:
            if self._decoder is not None:
                data = self._lines.take()
                if not data:
                    if self._peer_ended:
                        self.close()
                    break
                self._message(data)
                continue
            if self._ending and self._transaction is None:
                self._hang_up(said(status.SHUTTING_DOWN, host=self._host))
                break
            if not turns:
                self.loop.call_soon(self._advance)
                break
            turns -= 1
            line = self._lines.next()
            if line is None:
                if self._peer_ended:
                    self._flush()
                    self.close()
                break
            self._line(line)
        if not self.busy:
            self._flush()
        if self.closing:
            return
        if len(self._lines) > _BACKLOG:
            self.pause_reading()
        elif not self._upgrading:
            self.resume_reading()

    def _line(self, line: bytes | BadLine) -> None:
        if isinstance(line, BadLine):
            self._refuse(replies.LONG_LINE if line is BadLine.LONG else replies.BARE_LINE)
            return
        try:
            command = parse(line, self._role.extensions)
        except BadSyntax as error:
            if error.fatal:
                self._cut_off(error.answer)
            else:
                self._refuse(error.answer)
            return
        refusal = self._machine.judge(command)
        if refusal is not None:
            self._refuse(refusal)
            return
        if isinstance(command, _IDLE_COMMANDS):
            self._idle_commands += 1
            if self._idle_commands > self._limits.idle_commands:
                self._cut_off(replies.TOO_MANY_COMMANDS)
                return
        self.actions[type(command)](self, command)

    # -- replies --

    def _say(self, answer: Reply) -> None:
        self._out.append(answer.raw)

    def _refuse(self, answer: Reply, stage: str = "", forward_path: str = "") -> None:
        """Say no; too many of them end the connection."""
        self._out.append(answer.raw)
        self._errors += 1
        if stage:
            self._traced(answer, stage, forward_path)
        if self._errors >= self._limits.errors:
            self._cut_off(said(status.TOO_MANY_ERRORS, host=self._host))

    def _traced(self, answer: Reply, stage: str, forward_path: str = "") -> None:
        assert self._session is not None
        transaction = self._transaction
        paths: tuple[str, ...] = (forward_path,) if forward_path else ()
        if stage == "data" and transaction is not None:
            paths = tuple(recipient.forward_path for recipient in transaction.recipients)
        self._spine.refused(
            Refused(
                self._session,
                stage,
                answer.raw[:-2].decode("ascii"),
                answer.code < 500,
                trace_id=transaction.trace_id if transaction else "",
                reverse_path=transaction.reverse_path if transaction else "",
                forward_paths=paths,
            )
        )

    def _cut_off(self, answer: Reply) -> None:
        """End a session that went too far."""
        self._traced(answer, "session")
        self._hang_up(answer)

    def _hang_up(self, answer: Reply) -> None:
        self._out.append(answer.raw)
        self._flush()
        self._forget()
        self.close(linger=answer.code == 421)

    def _flush(self) -> None:
        if self._out:
            self.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
            self._out.clear()

    def _forget(self) -> None:
        """No transaction any more."""
        self._transaction = None
        self._decoder = None
        if self._spool is not None:
            self._spool.discard()
            self._spool = None
        self._size_limit = self._limits.message
        self.idle = self._limits.command_seconds
        self._machine.reset()

    # -- commands --

    def smtp_EHLO(self, command: wire.Ehlo) -> None:
        """RFC 5321 §4.1.1.1."""
        self._greeted(command.host, esmtp=True)
        can_start_tls = self.listener.tls is not None and not self.secure
        offer = Offer(self._role.extensions, self._limits.message, can_start_tls, self.mechanisms())
        self._say(ehlo(self._host, command.host, offer))

    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that may be used now."""
        return ()

    def smtp_HELO(self, command: wire.Helo) -> None:
        """RFC 5321 §4.1.1.1."""
        self._greeted(command.host, esmtp=False)
        self._say(Reply(250, "", (self._host,)))

    def _greeted(self, host: str, *, esmtp: bool) -> None:
        self._forget()
        self._machine.greeted()
        if self._session is not None:
            self._session = replace(self._session, helo=host, esmtp=esmtp)

    def smtp_STARTTLS(self, _command: wire.StartTls) -> None:
        """RFC 3207 §4."""
        if self.listener.tls is None:
            self._refuse(replies.TLS_MISSING)
            return
        self.busy = self._upgrading = True
        self.pause_reading()  # the ClientHello is for the TLS layer, which stands a turn of the loop later
        self._say(replies.READY_TLS)
        self._flush()
        self._lines.drop()
        self.listener.spawn(self._start_tls())

    async def _start_tls(self) -> None:
        try:
            await self.start_tls()
        except OSError as error:
            log.info("%s: STARTTLS: %s", self.peer.address, error)
            return
        finally:
            self.busy = self._upgrading = False
        self._lines.drop()
        self._secured()
        self._advance()

    def _secured(self) -> None:
        self._forget()
        self._machine.secured()
        words = self.tls_words()
        if self._session is not None and words is not None:
            self._session = replace(self._session, helo="", esmtp=False, tls=" ".join(words))

    def smtp_MAIL(self, command: wire.MailFrom) -> None:
        """RFC 5321 §4.1.1.2; SIZE RFC 1870 §6.1."""
        assert self._session is not None
        params = command.params
        if params.size is not None and params.size > self._limits.message:
            self._refuse(said(status.TOO_BIG, limit=self._limits.message), "mail")
            return
        if self._transactions >= self._limits.transactions:
            self._hang_up(replies.TOO_MANY_TRANSACTIONS)
            return
        self._transactions += 1
        now = self._spine.now()
        self._transaction = Transaction(
            trace_id=self._spine.new_id(now),
            session=self._session,
            started=now,
            reverse_path=str(command.reverse_path),
            size_hint=params.size,
            smtputf8=params.smtputf8,
            body=params.body,
            ret=params.ret,
            envid=params.envid,
        )
        self._machine.mail()
        self._say(replies.MAIL_OK)

    def smtp_RCPT(self, command: wire.RcptTo) -> None:
        """RFC 5321 §4.1.1.3: refused here, while the peer still owns the message."""
        transaction = self._transaction
        assert transaction is not None
        if len(transaction.recipients) >= self._limits.recipients:
            self._refuse(replies.TOO_MANY_RECIPIENTS, "rcpt", str(command.forward_path))
            self._errors -= self._machine.refused < self._limits.recipients  # a long list is no error, an endless one is
            self._machine.rcpt(taken=False)
            return
        if not transaction.smtputf8 and command.forward_path.internationalised:
            self._refuse(replies.NEEDS_SMTPUTF8, "rcpt", str(command.forward_path))
            self._machine.rcpt(taken=False)
            return
        recipient = self._spine.known(command.forward_path, transaction)
        if recipient is not None:
            self._admitted(transaction, command, recipient)
            return
        self.busy = True
        self.listener.spawn(self._admit(transaction, command))

    async def _admit(self, transaction: Transaction, command: wire.RcptTo) -> None:
        answer: Recipient | Reply
        try:
            answer = await self._spine.admit(command.forward_path, transaction)
        except MailError as error:
            answer = errors.refusal(error, f"<{command.forward_path}>")
        except Exception:
            log.exception("%s: RCPT failed", transaction.trace_id)
            answer = replies.TRY_LATER
        self.busy = False
        if self.transport is None or self._transaction is not transaction:
            return
        if isinstance(answer, Reply):
            self._machine.rcpt(taken=False)
            self._refuse(answer, "rcpt", str(command.forward_path))
        else:
            self._admitted(transaction, command, answer)
        self._advance()

    def _admitted(self, transaction: Transaction, command: wire.RcptTo, recipient: Recipient) -> None:
        most = recipient.max_message_size
        if most is not None:
            if transaction.size_hint is not None and transaction.size_hint > most:
                self._machine.rcpt(taken=False)
                too_big = said(status.TOO_BIG_FOR_RECIPIENT, address=command.forward_path, limit=most)
                self._refuse(too_big, "rcpt", str(command.forward_path))
                return
            self._size_limit = min(self._size_limit, most)
        if command.params.notify or command.params.orcpt:
            recipient = replace(recipient, notify=command.params.notify, orcpt=command.params.orcpt)
        transaction.recipients.append(recipient)
        self._machine.rcpt(taken=True)
        self._say(replies.RCPT_OK)

    def smtp_DATA(self, _command: wire.Data) -> None:
        """RFC 5321 §4.1.1.4."""
        self._machine.data()
        self._decoder = DataDecoder(self._limits.data_line)
        self._spool = Spool(self._room)
        self.idle = self._limits.data_seconds
        self._say(replies.GO_AHEAD)

    def smtp_RSET(self, _command: wire.Rset) -> None:
        """RFC 5321 §4.1.1.5."""
        self._forget()
        self._say(replies.RESET)

    def smtp_NOOP(self, _command: wire.Noop) -> None:
        """RFC 5321 §4.1.1.9."""
        self._say(replies.OK)

    def smtp_HELP(self, _command: wire.Help) -> None:
        """RFC 5321 §4.1.1.8."""
        self._say(replies.HELP)

    def smtp_VRFY(self, _command: wire.Vrfy) -> None:
        """RFC 5321 §3.5.3: we do not say who exists."""
        self._say(replies.VRFY)

    def smtp_EXPN(self, _command: wire.Expn) -> None:  # type: ignore[override]  # replies are queued, not awaited
        """RFC 5321 §3.5.3."""
        self._refuse(replies.NOT_IMPLEMENTED)

    def smtp_QUIT(self, _command: wire.Quit) -> None:
        """RFC 5321 §4.1.1.10."""
        self._hang_up(said(status.CLOSING, host=self._host))

    def smtp_reserved(self, _command: wire.Auth | wire.Bdat) -> None:
        """AUTH (RFC 4954) and BDAT (RFC 3030) of roles to come."""
        self._refuse(replies.NOT_IMPLEMENTED)

    def smtp_unknown(self, _command: wire.Unknown) -> None:
        """RFC 5321 §4.2.4."""
        self._refuse(replies.UNKNOWN)

    # -- the message --

    def _message(self, data: bytes) -> None:
        decoder, spool = self._decoder, self._spool
        assert decoder is not None and spool is not None
        kept = decoder.feed(data)
        if kept:
            spool.write(kept)
            if spool.size > self._size_limit:
                spool.discard()
                if spool.size > 2 * self._limits.message + _BACKLOG:
                    self._cut_off(replies.TOO_BIG_ENDLESS)
                    return
        if decoder.ended:
            if decoder.rest:
                self._lines.feed(decoder.rest)
            self._end_of_data(decoder.flaw, spool)

    def _end_of_data(self, flaw: Flaw | None, spool: Spool) -> None:
        transaction = self._transaction
        assert transaction is not None
        self._decoder = self._spool = None
        answer: Reply | None = None
        if spool.size > self._size_limit:
            answer = said(status.TOO_BIG, limit=self._size_limit)
        elif flaw is not None:
            answer = replies.BARE_MESSAGE if flaw is Flaw.BARE else replies.LONG_MESSAGE_LINE
        if answer is None:
            try:
                spooled = spool.finish()
            except MailError as error:
                log.warning("%s: %s", transaction.trace_id, error)
                answer = errors.refusal(error)
        if answer is not None:
            spool.discard()
            self._refuse(answer, "data")
            self._forget()
            return
        self.busy = True
        self.listener.spawn(self._deliver(transaction, spooled))

    async def _deliver(self, transaction: Transaction, spooled: Spooled) -> None:
        """Hand the message to the house; it goes on when the peer is gone meanwhile (RFC 1047)."""
        taken: bytes | None = None
        answer = replies.TRY_LATER
        try:
            accepted = await self._spine.deliver(transaction, spooled)
            taken = replies.accepted(accepted.trace_id)
        except MailError as error:
            log.info("%s: not taken: %s", transaction.trace_id, error)
            answer = errors.refusal(error)
        except Exception:
            log.exception("%s: end of data failed", transaction.trace_id)
            answer = said(status.NOT_TAKEN, trace_id=transaction.trace_id)
        finally:
            spooled.close()
        self.busy = False
        if taken is not None:
            self._errors = self._idle_commands = 0
            self._out.append(taken)
        else:
            self._refuse(answer, "data")
        self._forget()
        if self.transport is not None:
            self._advance()


ACTIONS: Mapping[type[wire.Command], Callable[[SmtpSession, Any], None]] = {
    wire.Ehlo: SmtpSession.smtp_EHLO,
    wire.Helo: SmtpSession.smtp_HELO,
    wire.MailFrom: SmtpSession.smtp_MAIL,
    wire.RcptTo: SmtpSession.smtp_RCPT,
    wire.Data: SmtpSession.smtp_DATA,
    wire.Bdat: SmtpSession.smtp_reserved,
    wire.Rset: SmtpSession.smtp_RSET,
    wire.Noop: SmtpSession.smtp_NOOP,
    wire.Quit: SmtpSession.smtp_QUIT,
    wire.Help: SmtpSession.smtp_HELP,
    wire.Vrfy: SmtpSession.smtp_VRFY,
    wire.Expn: SmtpSession.smtp_EXPN,
    wire.StartTls: SmtpSession.smtp_STARTTLS,
    wire.Auth: SmtpSession.smtp_reserved,
    wire.Unknown: SmtpSession.smtp_unknown,
}
SmtpSession.actions = ACTIONS
