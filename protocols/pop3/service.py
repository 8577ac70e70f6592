"""The role pop3: POP3 on its plain and TLS ports (RFC 1939, RFC 2595, RFC 8314)."""

from __future__ import annotations

import asyncio
import sys
from ipaddress import ip_network

from mailplatform.runtime import pubsub
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.service import ServiceContext
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.living import Living
from protocols.common.sasl import keeper_of
from protocols.common.service import Doors, proxies_of, serve
from protocols.pop3.context import Context
from protocols.pop3.leases import Leases
from protocols.pop3.session import Pop3Session

ENTITLED = ("access", "directory")
"""Channels that say that somebody's rights may have changed."""


SWITCH_SECONDS = 0.0005
"""A thread that reads ahead lets the loop answer after so long, where Python's own 5 ms would be a pause that a client feels."""


def run(context: ServiceContext) -> None:
    """Serve until SIGTERM."""
    sys.setswitchinterval(SWITCH_SECONDS)
    serve(context, build)


def build(service: ServiceContext, certificates: Certificates | None) -> Doors:
    """The listeners, and what keeps their leases and puts out those whose sign-in holds no longer."""
    site = service.site
    pop3 = site.pop3
    loop = asyncio.get_running_loop()
    bridge = Bridge(pop3.connections, name="pop3")
    passwords = Bridge(site.access.hash_threads, name="pop3-passwords")
    context = Context(
        server_name=site.hostname,
        bridge=bridge,
        keeper=keeper_of(passwords, "pop3"),
        living=Living(
            bridge, per_account=pop3.max_connections_per_account, poll_seconds=site.access.epoch_poll_seconds, role="pop3"
        ),
        leases=Leases(bridge, seconds=pop3.lease_seconds),
        idle_seconds=pop3.idle_timeout_seconds,
        login_seconds=pop3.login_timeout_seconds,
        login_delay_seconds=int(pop3.login_delay_seconds),
        plain_networks=tuple(ip_network(text) for text in site.access.plaintext_networks),
        announce_scram=site.access.announce_scram,
        max_errors=pop3.max_errors,
    )

    def heard(_channel: str, _payload: str) -> None:
        loop.call_soon_threadsafe(context.living.hint)

    subscriber = pubsub.subscribe(list(ENTITLED), heard)
    tasks = [loop.create_task(context.living.run()), loop.create_task(context.leases.run())]
    limits = Connections(pop3.max_connections, pop3.max_connections_per_address)
    listeners = {
        name: Listener(
            name,
            lambda listener: Pop3Session(listener, context),
            limits=limits,
            idle=pop3.login_timeout_seconds,
            total=float("inf"),
            tls=certificates,
            implicit_tls=way.tls == "implicit",
            proxies=proxies_of(service),
        )
        for name, way in service.listeners.items()
        if certificates is not None or way.tls != "implicit"
    }

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await context.living.close()
        subscriber.stop()
        passwords.shutdown()
        bridge.shutdown()

    return Doors(listeners, drain_seconds=pop3.drain_seconds, stop=[end])
