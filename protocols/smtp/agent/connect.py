"""Calling another server: connect, be greeted, say EHLO, go over to TLS, sign in (RFC 5321 §3.1, RFC 3207, RFC 4954).

`open_link` brings a Link to where MAIL may be said. Whatever goes wrong, silence, garbage, a broken handshake, a closed
door, is one exception, `Trouble`, with the stage, the remote's words and whether it is for good.

Invariants: opportunistic TLS that fails is tried once more in clear, over a new connection, and the outcome says so; a
password is sent over TLS only, unless its route says otherwise; a refused password is never a reason to give mail back,
since it is our own configuration that is wrong; we do not talk to ourselves.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from mailplatform.runtime.tls import client_context
from mailplatform.standards.sasl import plain
from protocols.common.peer import peer_of
from protocols.smtp.agent.link import Link, Trouble, reason, refused
from protocols.smtp.wire import client_commands as commands
from protocols.smtp.wire.client_extensions import NOTHING, offered
from protocols.smtp.wire.client_replies import ClientReply

if TYPE_CHECKING:
    from mailplatform.settings.defaults import Outbound


_NEVER_MAIL = 521


@dataclass(frozen=True, slots=True)
class Login:
    """How to sign in at a smart host. in_clear: the route says that this password may travel without TLS."""

    name: str
    password: str = field(repr=False)
    in_clear: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to call and how. host: its name, for TLS and the trace. login: who we are there, if it asks.

    tls: none, may (where offered), encrypt (or nothing is sent), verify (and its certificate names the host), or implicit (from
    the first octet, verified)."""

    host: str
    address: str
    port: int
    tls: str = "may"
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """Who we are: the name in EHLO, and where our own MX listens, so that mail does not go round in a circle."""

    hostname: str
    listeners: frozenset[tuple[str, int]] = frozenset()

    def is_me(self, link: Link) -> bool:
        """Whether the other end of a connection is one of our listeners, also by an address they hold without naming it."""
        peer = peer_of(*link.endpoints)
        reached = (peer.address, peer.port)
        here = peer.address == peer.local_address
        return reached in self.listeners or (here and any((a, peer.port) in self.listeners for a in ("0.0.0.0", "::")))


class Caller:
    """Opens links by the terms of `[outbound]`. contexts: the TLS context for calls whose certificate must be good, or need not;
    None: this machine's."""

    def __init__(self, terms: Outbound, own: Own, contexts: Callable[[bool], ssl.SSLContext] | None = None) -> None:
        self._terms = terms
        self._own = own
        self._context = contexts or cache(lambda verified: client_context(verified=verified))

    async def open(self, call: Call, deadline: float) -> Link:
        """A link on which MAIL may be said. Raises Trouble."""
        try:
            return await self._open(call, deadline)
        except Trouble as trouble:
            if trouble.stage != "starttls" or call.tls != "may":
                raise
            link = await self._open(Call(call.host, call.address, call.port, "none", call.login), deadline)
            link.note = f"without TLS: {trouble.words}"
            return link

    async def _open(self, call: Call, deadline: float) -> Link:
        link = await self._connect(call, deadline)
        try:
            await self._greet(link, call)
            await self._secure(link, call)
            if call.login is not None:
                await self._sign_in(link, call.login)
        except BaseException:
            link.abort()
            raise
        return link

    async def _connect(self, call: Call, deadline: float) -> Link:
        loop = asyncio.get_running_loop()
        seconds = max(min(self._terms.connect_timeout_seconds, deadline - loop.time()), 0.0)
        context = self._context(True) if call.tls == "implicit" else None
        link = Link(call.host, call.address)
        link.deadline = deadline
        try:
            async with asyncio.timeout(seconds):
                await loop.create_connection(
                    lambda: link, call.address, call.port, ssl=context, server_hostname=call.host if context else None
                )
        except TimeoutError:
            link.abort()
            raise Trouble("connect", f"no answer within {seconds:.3g} s", enhanced="4.4.1") from None
        except ssl.SSLError as error:
            raise Trouble("starttls", f"the TLS handshake failed: {reason(error)}", enhanced="4.7.5") from None
        except OSError as error:
            raise Trouble("connect", reason(error), enhanced="4.4.1") from None
        if context is not None:
            link.secured()
        if self._own.is_me(link):
            link.abort()
            raise self._loop(f"{call.host} [{call.address}] is this server itself")
        return link

    async def _greet(self, link: Link, call: Call) -> None:
        greeting = await link.reply(self._terms.greeting_timeout_seconds, "greeting")
        if greeting.code != 220:
            raise _unwelcome(greeting)
        if self._names_me(greeting):
            raise self._loop(f"{call.host} [{call.address}] greets with our own name")
        await self._ehlo(link)

    def _names_me(self, greeting: ClientReply) -> bool:
        name = greeting.lines[0].partition(" ")[0].lower() if greeting.lines else ""
        return bool(name) and name == self._own.hostname.lower()

    @staticmethod
    def _loop(words: str) -> Trouble:
        return Trouble("connect", f"mail goes in a circle: {words}", enhanced="5.4.6", permanent=True)

    async def _ehlo(self, link: Link) -> None:
        seconds = self._terms.command_timeout_seconds
        reply = await link.ask(commands.ehlo(self._own.hostname), seconds, "ehlo")
        if reply.is_success:
            link.offered = offered(reply)
            return
        link.offered = NOTHING
        if not reply.is_permanent:
            raise refused("ehlo", reply)
        reply = await link.ask(commands.helo(self._own.hostname), seconds, "ehlo")  # RFC 5321 §3.2
        if not reply.is_success:
            raise refused("ehlo", reply)

    async def _secure(self, link: Link, call: Call) -> None:
        if call.tls in ("none", "implicit"):
            return
        needed = call.tls != "may"
        if not link.offered.starttls:
            if needed:
                raise Trouble("starttls", "the server does not offer TLS, which its route asks for", enhanced="4.7.4")
            return
        seconds = self._terms.command_timeout_seconds
        reply = await link.ask(commands.STARTTLS, seconds, "starttls")
        if reply.code != 220:
            if needed or reply.code == 421:
                raise refused("starttls", reply, permanent=False)
            link.note = f"without TLS: {reply.words}"
            return
        await link.start_tls(self._context(call.tls == "verify"), _server_name(call.host), seconds)
        try:
            await self._ehlo(link)
        except Trouble as trouble:
            # In TLS 1.3 a server's doubts about the handshake show only after ours is done.
            if trouble.code:
                raise
            raise Trouble("starttls", f"after the TLS handshake: {trouble.words}", enhanced="4.7.5") from None

    async def _sign_in(self, link: Link, login: Login) -> None:
        if not link.tls[0] and not login.in_clear:
            raise Trouble("auth", "the server offers no TLS, and the password is not sent without", enhanced="4.7.11")
        seconds = self._terms.command_timeout_seconds
        name, password = login.name.encode(), login.password.encode()
        if "PLAIN" in link.offered.auth:
            initial = plain.response(plain.Credentials(login.name, password))
            reply = await link.ask(commands.auth("PLAIN", initial), seconds, "auth")
        elif "LOGIN" in link.offered.auth:
            reply = await link.ask(commands.auth("LOGIN"), seconds, "auth")
            for answer in (name, password):
                if reply.code == 334:
                    reply = await link.ask(commands.answer(answer), seconds, "auth")
        else:
            raise Trouble("auth", "the server offers no way to sign in that we know (PLAIN, LOGIN)", enhanced="4.7.0")
        if reply.code == 334:
            reply = await link.ask(commands.CANCEL, seconds, "auth")
        if reply.code != 235:
            raise refused("auth", reply, permanent=False)


def _unwelcome(greeting: ClientReply) -> Trouble:
    """Another greeting than 220. A 5xx is said of us or of the host, before any message was named (RFC 5321 §3.1: the session is
    refused): another exchanger may take it, and it may be cured in time, so it is a delay. Only 521 is for good: this host never
    takes mail (RFC 7504 §3)."""
    trouble = refused("greeting", greeting, permanent=greeting.code == _NEVER_MAIL)
    if not trouble.permanent and trouble.enhanced.startswith("5"):
        trouble.enhanced = f"4{trouble.enhanced[1:]}"
    return trouble


def _server_name(host: str) -> str | None:
    """For SNI (RFC 6066 §3), which takes no addresses."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host
    return None
