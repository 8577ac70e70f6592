"""The role `smtp`: the MX door, bound to the house (`run` is named in the service table).

RCPT goes to mailflow.admit, over a small pool of database threads when its memory does not know; the end of data to
mailflow.receive (small messages are prepared on the loop, since a thread costs more than the work; large ones in the
pool) and on to mailflow.arrivals, whose future ends after the commit. Refusals are traced behind the session's back.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from mailplatform.mailflow import admit, arrivals, receive
from mailplatform.mailflow.transaction import Accepted, Recipient, Transaction
from mailplatform.runtime import clock, metrics
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.spool import Room, Spooled
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.service import ServiceContext
from mailplatform.settings.site import SiteError, load
from mailplatform.standards.address import Path
from mailplatform.trace import ids, record
from mailplatform.trace.events import Code, Direction, VerdictCode
from mailplatform.trace.record import EventRow, MessageRow
from protocols.common.futures import Futures
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.living import Living
from protocols.common.service import Doors, proxies_of, serve
from protocols.smtp.roles import MX, limits_of
from protocols.smtp.session import SmtpSession
from protocols.smtp.spine import Refused, Spine

log = logging.getLogger(__name__)

REFUSALS = metrics.Counter(
    "refusals_total", "Refused sessions, transactions and recipients, by verdict and stage.", "verdict", "stage"
)

INLINE = 64 * 1024
"""Messages up to so many octets are prepared on the loop (0.2 ms for 5 KB)."""


def run(context: ServiceContext) -> None:
    """Serve until SIGTERM."""
    serve(context, build)


def build(context: ServiceContext, certificates: Certificates | None) -> Doors:
    """The MX listener of this process."""
    site = context.site
    bridge = Bridge(threads=max(1, site.smtp.connections), name="smtp")
    limits = limits_of(site.smtp)
    folder = site.home / "spool"
    room = Room(folder if folder.is_dir() else None, int(site.smtp.spool_memory_bytes), int(site.smtp.spool_total_bytes))
    loop = asyncio.get_running_loop()
    spine = house(bridge, loop)
    living = Living(bridge, poll_seconds=site.access.epoch_poll_seconds, role="smtp")
    looking = loop.create_task(living.run())
    subscriber = admit.listen()
    counts = Connections(site.smtp.max_connections, site.smtp.max_connections_per_address)

    def read_anew() -> None:
        """SIGHUP: new sessions live under the limits that the file names now."""
        nonlocal limits
        try:
            smtp = load(site.home, site.path).smtp
        except SiteError as error:
            log.error("the limits of SMTP stay as they were: %s", error)
            return
        limits = limits_of(smtp)
        counts.total, counts.per_client = smtp.max_connections, smtp.max_connections_per_address

    def session(listener: Listener) -> SmtpSession:
        return SmtpSession(listener, MX, limits, spine, room, site.hostname, living)

    listener = Listener(
        "smtp",
        session,
        limits=counts,
        idle=limits.command_seconds,
        total=limits.session_seconds,
        tls=certificates,
        proxies=proxies_of(context),
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

    return Doors({"smtp": listener}, site.smtp.drain_seconds, reload=[read_anew], stop=[stop])


def house(bridge: Bridge, loop: asyncio.AbstractEventLoop) -> Spine:
    """The spine of this installation."""
    futures = Futures(loop)

    async def recipient(path: Path, transaction: Transaction) -> Recipient:
        return await bridge.call(admit.recipient, path, transaction.session, reverse_path=transaction.reverse_path)

    async def deliver(transaction: Transaction, spooled: Spooled) -> Accepted:
        if spooled.size <= INLINE:
            unit = receive.prepare(transaction, spooled)
        else:
            unit = await bridge.write(receive.prepare, transaction, spooled)
        return receive.accepted(unit, await futures.result(arrivals.put(unit)))

    return Spine(
        new_id=lambda at: ids.make(at, random.getrandbits),
        admit=recipient,
        deliver=deliver,
        known=lambda path, transaction: admit.known(path, transaction.session),
        refused=tell(record.later),
        now=clock.now,
    )


def tell(later: Callable[..., None]) -> Callable[[Refused], None]:
    """How refusals are written into the trace: a row a recipient that a search can find, and an event that says why."""

    def told(refused: Refused) -> None:
        REFUSALS.add(1, "deferred" if refused.passing else "refused", refused.stage)
        session = refused.session
        if refused.stage == "session":
            params = {"client": session.client_address, "reason": "limit", "reply": refused.reply}
            later(EventRow(session.id, Code.SESSION_REFUSED, params))
            return
        direction = Direction.SUBMITTED if session.protocol == "submission" else Direction.INBOUND
        code, verdict = (Code.DEFERRED, VerdictCode.DEFERRED) if refused.passing else (Code.REFUSED, VerdictCode.REFUSED)
        for path in refused.forward_paths or ("",):
            later(
                MessageRow(
                    trace_id=refused.trace_id or session.id,
                    direction=direction,
                    reverse_path=refused.reverse_path,
                    forward_path=path,
                    verdict=verdict,
                    reason=refused.stage,
                    client=session.client_address,
                    helo=session.helo,
                ),
                EventRow(
                    refused.trace_id or session.id,
                    code,
                    {"recipient": path, "reason": refused.stage, "reply": refused.reply, "stage": refused.stage},
                ),
            )

    return told
