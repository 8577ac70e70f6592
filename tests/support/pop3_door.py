"""A POP3 door in this process over a real database: what transcripts and fuzzing talk to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network

from mailplatform.runtime.database import Bridge
from mailplatform.runtime.tls import Certificates
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.living import Living
from protocols.common.sasl import keeper_of
from protocols.pop3.context import Context
from protocols.pop3.leases import Leases
from protocols.pop3.session import Pop3Session


@asynccontextmanager
async def pop3_listener(
    *,
    login_seconds: float = 60.0,
    idle_seconds: float = 600.0,
    login_delay_seconds: int = 0,
    lease_seconds: float = 10.0,
    tls: Certificates | None = None,
    plain: Sequence[str] = ("127.0.0.0/8",),
) -> AsyncIterator[Listener]:
    """A listener that makes sessions; passwords may be sent in clear from the networks `plain`, loopback by default."""
    bridge, passwords = Bridge(2, name="pop3"), Bridge(1, name="passwords")
    context = Context(
        server_name="mail.a.test",
        bridge=bridge,
        keeper=keeper_of(passwords, "pop3"),
        living=Living(bridge, poll_seconds=0.5),
        leases=Leases(bridge, seconds=lease_seconds),
        idle_seconds=idle_seconds,
        login_seconds=login_seconds,
        login_delay_seconds=login_delay_seconds,
        plain_networks=tuple(map(ip_network, plain)),
    )
    listener = Listener(
        "pop3",
        lambda listener: Pop3Session(listener, context),
        limits=Connections(1000, 1000),
        idle=30,
        total=float("inf"),
        tls=tls,
    )
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(context.living.run()), loop.create_task(context.leases.run())]
    try:
        yield listener
    finally:
        for task in tasks:
            task.cancel()
        await listener.drain(2)
        for lane in (bridge, passwords):
            lane.shutdown()


async def given_back(listener: Listener, seconds: float = 5.0) -> None:
    """Wait until all connections are gone, and what they held is given back."""
    async with asyncio.timeout(seconds):
        while listener.connections or listener._tasks:
            await asyncio.sleep(0.002)
