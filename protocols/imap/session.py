"""An IMAP session: bytes in, commands dispatched one after another, bytes out. It decides nothing; commands/ does.

RFC 3501, RFC 9051 §5.5: commands of one client are carried out in the order they came; what changed in the selected folder is
reported before the tagged answer. Output of one command is one write. Invariants: no socket write while a lock or a database
connection is held; a peer that does not read is waited for (`sent`); any exception that is not a domain error is logged and
answered NO [SERVERBUG]; passwords never reach a log.
"""

from __future__ import annotations

import asyncio
import logging
from ipaddress import ip_address

from mailplatform.access.values import Identity
from mailplatform.runtime.errors import AuthenticationFailed, MailError
from mailplatform.store.values import AccountId, Actor, FolderState
from protocols.common.listener import Listener
from protocols.common.stream import Connection
from protocols.imap import errors
from protocols.imap.commands.append import AppendRun
from protocols.imap.context import Context
from protocols.imap.dispatch import HANDLERS
from protocols.imap.selected import Selected
from protocols.imap.wire import commands as c
from protocols.imap.wire import extensions, machine, responses
from protocols.imap.wire.errors import BadCharset, BadSyntax
from protocols.imap.wire.literals import BEFORE_LOGIN, Chunk, Limits
from protocols.imap.wire.machine import State
from protocols.imap.wire.reader import AppendEnd, Bad, Continue, Event, Offer, Reader
from protocols.imap.wire.responses import Code

log = logging.getLogger(__name__)

READ_AHEAD = 1 << 20
"""Octets of commands a client may send ahead before it is no longer read from."""
JOIN = 1 << 16
"""Output is handed to the transport at this size at the latest."""


class ImapSession(Connection):
    """One connection. `state`, `selected`, `enabled` are the session's own; everything else is shared in `context`."""

    def __init__(self, listener: Listener, context: Context) -> None:
        super().__init__(listener)
        self.context = context
        self.state = State.NOT_AUTHENTICATED
        self.identity: Identity | None = None
        self.selected: Selected | None = None
        self.enabled: set[str] = set()
        self.client = ""
        self.reader = Reader(BEFORE_LOGIN)
        self.append: AppendRun | None = None
        self.idling = False
        self.reported = False  # the running command has reported changes itself
        self.remembered: tuple[str, float, FolderState] | None = None  # the folder last appended to
        self._out: list[bytes] = []
        self._size = 0
        self._working = False
        self._more: asyncio.Future[None] | None = None
        self._bads = 0
        self._ended = False
        self._leaving = False

    # -- who and where

    @property
    def account_id(self) -> AccountId:
        """The account whose folders are served."""
        assert self.identity is not None and self.identity.account_id is not None
        return AccountId(self.identity.account_id)

    @property
    def viewer(self) -> AccountId:
        """Through whose eyes: \\Seen in shared folders differs by viewer."""
        return self.account_id

    @property
    def actor(self) -> Actor:
        """Who acts, for expunged rows and the trace."""
        assert self.identity is not None
        return Actor(self.identity.user_id, self.identity.login, f"imap {self.client}".strip())

    def capabilities(self) -> tuple[str, ...]:
        """The tokens of this moment. RFC 3501 §7.2.1."""
        return extensions.capabilities(
            self.state,
            plain_login=self.may_send_password(),
            starttls=not self.secure and self.listener.tls is not None,
        )

    def may_send_password(self) -> bool:
        """Under TLS, or from a network where the site allows it in clear."""
        if self.secure:
            return True
        networks = self.context.plain_networks
        return bool(networks) and any(ip_address(self.peer.address) in network for network in networks)

    def enter(self, identity: Identity) -> None:
        """The client is who it says."""
        self.identity = identity
        self._bads = 0
        self.reader.limits = Limits(line=self.context.line_limit, literals=self.context.literal_limit)
        self.set_idle(self.context.idle_seconds)

    async def login_failed(self, tag: bytes, error: AuthenticationFailed) -> bytes:
        """One answer for every reason; too many end the connection."""
        self._count_bad()
        return errors.reply(tag, error)

    # -- what Connection calls

    def opened(self) -> None:
        self.set_idle(self.context.login_seconds)
        self.write(
            responses.untagged_ok(f"{self.context.server_name} IMAP ready", responses.code_capability(self.capabilities()))
        )
        self.flush()

    def received(self, data: bytes) -> None:
        self.reader.feed(data)
        if self._more is not None:
            if not self._more.done():
                self._more.set_result(None)
        elif not self._working:
            self._working = self.busy = True
            self.listener.spawn(self._work())
        if self.reader.buffered > READ_AHEAD:
            self.pause_reading()

    def ended(self) -> None:
        self._ended = True
        if self._more is not None and not self._more.done():
            self._more.set_exception(ConnectionResetError("the peer will send no more"))
        elif not self._working:
            self.close()

    def closed(self) -> None:
        self.unselect()
        if self.append is not None:
            self.append.discard()
        if self._more is not None and not self._more.done():
            self._more.set_exception(ConnectionResetError("the peer is gone"))

    def too_many(self) -> bytes:
        return responses.bye("too many connections, try again later", Code.UNAVAILABLE)

    def timed_out(self) -> bytes:
        return responses.bye("you were silent for too long")

    def drain(self) -> None:
        self._leaving = True
        if not self._working or self._more is not None:
            self._farewell()

    def _farewell(self) -> None:
        self.write(responses.bye("the service is restarting", Code.UNAVAILABLE))
        self.flush()
        self.close()

    # -- output

    def write(self, data: bytes) -> None:
        """Keep output until the command ends, or 64 KiB of it are there."""
        self._out.append(data)
        self._size += len(data)
        if self._size >= JOIN:
            self.flush()

    def flush(self) -> None:
        """Hand over what is written."""
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out = []
            self._size = 0
            super().write(data)

    async def sent(self) -> None:
        """Flush, and wait while the peer does not read. Raises ConnectionResetError when it is gone."""
        self.flush()
        await self.flushed()

    # -- input

    async def more(self) -> None:
        """Wait for more octets of the client (its silence is its own, not ours)."""
        self.flush()
        self.resume_reading()
        if self._ended:
            raise ConnectionResetError("the peer will send no more")
        self._more = self.loop.create_future()
        self.busy = False
        try:
            await self._more
        finally:
            self._more = None
            self.busy = True

    def wake(self) -> None:
        """A hint for an idle session: let IDLE look for changes."""
        if self.idling and self._more is not None and not self._more.done():
            self._more.set_result(None)

    async def line(self) -> bytes:
        """The next line of an exchange inside a command (SASL). Raises ConnectionResetError when the client is gone."""
        while True:
            line = self.reader.next_line()
            if isinstance(line, Bad):
                return b"*"
            if line is not None:
                return line
            await self.more()

    async def upgrade(self, answer: bytes) -> None:
        """STARTTLS: answer, drop what came before the handshake, become TLS."""
        self.pause_reading()
        self.write(answer)
        self.flush()
        self.reader.reset()
        await self.start_tls()

    # -- commands

    async def _work(self) -> None:
        try:
            while not self.closing:
                piece = self.reader.next()
                if piece is None:
                    break
                await self._take(piece)
                self.flush()
                if not self.writable:
                    await self.flushed()
                if self._leaving and self.append is None:
                    self._farewell()
        except (ConnectionError, asyncio.CancelledError):
            self.abort()
        except Exception:
            log.exception("imap: %s: the session failed", self.peer.address)
            self.write(responses.bye("internal error", Code.SERVERBUG))
            self.flush()
            self.close()
        finally:
            self._working = self.busy = False
            if self._ended:
                self.close()
            else:
                self.resume_reading()

    async def _take(self, event: Event) -> None:
        match event:
            case Offer(command):
                await self._begin_append(command)
            case Chunk(octets, left):
                if self.append is not None:
                    self.append.chunk(octets, left)
            case AppendEnd(command):
                if self.append is not None:
                    run, self.append = self.append, None
                    await self._answer(command, run.finish(self))
            case Continue():
                self.write(responses.continuation())
            case Bad():
                self._bad(event)
            case c.Command():
                await self._command(event)

    async def _command(self, command: c.Command) -> None:
        if not machine.allowed(self.state, command):
            self._count_bad()
            self.write(responses.bad(command.tag, machine.refusal(self.state, command)))
            return
        await self._answer(command, HANDLERS[type(command)](self, command))
        if self.state is State.LOGOUT:
            self.flush()
            self.close()

    async def _answer(self, command: c.Command, work: object) -> None:
        self.reported = False
        try:
            answer = await work  # type: ignore[misc]
            if self.selected is not None and not self.reported:
                await self.selected.report(self, machine.may_expunge(command))
        except MailError as error:
            if error.private:
                log.info("imap: %s %s: %s", self.identity.login if self.identity else "-", type(command).__name__, error)
            answer = errors.reply(command.tag, error)
        except BadSyntax as error:
            answer = responses.bad(command.tag, str(error))
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("imap: %s failed", type(command).__name__)
            answer = responses.no(command.tag, "internal error, it has been logged", Code.SERVERBUG)
        self.write(answer)

    async def _begin_append(self, command: c.Append) -> None:
        if not machine.allowed(self.state, command):
            self.reader.refuse()
            self._count_bad()
            self.write(responses.bad(command.tag, machine.refusal(self.state, command)))
            return
        run = self.append or AppendRun(command)
        refused = await run.begin(self, command)
        if refused is not None:
            self.append = None
            self.reader.refuse()
            self.write(refused)
            return
        self.append = run
        self.reader.accept()
        if command.literal.sync:
            self.write(responses.continuation())

    def _bad(self, event: Bad) -> None:
        if self.append is not None:
            self.append.discard()
            self.append = None
        if not isinstance(event.error, BadCharset):
            self._count_bad()
        self.write(responses.refusal(event.error))
        if event.fatal:
            self.write(responses.bye("that is too much to skip", Code.TOOBIG))
            self.flush()
            self.close()

    def _count_bad(self) -> None:
        self._bads += 1
        if self._bads >= self.context.max_errors:
            self.write(responses.bye("too many errors"))
            self.flush()
            self.close()

    # -- selection

    def chosen(self) -> Selected:
        """The selected folder; the state table has made sure that there is one."""
        assert self.selected is not None
        return self.selected

    def unselect(self) -> None:
        """Leave the selected folder, if any."""
        if self.selected is not None:
            self.selected.leave(self)
            self.selected = None
        if self.state is State.SELECTED:
            self.state = State.AUTHENTICATED
