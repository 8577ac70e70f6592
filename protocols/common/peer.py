"""Who is at the other end of a connection, in one canonical form.

An IPv4 client of a dual-stack socket shows itself as `::ffff:192.0.2.1`. Every policy, limit and trace row of the house
sees `192.0.2.1` instead, so that one client is one client (RFC 4291 §2.5.5.2). Zone identifiers of link-local addresses
are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

LOCAL = "127.0.0.1"
"""What stands for a peer without an internet address: a unix socket, a socketpair under test."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The client's address (canonical text) and port, and the address and port of ours that it reached."""

    address: str
    port: int
    local_address: str = LOCAL
    local_port: int = 0


@lru_cache(maxsize=4096)
def canonical(address: str) -> str:
    """The one spelling of an address; anything that is no IP address is LOCAL."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return LOCAL
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found)


def peer_of(peername: object, sockname: object) -> Peer:
    """The Peer of a transport's `peername` and `sockname`, whatever the socket's family."""
    address, port = _pair(peername)
    local_address, local_port = _pair(sockname)
    return Peer(address, port, local_address, local_port)


def _pair(name: object) -> tuple[str, int]:
    if isinstance(name, tuple) and len(name) >= 2 and isinstance(name[0], str) and isinstance(name[1], int):
        return canonical(name[0]), name[1]
    return LOCAL, 0


Network = IPv4Network | IPv6Network


def within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether a canonical address lies in one of the networks."""
    if not networks:
        return False
    found: IPv4Address | IPv6Address = ip_address(address)
    return any(found in network for network in networks if network.version == found.version)
