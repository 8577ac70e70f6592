"""An IMAP session: bytes in, commands dispatched one after another, bytes out. It decides nothing; commands/ does.

RFC 3501, RFC 9051 §5.5: commands of one client are carried out in the order they came; what changed in the selected folder is
reported before the tagged answer. Output of one command is one write. Invariants: no socket write while a lock or a database
connection is held; a peer that does not read is waited for (`sent`), and its silence is its own; any exception that is not a
domain error is logged and answered NO [SERVERBUG]; what was done is acknowledged even when the news cannot be read afterwards;
passwords never reach a log. Who is put out (service ends, no longer entitled) is told BYE between two answers, never inside one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from ipaddress import ip_address

from mailplatform.access.values import Identity
from mailplatform.runtime.errors import AuthenticationFailed, MailError
from mailplatform.store.values import AccountId, Actor, FolderState
from protocols.common.gathered import Gathered
from protocols.common.listener import Listener
from protocols.common.living import Entry, Out
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
from protocols.imap.wire.view import OutOfOrder

log = logging.getLogger(__name__)

READ_AHEAD = 1 << 20
"""Octets of commands a client may send ahead before it is no longer read from."""
TURN = 64
"""Pipelined commands of one client before the others have their turn."""


class ImapSession(Gathered):
    """One connection. `state`, `selected`, `enabled` are the session's own; everything else is shared in `context`."""

    def __init__(self, listener: Listener, context: Context) -> None:
        super().__init__(listener)
        self.context = context
        self._state = State.NOT_AUTHENTICATED
        self.entry: Entry | None = None
        self.identity: Identity | None = None
        self.selected: Selected | None = None
        self.enabled: set[str] = set()
        self.client = ""
        self.reader = Reader(BEFORE_LOGIN)
        self.append: AppendRun | None = None
        self.idling = False
        self.reported = False  # the running command has reported changes itself
        self.remembered: tuple[str, float, FolderState] | None = None  # the folder last appended to
        self._working = False
        self._more: asyncio.Future[None] | None = None
        self._bads = 0
        self._heard = False  # something came, or is to be looked at, since `more` last waited
        self._ended = False
        self._last_words = b""  # BYE, to be said as soon as no answer is under way
        self._login_by: asyncio.TimerHandle | None = None

    # -- who and where

    @property
    def state(self) -> State:
        """Of the connection, RFC 3501 §3."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        self.tell(state=state)

    def tell(self, **changes: str) -> None:
        """What the list of living sessions shows of this one: state, folder, client, tls."""
        if self.entry is not None:
            self.entry.tell(**changes)

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
            scram=self.context.announce_scram,
        )

    def may_send_password(self) -> bool:
        """Under TLS, or from a network where the site allows it in clear."""
        if self.secure:
            return True
        networks = self.context.plain_networks
        return bool(networks) and any(ip_address(self.peer.address) in network for network in networks)

    def enter(self, identity: Identity) -> None:
        """The client is who it says. Raises LimitReached when its account has too many connections."""
        if self.closing:
            raise ConnectionResetError("the peer is gone")
        if self.entry is not None:
            self.entry.sign_in(identity)
        self.identity = identity
        self.state = State.AUTHENTICATED
        if self._login_by is not None:
            self._login_by.cancel()
        self._bads = 0
        self.reader.limits = Limits(line=self.context.line_limit, literals=self.context.literal_limit)
        self.set_idle(self.context.idle_seconds)

    def login_failed(self, tag: bytes, error: AuthenticationFailed) -> bytes:
        """One answer for every reason; too many end the connection."""
        self._bads += 1
        return errors.reply(tag, error)

    def bad(self) -> None:
        """Count an answer BAD that a handler gives itself."""
        self._bads += 1

    def put_out(self, why: Out) -> None:
        """This session may go on no longer."""
        self._leave(errors.GOODBYES[why])
        if not self.closing:
            self.abort_soon()

    # -- what Connection calls

    def opened(self) -> None:
        self.set_idle(self.context.login_seconds)
        self._login_by = self.loop.call_later(self.context.login_seconds, self._too_late)
        self.entry = self.context.living.enter(
            self, protocol="imap", client_address=self.peer.address, tls=self.tls_version(), state=self._state
        )
        self.write(
            responses.untagged_ok(f"{self.context.server_name} IMAP ready", responses.code_capability(self.capabilities()))
        )
        self.flush()

    def received(self, data: bytes) -> None:
        self.reader.feed(data)
        self._heard = True
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
        if self._login_by is not None:
            self._login_by.cancel()
        if self.entry is not None:
            self.entry.leave()
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
        self._leave(responses.bye("the service is restarting", Code.UNAVAILABLE))

    def _leave(self, last_words: bytes) -> None:
        """End as soon as no answer is under way."""
        if not self.closing:
            self._last_words = self._last_words or last_words
            if not self._working or self._more is not None:
                self._end(self._last_words)

    def _end(self, last_words: bytes) -> None:
        self.write(last_words)
        self.flush()
        self.close(linger=True)

    def _too_late(self) -> None:
        """RFC 3501 §5.4 is about clients that have logged in; a stranger has less time."""
        self._login_by = None
        if self.identity is not None:
            return
        if self._working and self._more is None:  # a password is being looked at
            self._login_by = self.loop.call_later(self.context.login_seconds, self._too_late)
        else:
            self._leave(responses.bye("you did not log in in time"))

    # -- input

    async def more(self) -> None:
        """Wait for more octets of the client (its silence is its own, not ours), or for a wake."""
        self.flush()
        self.resume_reading()
        if self._last_words:
            self._end(self._last_words)
            raise ConnectionResetError("the session was put out")
        if self._heard:  # while the caller looked elsewhere
            self._heard = False
            return
        if self._ended:
            raise ConnectionResetError("the peer will send no more")
        self._more = self.loop.create_future()
        self.busy = False
        try:
            await self._more
        finally:
            self._more = None
            self._heard = False
            self.busy = True

    def wake(self) -> None:
        """A hint for an idle session: let IDLE look for changes."""
        if self.idling:
            self._heard = True
            if self._more is not None and not self._more.done():
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
        """STARTTLS: answer, drop what came before the handshake, become TLS. Raises ConnectionResetError when that fails."""
        self.pause_reading()
        self.write(answer)
        self.flush()
        self.reader.reset()
        try:
            await self.start_tls()
        except OSError as error:  # ssl.SSLError is one
            log.info("imap: %s: TLS handshake: %s", self.peer.address, error)
            raise ConnectionResetError("no TLS") from error
        self.tell(tls=self.tls_version())

    # -- commands

    async def _work(self) -> None:
        turn = 0
        try:
            while not self.closing:
                if self._last_words and self.append is None:  # put out, perhaps while the peer was not reading
                    self._end(self._last_words)
                    break
                piece = self.reader.next()
                if piece is None:
                    break
                await self._take(piece)
                self.flush()
                if self.closing or (self._last_words and self.append is None):
                    continue
                if self._bads >= self.context.max_errors:
                    self._end(responses.bye("too many errors"))
                elif not self.writable:
                    await self.sent()
                elif (turn := turn + 1) % TURN == 0:
                    await asyncio.sleep(0)
        except (ConnectionError, asyncio.CancelledError):
            if self._ended:
                self.close()
            elif not self.closing:
                self.abort()
        except Exception:
            log.exception("imap: %s: the session failed", self.peer.address)
            self._end(responses.bye("internal error", Code.SERVERBUG))
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
            self._bads += 1
            self.write(responses.bad(command.tag, machine.refusal(self.state, command)))
            return
        await self._answer(command, HANDLERS[type(command)](self, command))
        if self.state is State.LOGOUT:
            self.flush()
            self.close()

    async def _answer(self, command: c.Command, work: Awaitable[bytes]) -> None:
        self.reported = False
        try:
            answer = await work
            await self._report(command)
            if self.identity is not None:
                self._bads = 0
        except MailError as error:
            if error.private:
                log.info("imap: %s %s: %s", self.identity.login if self.identity else "-", type(command).__name__, error)
            answer = errors.reply(command.tag, error)
        except BadSyntax as error:
            self._bads += 1
            answer = responses.bad(command.tag, str(error))
        except OutOfOrder as error:
            log.error("imap: folder %d: %s", self.chosen().folder_id, error)
            self._end(responses.bye("the mailbox has changed, come again", Code.UNAVAILABLE))
            return
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("imap: %s failed", type(command).__name__)
            answer = responses.no(command.tag, "internal error, it has been logged", Code.SERVERBUG)
        self.write(answer)

    async def _report(self, command: c.Command) -> None:
        """Tell what is new before the tagged answer, unless the command has done so."""
        if self.selected is None or self.reported:
            return
        try:
            await self.selected.report(self, machine.may_expunge(command))
        except MailError:
            # What the command did is done, and a client told NO would do it again; the news wait.
            if isinstance(command, c.Noop | c.Check):
                raise

    async def _begin_append(self, command: c.Append) -> None:
        if not machine.allowed(self.state, command):
            self.reader.refuse()
            self._bads += 1
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
            self._bads += 1
        self.write(responses.refusal(event.error))
        if event.fatal:
            self.flush()
            self.close(linger=True)  # responses.refusal has said BYE

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
            self.tell(folder="")
        if self.state is State.SELECTED:
            self.state = State.AUTHENTICATED
