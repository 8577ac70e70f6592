"""One client connection as every door of ours sees it: bytes in, bytes out, deadlines, back-pressure, TLS, PROXY.

`Connection` is the I/O half that SMTP and IMAP share; a protocol subclasses it and fills in the hooks `opened`,
`received`, `ended`, `closed`, `too_many`, `timed_out`, `drain`. It decides nothing of a protocol. Order of a
connection's life: PROXY header (from configured addresses only) → limits → TLS (implicit doors) → `opened`.

Invariants: a peer that does not read stops being read from; a peer that says nothing is asked to leave after `idle`
seconds and cut off ten seconds later; no byte received before a TLS handshake is seen after it (RFC 3207 §4.2, RFC 9051
§6.2.1); no exception of a hook reaches the event loop: it is logged and the connection ends.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, cast

from protocols.common.peer import Peer, peer_of, within
from protocols.common.proxy import BadProxy, parse
from protocols.common.transcript import Transcript

if TYPE_CHECKING:
    from protocols.common.listener import Listener

log = logging.getLogger(__name__)

LINGER = 10.0
"""Seconds that a peer has to take our last words before the connection is cut."""
SOON = 2.5
"""Seconds that an answer under way may go on for one who may be here no longer."""
THROWN_AWAY = 1 << 20
"""Octets that a peer may still send after we hung up."""
TICK = 60.0
"""Seconds between two looks at a deadline, at most: a session may shorten its own."""


class Connection(asyncio.Protocol):
    """A connection of `listener`. Hooks run on the event loop and must not block.

    peer: known from `opened` on. busy: set by the subclass while *we* work (a commit is awaited), so that the silence is not the
    peer's. secure: TLS is on. octets_in, octets_out: of the protocol, within TLS.
    """

    transport: asyncio.Transport | None

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.loop = listener.loop
        self.transport = None
        self.peer = Peer("", 0)
        self.secure = False
        self.busy = False
        self.closing = False
        self.writable = True
        self.idle = listener.idle
        self.transcript: Transcript | None = None
        self.octets_in = self.octets_out = 0
        self._entered = False
        self._open = False
        self._proxy: bytes | None = None
        self._shaking = False
        self._early = b""
        self._held = b""
        self._peer_done = False
        self._thrown_away = 0
        self._reading_paused = False
        self._began = self._last = self.loop.time()
        self._unsent = 0
        self._watch: asyncio.TimerHandle | None = None
        self._waiters: list[asyncio.Future[None]] = []

    # -- hooks --

    def opened(self) -> None:
        """The peer may be greeted."""

    def received(self, data: bytes) -> None:
        """Bytes have come."""

    def ended(self) -> None:
        """The peer will send no more. The default hangs up."""
        self.close()

    def closed(self) -> None:
        """The connection is gone; after `opened` this is always called, once."""

    def too_many(self) -> bytes:
        """What a connection beyond the limits is told before it is closed."""
        return b""

    def timed_out(self) -> bytes:
        """What a silent peer is told before it is closed."""
        return b""

    def drain(self) -> None:
        """The service is stopping: end when nothing is in hand. The default ends now."""
        self.close()

    def write_resumed(self) -> None:
        """The peer reads again."""

    # -- what subclasses call --

    def write(self, data: bytes) -> None:
        """Send bytes; after `close` they go nowhere."""
        if self.transport is not None and not self.closing:
            if self.transcript is not None:
                self.transcript.said(data)
            self.octets_out += len(data)
            self.transport.write(data)

    async def flushed(self) -> None:
        """Wait until the peer has taken enough of what was written. Raises ConnectionResetError when it is gone."""
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError("the peer is gone")
        if not self.writable:
            waiter = self.loop.create_future()
            self._waiters.append(waiter)
            await waiter

    def pause_reading(self) -> None:
        """Take no more bytes from the peer for now; may be called twice."""
        if not self._reading_paused and self.transport is not None:
            self._reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again; may be called twice."""
        if self._reading_paused and not self._shaking and self.transport is not None and not self.transport.is_closing():
            self._reading_paused = False
            self.transport.resume_reading()

    def close(self, *, linger: bool = False) -> None:
        """Send what is written and hang up; a peer that does not take it is cut off.

        linger: the peer may still be sending. Closing a socket with unread octets resets the connection, and our last words
        with it, so only our half is closed and what still comes is thrown away, for a while.
        """
        if self.transport is None or self.closing:
            return
        self.closing = True
        if linger and not self.secure and not self._peer_done and not self.listener.draining and not self.transport.is_closing():
            self.transport.write_eof()
            if self._reading_paused:
                self._reading_paused = False
                self.transport.resume_reading()
            self._thrown_away = 0
            self._rearm(LINGER)
        else:
            self.transport.close()
            self._rearm(LINGER)

    def finish(self) -> None:
        """The service is stopping: linger no longer, or `drain`."""
        if not self.closing:
            self.drain()
        elif self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Cut the connection off."""
        self.closing = True
        if self.transport is not None:
            self.transport.abort()

    def abort_soon(self) -> None:
        """Cut the connection off in a moment, unless it ends by itself: a long answer, or a peer that does not read."""
        self.loop.call_later(SOON, self._cut)

    def _cut(self) -> None:
        if not self.closing:
            self.abort()

    def set_idle(self, seconds: float) -> None:
        """Change the idle limit from now on (IMAP IDLE, RFC 9051 §6.3.13)."""
        self.idle = seconds
        self._last = self.loop.time()
        self._rearm(seconds)

    async def start_tls(self) -> None:
        """Become TLS, server side. What the peer sent before the handshake must have been dropped by the caller.

        Raises ConnectionError or ssl.SSLError when the handshake fails; the connection is then gone.
        """
        before = self.transport
        tls = self.listener.tls
        if before is None or tls is None:
            raise ConnectionResetError("no transport, or no certificate")
        self._shaking = True
        if not self._reading_paused:
            before.pause_reading()
        try:
            shaking = self.loop.create_task(
                self.loop.start_tls(
                    before,
                    self,
                    tls.context,
                    server_side=True,
                    ssl_handshake_timeout=self.listener.handshake_seconds,
                    ssl_shutdown_timeout=5.0,
                )
            )
            # The task's first step queues the protocol's connection_made; what is queued after that step comes behind it.
            self.loop.call_soon(self.loop.call_soon, self._feed_early, before)
            after = await shaking
        except BaseException:
            before.abort()
            raise
        finally:
            self._shaking = False
        if after is None:
            raise ConnectionResetError("the peer left during the handshake")
        self.transport = after
        self.secure = True
        self._reading_paused = False
        self._last = self.loop.time()
        if self._held:
            self.loop.call_soon(self._deliver_held)

    def _deliver_held(self) -> None:
        """What came with the last bytes of the handshake, now that our words go through TLS too."""
        held, self._held = self._held, b""
        self.data_received(held)

    def _feed_early(self, transport: asyncio.Transport) -> None:
        """Give the TLS layer what an implicit door read before it stood: the loop reads as soon as it has accepted."""
        early, self._early = self._early, b""
        layer: Any = transport.get_protocol()  # a BufferedProtocol by its methods, in asyncio and in uvloop
        while early and hasattr(layer, "get_buffer") and not transport.is_closing():
            room = layer.get_buffer(len(early))
            count = min(len(room), len(early))
            room[:count] = early[:count]
            layer.buffer_updated(count)
            early = early[count:]

    @property
    def seen(self) -> float:
        """Loop time of the peer's last sign of life."""
        return self._last

    def tls_version(self) -> str:
        """The protocol of the TLS in force ("TLSv1.3"), "" in clear."""
        words = self.tls_words()
        return words[0] if words else ""

    def tls_words(self) -> tuple[str, str] | None:
        """(protocol, cipher suite) of the TLS in force, for trace and Received:, or None."""
        cipher = self.transport.get_extra_info("cipher") if self.transport is not None and self.secure else None
        return (str(cipher[1]), str(cipher[0])) if cipher else None

    # -- asyncio.Protocol --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.peer = peer_of(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
        self.listener.connections.add(self)
        if within(self.peer.address, self.listener.proxies):
            self._proxy = b""
            self._rearm(self.listener.proxy_seconds)
        else:
            self._enter()

    def data_received(self, data: bytes) -> None:
        self._last = self.loop.time()
        self.octets_in += len(data)
        if self._shaking:  # reading is paused until the TLS layer stands, so this has come through it
            self._held += data
        elif self.closing:
            self._thrown_away += len(data)
            if self._thrown_away > THROWN_AWAY:
                self.abort()
        elif self._open:
            try:
                if self.transcript is not None:
                    self.transcript.heard(data)
                self.received(data)
            except Exception:
                log.exception("%s: %s: the session failed", self.listener.name, self.peer.address)
                self.abort()
        elif self._proxy is not None:
            self._proxied(self._proxy + data)
        elif self.listener.implicit_tls:
            self._early += data

    def eof_received(self) -> bool | None:
        self._peer_done = True
        if self._open and not self.closing and not self.secure:
            self.ended()
            return True  # the subclass closes, now or when its last answer is written
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.closing = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(ConnectionResetError("the peer is gone"))
        self._waiters.clear()
        self.listener.left(self, entered=self._entered)
        self._entered = False
        if self._open:
            self._open = False
            try:
                self.closed()
            except Exception:
                log.exception("%s: %s: the session failed at its end", self.listener.name, self.peer.address)

    def pause_writing(self) -> None:
        self.writable = False
        self._unsent = self._buffered()

    def resume_writing(self) -> None:
        self.writable = True
        self._last = self.loop.time()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()
        if self._open:
            self.write_resumed()

    # -- beginnings and deadlines --

    def _proxied(self, data: bytes) -> None:
        try:
            found = parse(data)
        except BadProxy as error:
            log.warning("%s: bad PROXY header from %s: %s", self.listener.name, self.peer.address, error)
            self.abort()
            return
        if found is None:
            self._proxy = data
            return
        self._proxy = None
        if found.client is not None:
            self.peer = peer_of(found.client, found.reached)
        rest = data[found.length :]
        if self.listener.implicit_tls:
            self._early, rest = rest, b""
        self._enter()
        if rest and self._open:
            self.data_received(rest)

    def _enter(self) -> None:
        if not self.listener.enter(self):
            if not self.listener.implicit_tls:  # no words in clear where the peer awaits a handshake
                self.write(self.too_many())
            self.close(linger=True)
            return
        self._entered = True
        if self.listener.implicit_tls:
            self.listener.spawn(self._shake())
        else:
            self._begin()

    async def _shake(self) -> None:
        try:
            await self.start_tls()
        except OSError as error:  # ssl.SSLError and every ConnectionError are OSErrors
            log.info("%s: %s: TLS handshake: %s", self.listener.name, self.peer.address, error)
            return
        self._begin()

    def _begin(self) -> None:
        self._open = True
        self._last = self.loop.time()
        self.transcript = self.listener.transcript(self.peer)
        try:
            self.opened()
        except Exception:
            log.exception("%s: %s: the session failed at its start", self.listener.name, self.peer.address)
            self.abort()
        else:
            if not self.closing:
                self._rearm(min(self.idle, TICK))

    def _rearm(self, seconds: float) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self.loop.call_later(seconds, self._tick)

    def _tick(self) -> None:
        """One timer a connection, set again only when it fires: a read costs no timer."""
        self._watch = None
        if self.transport is None:
            return
        if self.closing or not self._open:
            self.transport.abort()
            return
        now = self.loop.time()
        if self.busy or (not self.writable and self._moved()):
            self._last = now
        silent = now - self._last
        age = now - self._began
        if silent >= self.idle or (age >= self.listener.total and not self.busy):
            self.write(self.timed_out())
            self.close(linger=True)
        else:
            left = self.listener.total - age
            self._rearm(max(0.01, min(self.idle - silent, left if left > 0 else TICK, TICK)))

    def _moved(self) -> bool:
        before, self._unsent = self._unsent, self._buffered()
        return self._unsent < before

    def _buffered(self) -> int:
        return self.transport.get_write_buffer_size() if self.transport is not None else 0


def socket_of(transport: asyncio.BaseTransport) -> socket.socket | None:
    """The socket under a transport, if it has one."""
    found: Any = transport.get_extra_info("socket")
    return cast("socket.socket | None", found)
