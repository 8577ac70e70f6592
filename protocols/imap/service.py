"""The role imap: IMAP4rev1 on its plain and TLS ports (RFC 3501, RFC 8314). One process of several."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

from mailplatform.mailflow import arrivals
from mailplatform.runtime import pubsub
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.spool import Room
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.service import ServiceContext
from mailplatform.settings.site import SiteConfig
from mailplatform.store import notify
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.living import Living
from protocols.common.sasl import keeper_of
from protocols.common.service import Doors, proxies_of, serve
from protocols.imap.context import Context
from protocols.imap.hints import Hints
from protocols.imap.session import ImapSession
from protocols.imap.snapshots import Snapshots

ENTITLED = ("access", "directory")
"""Channels that say that somebody's rights may have changed."""


def run(context: ServiceContext) -> None:
    """Serve until SIGTERM."""
    serve(context, build)


def context_of(site: SiteConfig) -> Context:
    """What the sessions of this process share."""
    imap = site.imap
    quick = Bridge(imap.quick_connections, name="imap-quick")
    return Context(
        server_name=site.hostname,
        quick=quick,
        slow=Bridge(imap.slow_connections, name="imap-slow"),
        keeper=keeper_of(Bridge(site.access.hash_threads, name="imap-passwords"), "imap"),
        snapshots=Snapshots(quick, budget=imap.snapshot_bytes),
        hints=Hints(quick, tick_seconds=imap.tick_seconds),
        living=Living(
            quick,
            per_account=imap.max_connections_per_account,
            poll_seconds=site.access.epoch_poll_seconds,
            role="imap",
        ),
        append_limit=imap.max_append_bytes,
        literal_limit=imap.max_literal_bytes,
        line_limit=imap.max_line_bytes,
        idle_seconds=imap.idle_timeout_seconds,
        login_seconds=imap.login_timeout_seconds,
        plain_networks=tuple(ip_network(text) for text in site.access.plaintext_networks),
        announce_scram=site.access.announce_scram,
        max_errors=imap.max_errors,
        room=Room(site.home / "spool", site.smtp.spool_memory_bytes, site.smtp.spool_total_bytes),
    )


def build(service: ServiceContext, certificates: Certificates | None) -> Doors:
    """The listeners, and what wakes their idle sessions."""
    site = service.site
    loop = asyncio.get_running_loop()
    context = context_of(site)
    hints, living = context.hints, context.living

    def heard(channel: str, payload: str) -> None:
        if channel != notify.CHANNEL:
            loop.call_soon_threadsafe(living.hint)
        elif watched := hints.watched(notify.parse(payload)[0]):
            loop.call_soon_threadsafe(hints.hint, watched)

    subscriber = pubsub.subscribe([notify.CHANNEL, *ENTITLED], heard)
    tasks = [loop.create_task(hints.run()), loop.create_task(living.run())]
    limits = Connections(site.imap.max_connections, site.imap.max_connections_per_address)
    listeners = {
        name: Listener(
            name,
            lambda listener: ImapSession(listener, context),
            limits=limits,
            idle=site.imap.login_timeout_seconds,
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
        await living.close()
        subscriber.stop()
        await asyncio.to_thread(arrivals.drain, site.imap.drain_seconds)

    return Doors(listeners, drain_seconds=site.imap.drain_seconds, stop=[end])
