"""Who is at the other end of a connection, in one canonical form.

An IPv4 client of a dual-stack socket shows itself as `::ffff:192.0.2.1`. Every policy, limit and trace row of the house
sees `192.0.2.1` instead, so that one client is one client (RFC 4291 §2.5.5.2). Zone identifiers of link-local addresses
are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailplatform.runtime.addresses import LOCAL, Network, canonical, within

__all__ = ["LOCAL", "Network", "Peer", "canonical", "peer_of", "within"]


@dataclass(frozen=True, slots=True)
class Peer:
    """The client's address (canonical text) and port, and the address and port of ours that it reached."""

    address: str
    port: int
    local_address: str = LOCAL
    local_port: int = 0


def peer_of(peername: object, sockname: object) -> Peer:
    """The Peer of a transport's `peername` and `sockname`, whatever the socket's family."""
    address, port = _pair(peername)
    local_address, local_port = _pair(sockname)
    return Peer(address, port, local_address, local_port)


def _pair(name: object) -> tuple[str, int]:
    if isinstance(name, tuple) and len(name) >= 2 and isinstance(name[0], str) and isinstance(name[1], int):
        return canonical(name[0]), name[1]
    return LOCAL, 0
