"""Signing in by SASL: one exchange, from the mechanism's name to who it is, the same for submission, IMAP and POP3 (RFC 4422).

SCRAM-SHA-256 (RFC 7677), PLAIN (RFC 4616) and, for old mail programs on submission, LOGIN. A door carries the lines (base64, RFC
4954, RFC 9051 §6.2.2, RFC 5034) and turns the outcome into its own words; what was said of whom is decided here. None of the
three protocols has room for data beside its success, so the last message of SCRAM goes as a challenge, answered by nothing.

Invariants: every failure to prove oneself is the same to the peer; nothing that a client sent is logged; no exception but that of
a peer who is gone leaves an exchange. `Keeper` is the only way to a credential, for LOGIN and USER/PASS commands as well.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from mailplatform.access import scram as access_scram
from mailplatform.access.authenticate import authenticate
from mailplatform.access.scram import Offered
from mailplatform.access.values import Identity
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import AuthenticationFailed, MailError, NotPermitted, TemporarilyUnavailable
from mailplatform.standards.sasl import encoding, login, plain, scram
from mailplatform.standards.sasl.plain import BadResponse

log = logging.getLogger(__name__)

SCRAM = scram.MECHANISM
WEAK = frozenset({"PLAIN", "LOGIN"})
"""They show the password to whoever listens: only under TLS, or from networks where the site allows it."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """How a door asks the house who somebody is.

    check: login, password, client's address → who, or AuthenticationFailed. offer: login, client's address, secure (TLS, or a
    network that is trusted as TLS is). prove: what was offered, which verifier was proved, client's address. nonce: fresh,
    printable, without comma.
    """

    check: Callable[[str, bytes, str], Awaitable[Identity]]
    offer: Callable[[str, str, bool], Awaitable[Offered]]
    prove: Callable[[Offered, int | None, str], Awaitable[Identity]]
    nonce: Callable[[], str]


def keeper_of(passwords: Bridge, protocol: str) -> Keeper:
    """The house's own, asked in a lane for passwords alone, so that a burst of sign-ins never starves mail.

    A failure is told when its delay is over (access.lockout), which no thread waits for.
    """

    async def check(name: str, password: bytes, client_address: str) -> Identity:
        with_password = passwords.call(authenticate, name, password, protocol=protocol, client_address=client_address)
        return await _in_time(with_password)

    async def offer(name: str, client_address: str, secure: bool) -> Offered:
        return await passwords.call(access_scram.offer, name, protocol=protocol, client_address=client_address, secure=secure)

    async def prove(what: Offered, which: int | None, client_address: str) -> Identity:
        proof = passwords.call(access_scram.prove, what, which, protocol=protocol, client_address=client_address)
        return await _in_time(proof)

    return Keeper(check, offer, prove, lambda: secrets.token_urlsafe(24))


async def _in_time(entering: Awaitable[Identity]) -> Identity:
    try:
        return await entering
    except AuthenticationFailed as error:
        await asyncio.sleep(error.delay)
        raise


@dataclass(frozen=True, slots=True)
class Challenge:
    """To be sent, and to be answered."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """The peer is who it says."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class Refused:
    """The exchange is over.

    error: Cancelled or another BadResponse, AuthenticationFailed, NotPermitted (acting for another user), TemporarilyUnavailable,
    or what a policy says.
    """

    error: BadResponse | MailError


Step = Challenge | Done | Refused


class Exchange:
    """One exchange of a mechanism of `MECHANISMS`. secure: what a passive listener learns is nothing."""

    def __init__(self, mechanism: str, keeper: Keeper, client_address: str, *, secure: bool) -> None:
        self.opening, begin = MECHANISMS[mechanism]
        self._keeper = keeper
        self._client_address = client_address
        self._secure = secure
        self._then: Callable[[bytes], Awaitable[Step]] = lambda response: begin(self, response)

    async def step(self, response: bytes) -> Step:
        """What the peer's message leads to: octets, base64 undone. The first is the initial response, or answers `opening`."""
        try:
            return await self._then(response)
        except BadResponse as error:
            return Refused(error)
        except MailError as error:
            who = f"{error.subject} " if error.subject else ""
            log.info("%s: %smay not come in: %s", self._client_address, who, error.private or error.public)
            return Refused(error)
        except Exception:
            log.exception("%s: an exchange failed", self._client_address)
            return Refused(TemporarilyUnavailable())

    async def _plain(self, response: bytes) -> Step:
        said = plain.parse(response)
        _only_oneself(said.authorisation, said.login)
        return Done(await self._keeper.check(said.login, said.password, self._client_address))

    async def _login(self, name: bytes) -> Step:
        async def password(response: bytes) -> Step:
            said = login.credentials(name, response)
            return Done(await self._keeper.check(said.login, said.password, self._client_address))

        self._then = password
        return Challenge(login.ASK_PASSWORD)

    async def _scram(self, response: bytes) -> Step:
        begun = scram.client_first(response)
        _only_oneself(begun.authorisation, begun.login)
        offered = await self._keeper.offer(begun.login, self._client_address, self._secure)
        server = scram.Server(begun, offered.salt, offered.iterations, self._keeper.nonce())

        async def proof(response: bytes) -> Step:
            proved = server.finish(response, offered.verifiers)
            identity = await self._keeper.prove(offered, proved[0] if proved else None, self._client_address)
            if proved is None:
                raise AuthenticationFailed(private="no proof", subject=begun.login)

            async def over(response: bytes) -> Step:
                if response:
                    raise BadResponse("the exchange is over")
                return Done(identity)

            self._then = over
            return Challenge(proved[1])

        self._then = proof
        return Challenge(server.challenge)


async def run(exchange: Exchange, initial: bytes | None, ask: Callable[[bytes], Awaitable[bytes]]) -> Done | Refused:
    """Carry an exchange to its end.

    initial: the initial response, base64 undone, None without one. ask: send a challenge (octets), get the line that answers
    it, without its end; what it raises passes.
    """
    step: Step = Challenge(exchange.opening) if initial is None else await exchange.step(initial)
    while isinstance(step, Challenge):
        line = await ask(step.octets)
        try:
            response = encoding.read(line)
        except BadResponse as error:
            return Refused(error)
        step = await exchange.step(response)
    return step


def _only_oneself(authorisation: str, name: str) -> None:
    if authorisation and authorisation.lower() != name.lower():
        raise NotPermitted("acting for another user is not offered", subject=name)


MECHANISMS: Mapping[str, tuple[bytes, Callable[[Exchange, bytes], Awaitable[Step]]]] = {
    SCRAM: (b"", Exchange._scram),
    "PLAIN": (b"", Exchange._plain),
    "LOGIN": (login.ASK_LOGIN, Exchange._login),
}
"""The best first, with the challenge that asks for a first message."""


def offered(*, weak: bool, legacy: bool = False, scram: bool = True) -> tuple[str, ...]:
    """The mechanisms to announce, the best first. weak: passwords may be sent here. legacy: LOGIN too. scram: SCRAM too."""
    left_out = {name for name, told in (("LOGIN", legacy), (SCRAM, scram)) if not told}
    return tuple(name for name in MECHANISMS if (weak or name not in WEAK) and name not in left_out)
