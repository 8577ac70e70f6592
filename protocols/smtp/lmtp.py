"""The role `lmtp`: mail from a server in front, over TCP or a Unix socket, bound to the house (RFC 2033).

Who may call is trusted as far as it goes: networks of `[lmtp] networks` over TCP, whoever may open it over the Unix socket. They
say who sent the mail and what it went through; recipients are local all the same, and nothing is relayed. Each accepted
recipient is committed, and answered, by itself (mailflow.each).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network

from mailplatform.mailflow import admit, arrivals, each, receive
from mailplatform.mailflow.transaction import Accepted, Recipient, Transaction
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.spool import Room, Spooled
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.service import ServiceContext
from mailplatform.settings.site import SiteConfig, SiteError, load
from mailplatform.standards import status
from mailplatform.standards.address import Path
from mailplatform.trace import ids, record
from protocols.common.futures import Futures
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.living import Living
from protocols.common.peer import Network, within
from protocols.common.service import Doors, proxies_of, serve
from protocols.smtp.roles import LMTP, Limits, limits_of
from protocols.smtp.service import INLINE, tell
from protocols.smtp.session import SmtpSession
from protocols.smtp.spine import Spine

log = logging.getLogger(__name__)

TRUSTED_ERRORS = 1000
"""Refusals before a connection is ended: a server in front passes on what others ask for."""


class LmtpSession(SmtpSession):
    """The server side of one LMTP connection. networks: from where it may come; None asks nothing (a Unix socket)."""

    def __init__(
        self,
        listener: Listener,
        limits: Limits,
        spine: Spine,
        room: Room,
        host: str,
        living: Living,
        networks: tuple[Network, ...] | None,
    ) -> None:
        super().__init__(listener, LMTP, limits, spine, room, host, living)
        self._networks = networks

    def opened(self) -> None:
        if self._networks is None or within(self.peer.address, self._networks):
            super().opened()
            return
        log.warning("%s may not deliver over LMTP", self.peer.address)
        self.write(status.NOT_FROM_HERE.format(host=self.host).raw)
        self.close(linger=True)


def run(context: ServiceContext) -> None:
    """Serve until SIGTERM."""
    serve(context, build)


def build(context: ServiceContext, certificates: Certificates | None) -> Doors:
    """The listeners of this process."""
    site = context.site
    loop = asyncio.get_running_loop()
    bridge = Bridge(threads=max(1, site.lmtp.connections), name="lmtp")
    folder = site.home / "spool"
    room = Room(folder if folder.is_dir() else None, int(site.smtp.spool_memory_bytes), int(site.smtp.spool_total_bytes))
    spine = house(bridge, loop)
    living = Living(bridge, poll_seconds=site.access.epoch_poll_seconds, role="lmtp")
    looking = loop.create_task(living.run())
    subscriber = admit.listen()
    counts = Connections(site.lmtp.max_connections, site.lmtp.max_connections)
    limits = _limits(site)
    networks = tuple(ip_network(text) for text in site.lmtp.networks)

    def read_anew() -> None:
        """SIGHUP: new sessions live under what the file says now."""
        nonlocal limits, networks
        try:
            read = load(site.home, site.path)
        except SiteError as error:
            log.error("the limits of LMTP stay as they were: %s", error)
            return
        limits = _limits(read)
        networks = tuple(ip_network(text) for text in read.lmtp.networks)
        counts.total = counts.per_client = read.lmtp.max_connections

    def door(name: str, *, is_unix: bool) -> Listener:
        return Listener(
            name,
            lambda listener: LmtpSession(listener, limits, spine, room, site.hostname, living, None if is_unix else networks),
            limits=counts,
            idle=limits.command_seconds,
            total=limits.session_seconds,
            tls=None if is_unix else certificates,
            proxies=() if is_unix else proxies_of(context),
            proxy_seconds=site.proxy.timeout_seconds,
            handshake_seconds=site.tls.handshake_timeout_seconds,
        )

    async def stop() -> None:
        looking.cancel()
        await living.close()
        await asyncio.to_thread(arrivals.drain, site.smtp.drain_seconds)
        await asyncio.to_thread(record.flush, 2.0)
        subscriber.stop()
        bridge.shutdown()

    doors = {name: door(name, is_unix=way.is_unix) for name, way in context.listeners.items()}
    return Doors(doors, site.smtp.drain_seconds, reload=[read_anew], stop=[stop])


def house(bridge: Bridge, loop: asyncio.AbstractEventLoop) -> Spine:
    """The spine of this installation, for servers in front."""
    futures = Futures(loop)

    async def recipient(path: Path, transaction: Transaction) -> Recipient:
        return await bridge.call(admit.recipient, path, transaction.session, reverse_path=transaction.reverse_path)

    async def outcome(part: each.Part) -> Accepted | Exception:
        if not isinstance(part.outcome, Unit):
            return part.outcome
        try:
            return receive.accepted(part.outcome, await futures.result(arrivals.put(part.outcome)))
        except Exception as error:
            return error

    async def deliver_each(transaction: Transaction, spooled: Spooled) -> Sequence[Accepted | Exception]:
        if spooled.size <= INLINE and not each.asks(transaction.recipients):
            parts = each.prepare(transaction, spooled)
        else:
            parts = await bridge.write(each.prepare, transaction, spooled)
        found = await asyncio.gather(*(outcome(part) for part in parts))
        by_position = {n: result for part, result in zip(parts, found, strict=True) for n in part.positions}
        return [by_position[n] for n in range(len(transaction.recipients))]

    async def deliver(_transaction: Transaction, _spooled: Spooled) -> Accepted:
        raise NotImplementedError("LMTP answers for each recipient")

    return Spine(
        new_id=lambda at: ids.make(at, random.getrandbits),
        admit=recipient,
        deliver=deliver,
        known=lambda path, transaction: admit.known(path, transaction.session),
        refused=tell(record.later),
        now=clock.now,
        deliver_each=deliver_each,
    )


def _limits(site: SiteConfig) -> Limits:
    limits = limits_of(site.smtp)
    trusted = max(limits.errors, TRUSTED_ERRORS)
    return replace(limits, errors=trusted, idle_commands=trusted, full_is_final=site.lmtp.full == "refuse")
