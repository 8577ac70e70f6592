"""The role `submission`: mail from the people of the house on 587 (STARTTLS) and 465 (implicit TLS), bound to the house.

Sign-in goes to access in a lane of its own, so that a burst of it never starves mail; who may send as whom to
mailflow.identities; RCPT to mailflow.admit; the end of data to mailflow.submit and on to mailflow.arrivals.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import replace
from ipaddress import ip_network

from mailplatform.access.values import Identity
from mailplatform.mailflow import admit, arrivals, identities, receive, submit
from mailplatform.mailflow.transaction import Accepted, Recipient, Transaction
from mailplatform.runtime import clock, pubsub
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.spool import Room, Spooled
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.service import ServiceContext
from mailplatform.settings.site import SiteConfig, SiteError, load
from mailplatform.standards.address import Path
from mailplatform.standards.sasl.encoding import LONGEST
from mailplatform.trace import ids, record
from protocols.common.futures import Futures
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.living import Living
from protocols.common.sasl import keeper_of
from protocols.common.service import Doors, proxies_of, serve
from protocols.smtp.roles import Limits, limits_of
from protocols.smtp.service import INLINE, tell
from protocols.smtp.spine import Spine
from protocols.smtp.submission_session import People, SubmissionSession

log = logging.getLogger(__name__)

PROTOCOL = "submission"
"""The word of access.values.Scope that an app password for sending has."""
ENTITLED = ("access", "directory")
"""Channels that say that somebody's rights may have changed."""


def run(context: ServiceContext) -> None:
    """Serve until SIGTERM."""
    serve(context, build)


def build(context: ServiceContext, certificates: Certificates | None) -> Doors:
    """The listeners of this process, and what puts out those whose sign-in holds no longer."""
    site = context.site
    loop = asyncio.get_running_loop()
    bridge = Bridge(threads=max(1, site.submission.connections), name="submission")
    passwords = Bridge(site.access.hash_threads, name="submission-passwords")
    living = Living(
        bridge,
        per_account=site.submission.max_connections_per_address,
        poll_seconds=site.access.epoch_poll_seconds,
        role="submission",
    )
    folder = site.home / "spool"
    room = Room(folder if folder.is_dir() else None, int(site.smtp.spool_memory_bytes), int(site.smtp.spool_total_bytes))
    limits = _limits(site)
    counts = Connections(site.submission.max_connections, site.submission.max_connections_per_address)
    spine = house(bridge, loop)

    async def check_sender(identity: Identity, reverse_path: str) -> None:
        identities.check_reverse_path(await bridge.call(identities.sender, identity), reverse_path)

    def heard(_channel: str, _payload: str) -> None:
        loop.call_soon_threadsafe(living.hint)

    people = People(
        keeper_of(passwords, PROTOCOL),
        check_sender,
        sender_known,
        living,
        tuple(ip_network(text) for text in site.access.plaintext_networks),
        site.access.announce_scram,
    )
    subscribers = [
        admit.listen(),
        identities.listen(),
        pubsub.subscribe(list(ENTITLED), heard),
    ]
    looking = loop.create_task(living.run())

    def read_anew() -> None:
        """SIGHUP: new sessions live under the limits that the file names now."""
        nonlocal limits
        try:
            read = load(site.home, site.path)
        except SiteError as error:
            log.error("the limits of submission stay as they were: %s", error)
            return
        limits = _limits(read)
        counts.total, counts.per_client = read.submission.max_connections, read.submission.max_connections_per_address

    listeners = {
        name: Listener(
            name,
            lambda listener: SubmissionSession(listener, limits, spine, room, site.hostname, people),
            limits=counts,
            idle=limits.command_seconds,
            total=limits.session_seconds,
            tls=certificates,
            implicit_tls=way.tls == "implicit",
            proxies=proxies_of(context),
            proxy_seconds=site.proxy.timeout_seconds,
            handshake_seconds=site.tls.handshake_timeout_seconds,
        )
        for name, way in context.listeners.items()
        if certificates is not None or way.tls != "implicit"
    }

    async def stop() -> None:
        looking.cancel()
        await living.close()
        await asyncio.to_thread(arrivals.drain, site.smtp.drain_seconds)
        await asyncio.to_thread(record.flush, 2.0)
        for subscriber in subscribers:
            subscriber.stop()
        passwords.shutdown()
        bridge.shutdown()

    return Doors(listeners, site.smtp.drain_seconds, reload=[read_anew], stop=[stop])


def house(bridge: Bridge, loop: asyncio.AbstractEventLoop) -> Spine:
    """The spine of this installation, for those who signed in."""
    futures = Futures(loop)

    async def recipient(path: Path, transaction: Transaction) -> Recipient:
        return await bridge.call(admit.recipient, path, transaction.session, reverse_path=transaction.reverse_path)

    async def deliver(transaction: Transaction, spooled: Spooled) -> Accepted:
        identity = transaction.session.identity
        assert identity is not None, "MAIL was refused without one"
        sender = identities.known(identity)
        if sender is not None and spooled.size <= INLINE:
            unit = submit.prepare(transaction, spooled, identity, sender)
        else:
            unit = await bridge.write(submit.prepare, transaction, spooled, identity)
        return receive.accepted(unit, await futures.result(arrivals.put(unit)))

    return Spine(
        new_id=lambda at: ids.make(at, random.getrandbits),
        admit=recipient,
        deliver=deliver,
        known=lambda path, transaction: admit.known(path, transaction.session),
        refused=tell(record.later),
        now=clock.now,
    )


def sender_known(identity: Identity, reverse_path: str) -> bool:
    """Whether they surely may send under a reverse-path, without asking the database."""
    sender = identities.known(identity)
    return sender is not None and (not reverse_path or sender.may_send_as(reverse_path))


def _limits(site: SiteConfig) -> Limits:
    limits = limits_of(site.smtp)
    return replace(limits, line=max(limits.line, LONGEST + len("AUTH SCRAM-SHA-256 ")))
