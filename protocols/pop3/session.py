"""A POP3 session: bytes in, commands carried out one after another, bytes out. It decides nothing of them; commands/ does.

RFC 1939 §3-§6, RFC 2449 §6.6 (pipelining). Output of a burst of commands is one write. Invariants: no socket write while a
database connection is held; what was marked as deleted is done only after QUIT, before its answer, and never when the connection
is lost, times out or is ended by us; the maildrop is given back in every case; a password never reaches a log.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from uuid import UUID, uuid4

from mailplatform.access.values import Identity
from mailplatform.runtime.errors import MailError, NotPermitted
from mailplatform.standards.sasl.encoding import LONGEST
from mailplatform.store import maildrop
from mailplatform.store.maildrop import Busy, Maildrop
from mailplatform.store.values import Actor
from protocols.common.gathered import Gathered
from protocols.common.listener import Listener
from protocols.common.living import Entry, Out
from protocols.common.peer import within
from protocols.common.stream import socket_of
from protocols.pop3 import errors, words
from protocols.pop3.ahead import Ahead
from protocols.pop3.context import Context
from protocols.pop3.dispatch import HANDLERS
from protocols.pop3.wire import commands as c
from protocols.pop3.wire import machine, replies
from protocols.pop3.wire.drop import Drop
from protocols.pop3.wire.grammar import MAX_LINE, BadLine, Lines, parse
from protocols.pop3.wire.machine import State
from protocols.pop3.wire.replies import Code

log = logging.getLogger(__name__)

READ_AHEAD = 1 << 16
"""Octets of commands a client may send ahead before it is no longer read from."""
TURN = 64
"""Pipelined commands of one client before the others have their turn."""
STRANGER = LONGEST + len("AUTH SCRAM-SHA-256 \r\n")
"""Longest line before sign-in: an initial response stands in it."""


class Pop3Session(Gathered):
    """One connection. What is the session's own stands here; everything else is shared in `context`."""

    def __init__(self, listener: Listener, context: Context) -> None:
        super().__init__(listener)
        self.context = context
        self.entry: Entry | None = None
        self.identity: Identity | None = None
        self.ahead: Ahead | None = None
        self.user = ""
        self.utf8 = False
        self.language = words.DEFAULT
        self.bads = 0
        self._state = State.AUTHORIZATION
        self._holder: UUID | None = None  # of the lease, while it is held
        self._maildrop: Maildrop | None = None
        self._drop: Drop | None = None
        self._lines = Lines(STRANGER)
        self._working = False
        self._more: asyncio.Future[None] | None = None
        self._heard = False
        self._ended = False
        self._last_words: bytes | None = None
        self._login_by: asyncio.TimerHandle | None = None

    # -- who and what

    @property
    def state(self) -> State:
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        if self.entry is not None:
            self.entry.tell(state=state)

    def may_send_password(self) -> bool:
        """Under TLS, or from a network where the site allows it in clear."""
        return self.secure or within(self.peer.address, self.context.plain_networks)

    def opened_drop(self) -> Drop:
        """The numbered maildrop; the state table has made sure that there is one."""
        assert self._drop is not None
        return self._drop

    def maildrop(self) -> Maildrop:
        """The same, as the store gave it."""
        assert self._maildrop is not None
        return self._maildrop

    async def enter(self, identity: Identity) -> None:
        """The client is who it says: take its maildrop and answer. Raises MailError; then nobody came in."""
        if identity.account_id is None:
            self.err("no_mail", Code.PERMANENT)
            return
        if self.closing:
            raise ConnectionResetError("the peer is gone")
        assert self.entry is not None
        self.entry.sign_in(identity)
        holder, context = uuid4(), self.context
        try:
            found = await context.bridge.call(
                maildrop.enter,
                identity.account_id,
                holder,
                lease_seconds=context.leases.seconds,
                delay_seconds=context.login_delay_seconds,
            )
        except Busy as busy:
            self.entry.sign_out()
            if busy.too_soon:
                self.err("too_soon", Code.LOGIN_DELAY, seconds=context.login_delay_seconds)
            else:
                self.err("in_use", Code.IN_USE)
            return
        except BaseException:
            self.entry.sign_out()
            raise
        self.identity, self._maildrop, self._holder = identity, found, holder
        if self.closing:  # the peer left meanwhile, and `closed` knew of no lease
            self._give_back()
            raise ConnectionResetError("the peer is gone")
        context.leases.hold(holder, identity.account_id, self._lost)
        self._drop = Drop(found.uidvalidity, found.uids, found.sizes)
        self.ahead = Ahead(context.bridge, found.folder_id, self._drop, context.held)
        self._lines.limit = MAX_LINE
        self.bads = 0
        self.state = State.TRANSACTION
        self.entry.tell(folder="INBOX")
        if self._login_by is not None:
            self._login_by.cancel()
        self.set_idle(context.idle_seconds)
        self.ok("signed_in", count=self._drop.messages, octets=self._drop.octets)

    # -- answers

    def say(self, word: str, **values: object) -> str:
        """A sentence in the client's language."""
        return words.say(self.language, word, **values)

    def ok(self, word: str, **values: object) -> None:
        """Answer +OK with a sentence."""
        self.write(replies.ok(self.say(word, **values)))

    def err(self, word: str, code: Code | None = None, **values: object) -> None:
        """Answer -ERR with a sentence."""
        self.write(replies.err(self.say(word, **values), code))

    # -- what Connection calls

    def opened(self) -> None:
        self.set_idle(self.context.login_seconds)
        self._login_by = self.loop.call_later(self.context.login_seconds, self._too_late)
        self.entry = self.context.living.enter(
            self, protocol="pop3", client_address=self.peer.address, tls=self.tls_version(), state=self._state
        )
        if self.transport is not None:
            _keep_alive(socket_of(self.transport))
        self.ok("ready", host=self.context.server_name)
        self.flush()

    def received(self, data: bytes) -> None:
        self._lines.feed(data)
        self._heard = True
        if self._more is not None:
            if not self._more.done():
                self._more.set_result(None)
        elif not self._working and not self._at_once(data):
            self._working = self.busy = True
            self.listener.spawn(self._work())
        if self._lines.buffered > READ_AHEAD:
            self.pause_reading()

    def _at_once(self, data: bytes) -> bool:
        """Answer a lone RETR of a message that lies ready, which is most of what POP3 is, without a task."""
        if self.ahead is None or self._drop is None or self._lines.buffered != len(data) or not self.writable:
            return False
        number = data[5:-2]
        if data[:5].upper() != b"RETR " or data[-2:] != b"\r\n" or not number.isdigit() or len(number) > 9:
            return False
        index = self._drop.index(int(number))
        found = self.ahead.at_hand(index) if index is not None else None
        if index is None or found is None:
            return False
        self._lines.reset()
        self._heard = False
        self.bads = 0
        self._drop.retrieved.add(index)
        self.write(found)
        self.flush()
        return True

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
        if self.ahead is not None:
            self.ahead.forget()
        if self._state is not State.UPDATE:  # there, `_quit` gives it back when it is done
            self._give_back()
        if self._more is not None and not self._more.done():
            self._more.set_exception(ConnectionResetError("the peer is gone"))

    def too_many(self) -> bytes:
        return replies.err(self.say("too_many"), Code.TEMPORARY)

    def put_out(self, why: Out) -> None:
        """This session may go on no longer."""
        code, word = errors.GOODBYES[why]
        self._leave(replies.err(self.say(word), code))
        if not self.closing and self._state is not State.UPDATE:
            self.abort_soon()

    def drain(self) -> None:
        self._leave(b"")

    def _lost(self) -> None:
        self._leave(replies.err(self.say("in_use"), Code.IN_USE))

    def _leave(self, last_words: bytes) -> None:
        """End as soon as no answer is under way, without the UPDATE state."""
        if not self.closing and self._state is not State.UPDATE:
            if self._last_words is None:
                self._last_words = last_words
            if not self._working or self._more is not None:
                self._end(self._last_words)

    def _end(self, last_words: bytes) -> None:
        self.write(last_words)
        self.flush()
        self.close(linger=True)

    def _too_late(self) -> None:
        self._login_by = None
        if self._state is not State.AUTHORIZATION:
            return
        if self._working and self._more is None:  # a password is being looked at
            self._login_by = self.loop.call_later(self.context.login_seconds, self._too_late)
        else:
            self._leave(b"")

    def _give_back(self) -> None:
        """Let others in, soon."""
        holder, self._holder = self._holder, None
        if holder is not None and self._maildrop is not None:
            self.context.leases.drop(holder)
            self.listener.spawn(self._give_back_now(self._maildrop.account_id, holder))

    async def _give_back_now(self, account_id: int, holder: UUID) -> None:
        try:
            await self.context.bridge.call(maildrop.leave, account_id, holder)
        except MailError as error:
            log.warning("pop3: the maildrop of account %d is free when its lease ends: %s", account_id, error)

    # -- input

    async def line(self) -> bytes:
        """The next line of a SASL exchange. Raises ConnectionResetError when the client is gone."""
        while True:
            line = self._lines.next()
            if isinstance(line, BadLine):
                return b"*"
            if line is not None:
                return line
            await self._wait()

    async def _wait(self) -> None:
        self.flush()
        self.resume_reading()
        if self._last_words is not None:
            self._end(self._last_words)
            raise ConnectionResetError("the session was put out")
        if self._heard:
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

    async def upgrade(self, answer: bytes) -> None:
        """STLS: answer, drop what came before the handshake, become TLS. Raises ConnectionResetError when that fails."""
        self.pause_reading()
        self.write(answer)
        self.flush()
        self._lines.reset()
        self.user, self.utf8, self.language = "", False, words.DEFAULT
        try:
            await self.start_tls()
        except OSError as error:  # ssl.SSLError is one
            log.info("pop3: %s: TLS handshake: %s", self.peer.address, error)
            raise ConnectionResetError("no TLS") from error
        if self.entry is not None:
            self.entry.tell(tls=self.tls_version())

    # -- commands

    async def _work(self) -> None:
        turn = 0
        try:
            while not self.closing:
                if self._last_words is not None:  # put out, perhaps while the peer was not reading: nothing more is begun
                    self._end(self._last_words)
                    break
                line = self._lines.next()
                if line is None:
                    break
                await self._take(line)
                if self.closing or self._last_words is not None:
                    continue
                if self.bads >= self.context.max_errors:
                    self._end(replies.err(self.say("too_many_errors")))
                elif not self.writable:
                    await self.sent()
                elif (turn := turn + 1) % TURN == 0:
                    self.flush()
                    await asyncio.sleep(0)
            self.flush()
        except (ConnectionError, asyncio.CancelledError):
            if self._ended:
                self.close()
            elif not self.closing:
                self.abort()
        except Exception:
            log.exception("pop3: %s: the session failed", self.peer.address)
            self._end(replies.err(self.say("bug"), Code.TEMPORARY))
        finally:
            self._working = self.busy = False
            if self._ended:
                self.close()
            else:
                self.resume_reading()

    async def _take(self, line: bytes | BadLine) -> None:
        try:
            if isinstance(line, BadLine):
                raise line
            command = parse(line)
        except BadLine as error:
            self.bads += 1
            self.err("syntax", problem=error)
            return
        if not machine.allowed(self._state, command):
            self.bads += 1
            self.err("not_now")
            return
        if isinstance(command, c.Quit):
            await self._quit()
            return
        try:
            await HANDLERS[type(command)](self, command)
            if self._state is State.TRANSACTION:
                self.bads = 0
        except MailError as error:
            if error.private:
                log.info("pop3: %s %s: %s", self.identity.login if self.identity else "-", type(command).__name__, error)
            self.write(errors.reply(error, self.language))
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("pop3: %s failed", type(command).__name__)
            self.err("bug", Code.TEMPORARY)

    async def _quit(self) -> None:
        """RFC 1939 §6."""
        if self._state is State.TRANSACTION:
            self.state = State.UPDATE
            await self._update()
        else:
            self.ok("bye")
        self.flush()
        self.close(linger=True)

    async def _update(self) -> None:
        drop, found = self.opened_drop(), self.maildrop()
        holder, self._holder = self._holder, None
        try:
            retrieved, deleted = ([drop.uids[index] for index in indexes] for indexes in (drop.retrieved, drop.deleted))
            if holder is None:
                raise NotPermitted("the maildrop is no longer ours")
            if retrieved or deleted:
                await self.context.bridge.write(maildrop.update, found, retrieved=retrieved, deleted=deleted, actor=self._actor())
            self.ok("bye")
        except MailError as error:
            log.warning("pop3: account %d: %s", found.account_id, error)
            self.err("not_removed", Code.TEMPORARY)
        except Exception:
            log.exception("pop3: account %d: the update failed", found.account_id)
            self.err("not_removed", Code.TEMPORARY)
        finally:
            if holder is not None:
                self.context.leases.drop(holder)
                await self._give_back_now(found.account_id, holder)

    def _actor(self) -> Actor:
        assert self.identity is not None
        return Actor(self.identity.user_id, self.identity.login, "pop3")


def _keep_alive(sock: socket.socket | None) -> None:
    """Find out within a minute that a peer is gone: until then nobody else may open the maildrop."""
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
