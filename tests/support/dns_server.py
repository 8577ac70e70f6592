"""A DNS server on loopback for tests: a dict of records over UDP and TCP, with servers' bad days on request.

`zone["example.test", "MX"] = ["10 mx.example.test."]`. A name without any record is NXDOMAIN. `failing`: names answered
SERVFAIL; `silent`: names not answered at all; `truncated`: UDP says "ask by TCP"; `garbage`: octets that are no message.
"""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class DnsServer:
    """`async with DnsServer({...}) as server:` then `server.address`, the same port for UDP and TCP."""

    def __init__(self, records: Mapping[tuple[str, str], Sequence[str]] | None = None, *, ttl: int = 0) -> None:
        self.records = {(name.lower(), kind): list(values) for (name, kind), values in (records or {}).items()}
        self.ttl = ttl
        self.failing: set[str] = set()
        self.silent: set[str] = set()
        self.truncated: set[str] = set()
        self.garbage: set[str] = set()
        self.asked: Counter[tuple[str, str]] = Counter()
        self.by_tcp = 0
        self.address = ("127.0.0.1", 0)
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def __aenter__(self) -> DnsServer:
        loop = asyncio.get_running_loop()
        for _ in range(20):  # the port of one kind may be taken for the other
            self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.address = ("127.0.0.1", self._tcp.sockets[0].getsockname()[1])
            try:
                self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), self.address)
            except OSError:
                self._tcp.close()
                continue
            return self
        raise OSError("no port is free for UDP and TCP")

    async def __aexit__(self, *_: object) -> None:
        assert self._udp is not None and self._tcp is not None
        self._udp.close()
        self._tcp.close()

    def set(self, name: str, kind: str, *values: str) -> None:
        """Replace the records of one name and kind; none takes them away."""
        if values:
            self.records[name.lower(), kind] = list(values)
        else:
            self.records.pop((name.lower(), kind), None)

    def respond(self, data: bytes, *, udp: bool) -> bytes | None:
        """The answer to one message, or None to stay silent."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked[name, kind] += 1
        if name in self.silent:
            return None
        if name in self.garbage:
            return data[:2] + b"\xff\x00garbage"
        answer = dns.message.make_response(query, recursion_available=True)
        if name in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif udp and name in self.truncated:
            answer.flags |= dns.flags.TC
        elif (name, kind) in self.records:
            answer.answer.append(dns.rrset.from_text(question.name, self.ttl, "IN", kind, *self.records[name, kind]))
        elif (name, "CNAME") in self.records:
            target = self.records[name, "CNAME"][0]
            answer.answer.append(dns.rrset.from_text(question.name, self.ttl, "IN", "CNAME", target))
            found = self.records.get((target.rstrip(".").lower(), kind))
            if found:
                answer.answer.append(dns.rrset.from_text(target, self.ttl, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                self.by_tcp += 1
                answer = self.respond(await reader.readexactly(length), udp=False)
                if answer is not None:
                    writer.write(struct.pack("!H", len(answer)) + answer)
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.respond(data, udp=True)
        if answer is not None:
            self._transport.sendto(answer, addr)
