"""Whom to call for a destination: its mail exchangers in order, or the smart host of its route (RFC 5321 §5.1, RFC 7505).

Invariants: what the DNS does not know (a failure) never makes mail fail for good, what it knows (no such domain, null MX)
does; our own name among the exchangers ends the list, since what stands behind it would come back to us.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from ipaddress import ip_address

from mailplatform.runtime.resolver import Found, MxAnswer, MxHost, MxKind, Resolver
from protocols.smtp.agent.connect import Call, Login
from protocols.smtp.agent.link import Trouble


@dataclass(frozen=True, slots=True)
class SmartHost:
    """Where a route sends everything. name tells its connections from others."""

    name: str
    host: str
    port: int
    tls: str
    login: Login | None = None


async def calls(
    destination: str, smart_host: SmartHost | None, resolver: Resolver, hostname: str, port: int, tls: str
) -> AsyncGenerator[Call | Trouble, None]:
    """The addresses to try, one after the other, and what kept a host from being tried. Raises Trouble when there is none.

    destination: a domain in A-labels or an address literal. hostname: our own. port, tls: where there is no smart host."""
    if smart_host is not None:
        name = smart_host.host.strip("[]")
        async for found in _of_host(name, resolver, smart_host.port, smart_host.tls, smart_host.login):
            # That a smart host has no address is our own mistake, not the sender's.
            yield found if isinstance(found, Call) else Trouble("dns", found.words, enhanced="4.4.4")
        return
    literal = _literal(destination)
    if literal:
        yield Call(destination, literal, port, tls)
        return
    for host in _exchangers(await resolver.mx(destination), destination, hostname):
        async for found in _of_host(host.name, resolver, port, tls, None):
            yield found


def _exchangers(answer: MxAnswer, destination: str, hostname: str) -> tuple[MxHost, ...]:
    match answer.kind:
        case MxKind.NO_NAME:
            raise Trouble("dns", answer.detail, enhanced="5.1.2", permanent=True)
        case MxKind.FAILED:
            raise Trouble("dns", answer.detail, enhanced="4.4.3")
        case MxKind.NULL:
            raise Trouble("dns", f"{destination} takes no mail (null MX)", code=556, enhanced="5.1.10", permanent=True)
    mine = [host.preference for host in answer.hosts if host.name == hostname.lower()]
    hosts = tuple(host for host in answer.hosts if not mine or host.preference < min(mine))
    if not hosts:
        words = f"mail goes in a circle: the best mail exchanger of {destination} is this server, which does not know it"
        raise Trouble("dns", words, enhanced="5.4.6", permanent=True)
    return hosts


async def _of_host(
    host: str, resolver: Resolver, port: int, tls: str, login: Login | None
) -> AsyncGenerator[Call | Trouble, None]:
    literal = _literal(f"[{host}]")
    if literal:
        yield Call(host, literal, port, tls, login)
        return
    answer = await resolver.addresses(host)
    if answer.found is Found.FAILED:
        yield Trouble("dns", answer.detail, enhanced="4.4.3")
    elif answer.found is not Found.YES:
        yield Trouble("dns", f"mail server {host} has no address", enhanced="5.4.4", permanent=True)
    for address in answer.addresses:
        yield Call(host, address, port, tls, login)


def _literal(destination: str) -> str:
    """The address in an address literal (RFC 5321 §4.1.3), or ""."""
    if not (destination.startswith("[") and destination.endswith("]")):
        return ""
    inside = destination[1:-1]
    try:
        return str(ip_address(inside[5:] if inside[:5].lower() == "ipv6:" else inside))
    except ValueError:
        return ""
