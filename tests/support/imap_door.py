"""An IMAP door in this process over a real database: what transcripts and journeys talk to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network

from mailplatform.directory.values import Actor
from mailplatform.mailflow.accounts import open_account
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.tls import Certificates
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.living import Living
from protocols.common.sasl import keeper_of
from protocols.imap.context import Context
from protocols.imap.hints import Hints
from protocols.imap.session import ImapSession
from protocols.imap.snapshots import Snapshots

PASSWORD = "correct horse"
TESTER = Actor(7, "tester")


def a_mailbox(address: str = "anna@a.test", password: str = PASSWORD, **columns: object) -> int:
    """An account that can sign in, with its folders; its id. The domain is made where there is none."""
    from tests.support.directory import a_domain  # noqa: PLC0415

    try:
        a_domain(address.rpartition("@")[2])
    except Exception as error:
        if type(error).__name__ != "AlreadyExists":
            raise
    return open_account(address, password=password, actor=TESTER, **columns).id


@asynccontextmanager
async def imap_listener(
    *,
    tick_seconds: float = 0.05,
    login_seconds: float = 60.0,
    idle_seconds: float = 1800.0,
    tls: Certificates | None = None,
    plain: Sequence[str] = ("127.0.0.0/8",),
    **limits: int,
) -> AsyncIterator[Listener]:
    """A listener that makes sessions; passwords may be sent in clear from the networks `plain`, loopback by default."""
    quick, slow, passwords = Bridge(2, name="quick"), Bridge(2, name="slow"), Bridge(1, name="passwords")
    context = Context(
        server_name="mail.a.test",
        quick=quick,
        slow=slow,
        keeper=keeper_of(passwords, "imap"),
        snapshots=Snapshots(quick),
        hints=Hints(quick, tick_seconds=tick_seconds),
        living=Living(quick, per_account=limits.get("per_account", 100), poll_seconds=tick_seconds),
        append_limit=limits.get("append_limit", 10 << 20),
        login_seconds=login_seconds,
        idle_seconds=idle_seconds,
        plain_networks=tuple(map(ip_network, plain)),
    )
    listener = Listener(
        "imap",
        lambda listener: ImapSession(listener, context),
        limits=Connections(1000, 1000),
        idle=30,
        total=float("inf"),
        tls=tls,
    )
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(context.hints.run()), loop.create_task(context.living.run())]
    try:
        yield listener
    finally:
        for task in tasks:
            task.cancel()
        await listener.drain(2)
        for bridge in (quick, slow, passwords):
            bridge.shutdown()
