"""How many connections a process holds, in all and from one address.

A network prefix counts as one address for IPv6 (a /64 is one customer, RFC 6177 §2), so that a host cannot evade the
limit by walking through its own addresses. The counts are of this process: a role of N workers lets N times as many in.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


class Connections:
    """Counts of living connections. `enter` and `leave` must pair; a refused `enter` needs no `leave`."""

    __slots__ = ("_by_client", "now", "per_client", "refused", "total")

    def __init__(self, total: int, per_client: int) -> None:
        self.total = total
        self.per_client = per_client
        self.now = 0
        self.refused = 0
        self._by_client: dict[str, int] = {}

    def enter(self, address: str) -> bool:
        """Count a connection from a canonical address in; False when it is one too many."""
        client = _client(address)
        mine = self._by_client.get(client, 0)
        if self.now >= self.total or mine >= self.per_client:
            self.refused += 1
            return False
        self._by_client[client] = mine + 1
        self.now += 1
        return True

    def leave(self, address: str) -> None:
        """Count it out again."""
        client = _client(address)
        mine = self._by_client.get(client, 0)
        if mine > 1:
            self._by_client[client] = mine - 1
        else:
            self._by_client.pop(client, None)
        self.now -= 1

    def of(self, address: str) -> int:
        """How many connections the client at this address holds."""
        return self._by_client.get(_client(address), 0)


def _client(address: str) -> str:
    if ":" not in address:
        return address
    found = ip_address(address)
    if not isinstance(found, IPv6Address):
        return address
    return str(IPv6Address(int(found) >> 64 << 64))
