"""The address of a client in its one spelling, and who it is when proxies speak for it.

An IPv4 client of a dual-stack socket shows itself as `::ffff:192.0.2.1`; every policy, limit and row of the house sees
`192.0.2.1` (RFC 4291 §2.5.5.2). Zone identifiers of link-local addresses are dropped. What a proxy says of a client is believed
only from proxies that the site names, and only as far as the chain of them reaches.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

LOCAL = "127.0.0.1"
"""What stands for a peer without an internet address: a unix socket, a socketpair under test."""

Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4096)
def canonical(address: str) -> str:
    """The one spelling of an address; anything that is no IP address is LOCAL."""
    return read(address) or LOCAL


def read(text: str) -> str | None:
    """The one spelling of an address, None for what is none."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found)


@lru_cache(maxsize=4096)
def network(text: str) -> Network:
    """A network, or one address as a network; v4-mapped IPv6 is IPv4. Raises ValueError, also where bits of the host are set."""
    found = ip_network(text.strip())
    if isinstance(found, IPv6Network) and found.prefixlen >= 96:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((int(mapped), found.prefixlen - 96))
    return found


def within(address: str, networks: Sequence[Network]) -> bool:
    """Whether a canonical address lies in one of the networks."""
    if not networks:
        return False
    found: IPv4Address | IPv6Address = ip_address(address)
    return any(found in network for network in networks if network.version == found.version)


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The client of a web request: `peer` itself unless it is a trusted proxy, else the last hop of X-Forwarded-For that is none.

    Everything left of that hop is what the client wrote, and counts for nothing; what is no address ends the chain.
    """
    client = canonical(peer)
    for hop in reversed(forwarded.split(",")):
        if not within(client, trusted):
            break
        address = _hop(hop.strip())
        if address is None:
            break
        client = address
    return client


def _hop(text: str) -> str | None:
    """192.0.2.1, 192.0.2.1:4711, 2001:db8::1, [2001:db8::1], [2001:db8::1]:4711."""
    if text.startswith("["):
        return read(text[1:].partition("]")[0])
    if text.count(":") == 1:
        text = text.partition(":")[0]
    return read(text)
