"""AUTH: one exchange of SASL messages, from the command to who it was (RFC 4954 §4).

PLAIN (RFC 4616), LOGIN and SCRAM-SHA-256 (RFC 7677). What the house knows of people is a parameter, as in spine.py. Nothing
that a client sent is logged; every failure to prove oneself is the same one to the peer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from mailplatform.access.scram import Offered
from mailplatform.access.values import Identity
from mailplatform.runtime.errors import AuthenticationFailed
from mailplatform.standards.sasl import encoding, login, plain, scram
from mailplatform.standards.sasl.plain import BadResponse

Ask = Callable[[bytes], Awaitable[bytes]]
"""Send a challenge, get the line that answers it, without its end."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """check: login and password → who, or AuthenticationFailed. offer, prove: the two halves of SCRAM (access.scram).

    The last argument of each is the client's address. nonce: fresh, printable, without comma.
    """

    check: Callable[[str, bytes, str], Awaitable[Identity]]
    offer: Callable[[str, str], Awaitable[Offered]]
    prove: Callable[[Offered, int | None, str], Awaitable[Identity]]
    nonce: Callable[[], str]


async def authenticate(mechanism: str, initial: str | None, ask: Ask, keeper: Keeper, client_address: str) -> Identity:
    """Run an exchange of a known mechanism. initial: what stood in the command.

    Raises BadResponse (also encoding.Cancelled), AuthenticationFailed, TemporarilyUnavailable.
    """
    first = encoding.read(initial.encode("utf-8", "replace"), initial=True) if initial is not None else None
    return await MECHANISMS[mechanism](first, ask, keeper, client_address)


async def _plain(first: bytes | None, ask: Ask, keeper: Keeper, client_address: str) -> Identity:
    said = plain.parse(first if first is not None else encoding.read(await ask(b"")))
    _only_oneself(said.authorisation, said.login)
    return await keeper.check(said.login, said.password, client_address)


async def _login(first: bytes | None, ask: Ask, keeper: Keeper, client_address: str) -> Identity:
    name = first if first is not None else encoding.read(await ask(login.ASK_LOGIN))
    said = login.credentials(name, encoding.read(await ask(login.ASK_PASSWORD)))
    return await keeper.check(said.login, said.password, client_address)


async def _scram(first: bytes | None, ask: Ask, keeper: Keeper, client_address: str) -> Identity:
    begun = scram.client_first(first if first is not None else encoding.read(await ask(b"")))
    _only_oneself(begun.authorisation, begun.login)
    offered = await keeper.offer(begun.login, client_address)
    server = scram.Server(begun, offered.salt, offered.iterations, keeper.nonce())
    proved = server.finish(encoding.read(await ask(server.challenge)), offered.verifiers)
    identity = await keeper.prove(offered, proved[0] if proved else None, client_address)
    if proved is not None and encoding.read(await ask(proved[1])):  # SMTP has no room for it in 235 (RFC 4954 §4)
        raise BadResponse("the exchange is over")
    return identity


def _only_oneself(authorisation: str, name: str) -> None:
    if authorisation and authorisation.lower() != name.lower():
        raise AuthenticationFailed(private="acting for another user", subject=name)


MECHANISMS: Mapping[str, Callable[[bytes | None, Ask, Keeper, str], Awaitable[Identity]]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    scram.MECHANISM: _scram,
}
OFFERED = (scram.MECHANISM, "PLAIN", "LOGIN")
"""In the order in which EHLO names them, the best first."""
