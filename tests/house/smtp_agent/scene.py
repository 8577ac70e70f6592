"""The outbound agent between a DNS server and mail exchangers on loopback, with timeouts of a test's length."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import uvloop

from mailplatform.runtime.resolver import Resolver
from mailplatform.settings.defaults import Outbound
from mailplatform.transport.values import Carried, Lease, LeasedItem, Outcome, Route
from protocols.smtp.agent.agent import SmtpAgent
from protocols.smtp.agent.connect import Caller, Own
from tests.support.certificate import a_certificate
from tests.support.dns_server import DnsServer
from tests.support.fake_mx import FakeMx

R = TypeVar("R")
CONTENT = b"Subject: x\r\n\r\nHello.\r\n.\r\n..end\r\n"
PREFIX = b"Received: from here\r\n"
HASTY = Outbound(
    connect_timeout_seconds=1,
    greeting_timeout_seconds=0.2,
    command_timeout_seconds=0.2,
    data_start_timeout_seconds=0.2,
    data_block_timeout_seconds=0.2,
    data_end_timeout_seconds=0.2,
    attempt_timeout_seconds=5,
)
PATIENT = Outbound(reuse_idle_seconds=30)


class Scene:
    """One agent and the world around it. dotted: how often the lease was looked at before a dot; `agreed`: what it said."""

    def __init__(self, dns: DnsServer, terms: Outbound, contents: dict[int, bytes], trusted: ssl.SSLContext | None) -> None:
        self.dns = dns
        self.terms = terms
        self.contents = contents
        self.dotted = 0
        self.agreed = True
        self.pieces_read = 0
        own = Own("out.test", frozenset({("127.0.0.9", terms.port)}))
        contexts = None if trusted is None else (lambda verified: trusted)
        self.resolver = Resolver([dns.address], 0.3, shuffle=lambda names: names.sort())
        self.agent = SmtpAgent(terms, self.resolver, self.read, own=own, caller=Caller(terms, own, contexts))

    async def read(self, blob_id: int) -> AsyncIterator[bytes]:
        content = self.contents[blob_id]
        for at in range(0, len(content), 65536):
            self.pieces_read += 1
            yield content[at : at + 65536]

    async def before_dot(self) -> bool:
        self.dotted += 1
        return self.agreed

    async def deliver(self, *paths: str, content: bytes = CONTENT, **changes: Any) -> list[Outcome]:
        """One attempt at a message for these recipients, an outcome each, in order."""
        self.contents[1] = content
        items = tuple(LeasedItem(n, uuid4(), path) for n, path in enumerate(paths))
        items = tuple(dataclasses.replace(item, **changes.pop("item", {})) for item in items)
        route = changes.pop("route", None)
        destination = changes.pop("destination", paths[0].rpartition("@")[2])
        said = {"reverse_path": "sender@out.test", "body8bit": False, "size": len(content)} | changes
        carried = Carried(outbound_id=1, trace_id="t1", prefix=PREFIX, blob_id=1, **said)
        lease = Lease(items, carried, destination, route, datetime(2030, 1, 1, tzinfo=UTC))
        outcomes = await asyncio.wait_for(self.agent.deliver(lease, before_dot=self.before_dot), 30)
        assert [(o.item_id, o.token) for o in outcomes] in ([(i.item_id, i.token) for i in items], [])
        return outcomes

    async def one(self, path: str = "u1@a.test", **changes: Any) -> Outcome:
        (outcome,) = await self.deliver(path, **changes)
        return outcome


Play = Callable[[Scene, FakeMx], Awaitable[R]]


def play(scene: Play[R], mx: FakeMx | None = None, *, terms: Outbound = HASTY, trusted: ssl.SSLContext | None = None) -> R:
    """Run a scene with one exchanger for a.test, mx.a.test at 127.0.0.1."""

    async def run() -> R:
        records = {("a.test", "MX"): ["10 mx.a.test."], ("mx.a.test", "A"): ["127.0.0.1"]}
        async with AsyncExitStack() as stack:
            dns = await stack.enter_async_context(DnsServer(records))
            exchanger = await stack.enter_async_context(mx or FakeMx())
            actor = Scene(dns, dataclasses.replace(terms, port=exchanger.port), {}, trusted)
            stack.push_async_callback(actor.agent.close)
            return await scene(actor, exchanger)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def server_context(folder: Path, name: str = "mx.a.test") -> ssl.SSLContext:
    """A server's TLS with a self-signed certificate."""
    home = a_certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "cert.pem", home / "key.pem")
    return context


def client_context(folder: Path, name: str = "mx.a.test") -> ssl.SSLContext:
    """A client's that believes it."""
    return ssl.create_default_context(cafile=str(folder / name / "cert.pem"))


def a_route(mx: FakeMx, **changes: Any) -> Route:
    """A smart host at the exchanger."""
    return dataclasses.replace(Route("relay", "127.0.0.1", mx.port), **changes)
