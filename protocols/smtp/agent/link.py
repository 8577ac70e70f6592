"""The I/O half of an outbound connection: octets, replies, deadlines, back-pressure. It decides nothing of SMTP.

Invariants: every wait has an end, counted for the whole reply and not for each octet; what a server can make us keep is
bounded by ReplyReader; what arrives after the end, or unasked, changes nothing but `is_usable`.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from protocols.smtp.wire import client_commands as commands
from protocols.smtp.wire.client_extensions import NOTHING, Offered
from protocols.smtp.wire.client_replies import BadReply, ClientReply, ReplyReader

GOODBYE = 5.0
"""Seconds that a server has to answer QUIT."""


class Trouble(Exception):
    """An attempt that ended. stage: dns, connect, greeting, ehlo, starttls, auth, mail, rcpt, data, dot. words: the remote's, or
    ours. permanent: trying again will not help. code, enhanced: RFC 5321 and 3463, code 0 when no reply said it."""

    def __init__(self, stage: str, words: str, *, enhanced: str = "4.4.2", code: int = 0, permanent: bool = False) -> None:
        super().__init__(words)
        self.stage = stage
        self.words = words[:500]
        self.enhanced = enhanced
        self.code = code
        self.permanent = permanent


def refused(stage: str, reply: ClientReply, *, permanent: bool | None = None) -> Trouble:
    """A reply that ends an attempt, as Trouble."""
    fallback = f"{str(reply.code)[0]}.0.0" if reply.code >= 400 else "4.5.0"
    lasting = reply.is_permanent if permanent is None else permanent
    return Trouble(stage, reply.words, enhanced=reply.enhanced or fallback, code=reply.code, permanent=lasting)


class Link(asyncio.Protocol):
    """One connection. host, address: whom it reaches. offered: what the server's last EHLO said. tls: version and cipher, empty
    in clear. note: something to tell beside the outcome. sent: messages carried over it. opened_at, idle_since, deadline: loop
    time; the deadline of the present attempt stands over every single wait."""

    def __init__(self, host: str, address: str) -> None:
        self.host = host
        self.address = address
        self.offered: Offered = NOTHING
        self.tls: tuple[str, str] = ("", "")
        self.note = ""
        self.sent = 0
        self.loop = asyncio.get_running_loop()
        self.opened_at = self.idle_since = self.loop.time()
        self.deadline = float("inf")
        self._transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        self._waiter: asyncio.Future[None] | None = None
        self._writable = True
        self._over = ""
        self._leaving: asyncio.TimerHandle | None = None
        self._closed: asyncio.Future[None] = self.loop.create_future()

    # -- asyncio.Protocol --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._leaving is not None:
            self._hang_up()
            return
        if self._over:
            return
        try:
            self._reader.feed(data)
        except BadReply as error:
            self._end(str(error))
            self._cut()
        self._wake()

    def eof_received(self) -> None:
        self._end("the server closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        self._end(f"the connection was lost: {reason(error)}" if error else "the server closed the connection")
        if self._leaving is not None:
            self._leaving.cancel()
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._wake()

    # -- for conversations --

    @property
    def is_usable(self) -> bool:
        """Whether another transaction may begin: it lives, and the server has said nothing unasked."""
        return not self._over and self._leaving is None and self._reader.is_empty

    @property
    def endpoints(self) -> tuple[object, object]:
        """Their socket address and ours."""
        if self._transport is None:
            return None, None
        return self._transport.get_extra_info("peername"), self._transport.get_extra_info("sockname")

    def send(self, data: bytes) -> None:
        if self._transport is not None and not self._over:
            self._transport.write(data)

    async def flushed(self, seconds: float, stage: str) -> None:
        """Wait until the server has taken enough of what was sent. Raises Trouble when it does not, or is gone."""
        if self._writable and not self._over:
            return
        try:
            async with asyncio.timeout(self._allowed(seconds)):
                while not self._writable and not self._over:
                    await self._woken()
        except TimeoutError:
            raise Trouble(stage, "the server took no more of the message in time") from None
        if self._over:
            raise self._gone(stage)

    async def reply(self, seconds: float, stage: str, *, patient: bool = False) -> ClientReply:
        """The next reply, whole within so many seconds. patient: whatever the attempt's deadline says. Raises Trouble."""
        reply = self._reader.next()
        if reply is not None:
            return reply
        allowed = seconds if patient else self._allowed(seconds)
        try:
            async with asyncio.timeout(allowed):
                while reply is None:
                    if self._over:
                        raise self._gone(stage)
                    await self._woken()
                    reply = self._reader.next()
        except TimeoutError:
            late = "the whole attempt took too long" if allowed < seconds else f"the server did not answer within {seconds:.3g} s"
            raise Trouble(stage, late, enhanced="4.4.7" if allowed < seconds else "4.4.2") from None
        return reply

    def said(self) -> ClientReply | None:
        """A reply that has come already, without waiting."""
        return self._reader.next()

    async def ask(self, command: bytes, seconds: float, stage: str) -> ClientReply:
        """Send a command and hear its reply."""
        self.send(command)
        return await self.reply(seconds, stage)

    async def start_tls(self, context: ssl.SSLContext, name: str | None, seconds: float) -> None:
        """The handshake; the server must have said nothing since its 220. Raises Trouble."""
        if not self._reader.is_empty:
            raise Trouble("starttls", "the server said more than it was asked before TLS began", enhanced="4.7.5")
        assert self._transport is not None
        try:
            self._transport = await self.loop.start_tls(
                self._transport, self, context, server_hostname=name, ssl_handshake_timeout=max(self._allowed(seconds), 0.001)
            )
        except (OSError, ssl.SSLError) as error:
            raise Trouble("starttls", f"the TLS handshake failed: {reason(error)}", enhanced="4.7.5") from None
        if self._transport is None or self._over:
            raise Trouble("starttls", f"the TLS handshake failed: {self._over or 'the server is gone'}", enhanced="4.7.5")
        self.secured()

    def secured(self) -> None:
        """TLS is on: what is in force is kept for the trace."""
        assert self._transport is not None
        cipher = self._transport.get_extra_info("cipher") or ("", "", 0)
        self.tls = (str(cipher[1]), str(cipher[0]))
        found = self._transport.get_extra_info("ssl_object")
        if found is not None:
            self.tls = (str(found.version()), str(cipher[0]))

    def abort(self) -> None:
        """Cut the connection, now."""
        self._end("we ended the connection")
        self._cut()

    def quit(self) -> None:
        """Say goodbye, and go when the server has answered or after a moment (RFC 5321 §4.1.1.10)."""
        if self._leaving is not None:
            return
        if self._over or self._transport is None:
            self.abort()
            return
        self.send(commands.QUIT)
        self._leaving = self.loop.call_later(GOODBYE, self._cut)

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        if self._transport is not None:
            await self._closed

    def _allowed(self, seconds: float) -> float:
        return max(min(seconds, self.deadline - self.loop.time()), 0.0)

    async def _woken(self) -> None:
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _end(self, why: str) -> None:
        self._over = self._over or why
        self._wake()

    def _gone(self, stage: str) -> Trouble:
        return Trouble(stage, self._over)

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()


def reason(error: BaseException) -> str:
    """An operating system's or OpenSSL's complaint in a few words, without places in source files."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "the certificate is not good"
    if isinstance(error, ssl.SSLError):
        return (error.reason or "").replace("_", " ").lower() or "TLS error"
    if isinstance(error, TimeoutError | ConnectionAbortedError) and "handshake" in str(error):
        return "it took too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).lower()[:200] or type(error).__name__
