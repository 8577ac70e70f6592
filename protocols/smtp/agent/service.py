"""The role `outbound`: the only one that opens connections to other mail servers (`run` is named in the service table).

It binds the carrier (agent.py) to the house: content is read through a small lane of database threads, claims and results go
through the queue's ledger. When no tick of Celery has come for a while it does the ticks' work itself, so that mail moves, is
tried again and goes back in time without Valkey, worker or beat.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import uvloop

from mailplatform.mailflow import arrivals, upkeep
from mailplatform.runtime import clock, health, pubsub
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import MailError
from mailplatform.settings.service import ServiceContext
from mailplatform.settings.site import SiteConfig
from mailplatform.store import blobs
from mailplatform.transport import settle
from mailplatform.transport.agents import agent_for
from mailplatform.transport.ledger import Ledger
from mailplatform.transport.values import SMTP, Lease
from protocols.common.service import beat, tune_collector
from protocols.smtp.agent.content import SMALL
from protocols.smtp.agent.scheduler import Scheduler
from protocols.smtp.agent.soon import Soon

log = logging.getLogger(__name__)
CHANNEL = "queue.smtp"
WITHOUT_TICKS = "without-ticks"  # in run/; manage.py status reads it
_SWEEP_SECONDS = 5.0
_MOST_SWEPT = 500


def run(context: ServiceContext) -> None:
    """Carry until SIGTERM; then attempts under way are brought to their end."""
    tune_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(context))


async def _serve(context: ServiceContext) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def terminate() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    loop.add_signal_handler(signal.SIGTERM, terminate)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def ready() -> None:
        context.ready()
        beat(context, loop)

    await serve(context.site, stopping, ready=ready)


async def serve(site: SiteConfig, stopping: asyncio.Event, *, ready: Callable[[], None] = lambda: None) -> None:
    """The role in this loop, until stopping."""
    loop, terms = asyncio.get_running_loop(), site.outbound
    bridge = Bridge(threads=max(1, int(terms.connections)), name="outbound")
    contents = Contents(bridge)
    agent = agent_for(SMTP).for_site(site, contents.read)
    soon = Soon(bridge, site.tasks.tick_seconds)
    book = Ledger(ahead=soon.told)
    scheduler = Scheduler(agent, book, bridge, terms, now=clock.now, loaded=contents.expect)

    def hinted(_channel: str, _payload: str) -> None:
        loop.call_soon_threadsafe(scheduler.wake)

    soon.wake = scheduler.wake
    subscriber = pubsub.subscribe([CHANNEL], hinted)
    keeping = asyncio.ensure_future(_keep(bridge, scheduler, terms.tick_missing_seconds, site.home / "run" / WITHOUT_TICKS))
    health.current().lives("loop", health.loop_turns(loop.call_soon_threadsafe))
    ready()
    log.info("outbound: %d slots", int(terms.slots))
    try:
        await scheduler.run(stopping)
    finally:
        keeping.cancel()
        soon.close()
        subscriber.stop()
        await agent.close()
        await asyncio.to_thread(book.drain, 5.0)
        await asyncio.to_thread(arrivals.drain, 5.0)
        bridge.shutdown()


async def _keep(bridge: Bridge, scheduler: Scheduler, missing_seconds: float, mark: Path) -> None:
    """Sweep what is finished; do the ticks' work while there are no ticks."""
    look = min(max(missing_seconds / 6, 0.2), 10.0)
    looked = 0.0
    loop = asyncio.get_running_loop()
    while True:
        try:
            while await bridge.write(settle.sweep) >= _MOST_SWEPT:
                pass
            if loop.time() - looked >= look:
                looked = loop.time()
                alone = await bridge.write(upkeep.by_agent)
                tell(mark, alone)
                if alone:
                    scheduler.wake()
        except MailError as error:
            log.warning("outbound: upkeep waits for the database: %s", error.private or error.public)
        except Exception:
            log.exception("outbound: upkeep failed, and is tried again")
        await asyncio.sleep(min(look, _SWEEP_SECONDS))


def tell(mark: Path, alone: bool) -> None:
    """A file for `manage.py status`: since when there are no ticks."""
    try:
        if not alone:
            mark.unlink(missing_ok=True)
        elif not mark.exists():
            mark.write_text(clock.now().isoformat(timespec="seconds"), "utf-8")
            log.warning("outbound: no tick has come for a while; due mail is released here")
    except OSError as error:
        log.warning("outbound: %s cannot be written: %s", mark, error)


class Contents:
    """Contents of blobs for the carrier. Small ones of a claim are read together, in one question, and kept until asked for."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._coming: dict[int, asyncio.Future[dict[int, bytes]]] = {}
        self._wanted: dict[int, int] = {}  # blob → leases that have not read it yet

    def expect(self, leases: list[Lease]) -> None:
        """These are about to be carried."""
        small = [one.message for one in leases if one.message.size <= SMALL // 4]
        new = list({message.blob_id for message in small} - self._coming.keys())
        if new:
            reading = asyncio.ensure_future(self._bridge.call(blobs.read, new))
            reading.add_done_callback(lambda done: done.cancelled() or done.exception())
            for blob_id in new:
                self._coming[blob_id] = reading
        for message in small:
            self._wanted[message.blob_id] = self._wanted.get(message.blob_id, 0) + 1

    async def read(self, blob_id: int) -> AsyncIterator[bytes]:
        """The content in pieces. Raises MailError."""
        reading = self._coming.get(blob_id)
        if reading is None:
            pieces = await self._bridge.call(blobs.stream, blob_id)
            while (piece := await self._bridge.call(next, pieces, b"")) != b"":
                yield piece
            return
        self._wanted[blob_id] -= 1
        if self._wanted[blob_id] <= 0:
            del self._wanted[blob_id], self._coming[blob_id]
        found = await asyncio.shield(reading)
        if blob_id not in found:
            raise MailError(private=f"blob {blob_id} is gone")
        yield found[blob_id]
