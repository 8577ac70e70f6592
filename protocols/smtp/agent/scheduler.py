"""Whose turn it is: claims what is due, keeps as many attempts under way as there are slots, writes what they came to.

One loop claims (transport.destinations chooses, transport.ledger writes), one task an attempt carries (the DeliveryAgent), and
what an attempt said is settled behind it, while its slot serves the next. Nothing here knows SMTP.

Invariants: attempts under way and results not yet written are bounded by the slots, whatever the length of the queue; before a
final dot the lease is looked at and the doubt committed; a result is written as often as it takes, and its token tells whether
it counts; leases under way get a sign of life three times in their life; on stop, what was not begun is given back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import MailError
from mailplatform.transport import destinations, lease, ledger
from mailplatform.transport.agents import DeliveryAgent
from mailplatform.transport.destinations import Limits, Standing
from mailplatform.transport.ledger import Claim, Ledger, Mark, Settle
from mailplatform.transport.values import SMTP, Lease
from protocols.common.futures import Futures

if TYPE_CHECKING:
    from mailplatform.settings.defaults import Outbound

log = logging.getLogger(__name__)
_LOOK = 500  # destinations looked at in one round
_PAUSE = 1.0  # seconds after the database was away
_SLOW_FOR = 60.0  # seconds that a destination counts as slow after it was


class _Kind(Enum):
    """The share of the slots that an attempt counts among."""

    WELL, DOUBTFUL, SLUGGISH = 1, 2, 3


class Scheduler:
    """agent: carries one lease. loaded: told of new leases before they are carried (content may be read for all at once)."""

    def __init__(
        self,
        agent: DeliveryAgent,
        book: Ledger,
        bridge: Bridge,
        terms: Outbound,
        *,
        now: Callable[[], datetime],
        transport: str = SMTP,
        loaded: Callable[[list[Lease]], None] = lambda _leases: None,
    ) -> None:
        self._agent = agent
        self._book = book
        self._bridge = bridge
        self._terms = terms
        self._now = now
        self._transport = transport
        self._loaded = loaded
        self._limits = Limits(int(terms.slots), int(terms.destination_slots))
        self._futures = Futures(asyncio.get_running_loop())
        self._wake = asyncio.Event()
        self._after = ""
        self._under_way: Counter[str] = Counter()
        self._kinds: dict[asyncio.Task[None], _Kind] = {}  # which share an attempt counts among
        self._counts: Counter[_Kind] = Counter()
        self._slow: dict[str, float] = {}  # destination → until when it counts as slow (loop time)
        self._carrying: dict[asyncio.Task[None], Lease] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._stopped = False
        self.carried = 0  # attempts that ended

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._carrying and not self._settling

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until stopping; then attempts under way have `drain_seconds` to end."""
        heart = asyncio.ensure_future(self._heartbeat())
        ending = asyncio.ensure_future(stopping.wait())
        ending.add_done_callback(lambda _: self._wake.set())
        try:
            while not stopping.is_set():
                self._wake.clear()
                try:
                    if await self.claim():
                        continue
                except MailError as error:
                    log.warning("outbound: the queue cannot be read: %s", error.private or error.public)
                    await asyncio.sleep(_PAUSE)
                    continue
                await self._woken()
        finally:
            await self._drain()
            heart.cancel()
            ending.cancel()

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(self._terms.poll_seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def claim(self) -> bool:
        """One round: take what may be begun now, and begin it. True when another round may find more at once."""
        free = self._limits.slots - len(self._carrying)
        if free <= 0 or len(self._settling) > 2 * self._limits.slots:
            return False
        after = self._after
        candidates = await self._waiting(after)
        slow = self._slow_ones()
        counted = {"doubtful": self._counts[_Kind.DOUBTFUL], "sluggish": self._counts[_Kind.SLUGGISH]}
        shares = destinations.share(candidates, self._under_way, slow, self._limits, **counted)
        whole = after == "" and len(candidates) < _LOOK
        if not shares:
            self._after = candidates[-1].name if len(candidates) == _LOOK else ""
            return not whole and self._after != ""
        standings = {one.name: one for one in candidates}
        self._after = "" if whole and len(shares) == len(candidates) else list(shares)[-1]
        leases: list[Lease] = await self._futures.result(self._book.put(Claim(shares)))
        if leases:
            self._loaded(leases)
        for one in leases:
            self._begin(one, standings.get(one.destination) or Standing(one.destination), slow)
        return bool(leases)

    async def _waiting(self, after: str) -> list[Standing]:
        """Candidates in turn: those behind the last one that had its turn, then from the beginning."""

        async def look(after: str, limit: int) -> list[Standing]:
            return await self._bridge.call(destinations.waiting, self._transport, after=after, limit=limit, now=self._now())

        found = await look(after, _LOOK)
        if after and len(found) < _LOOK:
            names = {one.name for one in found}
            first = await look("", _LOOK - len(found))
            found += [one for one in first if one.name not in names]
        return found

    def _slow_ones(self) -> frozenset[str]:
        now = asyncio.get_running_loop().time()
        for name in [name for name, until in self._slow.items() if until < now]:
            del self._slow[name]
        return frozenset(self._slow)

    def _begin(self, one: Lease, standing: Standing, slow: frozenset[str]) -> None:
        kind = _Kind.WELL
        if one.destination in slow:
            kind = _Kind.SLUGGISH
        elif destinations.is_doubtful(standing):
            kind = _Kind.DOUBTFUL
        self._under_way[one.destination] += 1
        task = asyncio.ensure_future(self._carry(one, standing))
        self._carrying[task], self._kinds[task] = one, kind
        self._counts[kind] += 1
        task.add_done_callback(partial(self._ended, one.destination))

    def _ended(self, destination: str, task: asyncio.Task[None]) -> None:
        self._carrying.pop(task, None)
        self._counts[self._kinds.pop(task)] -= 1
        self._under_way[destination] -= 1
        if self._under_way[destination] <= 0:
            del self._under_way[destination]
        self.carried += 1
        self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("outbound: an attempt at %s broke", destination, exc_info=task.exception())

    async def _carry(self, one: Lease, standing: Standing) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        patience = loop.call_later(self._terms.slow_seconds, lambda: self._is_slow(one.destination, task))
        try:
            outcomes = await self._agent.deliver(one, before_dot=partial(self._mark, one))
        finally:
            patience.cancel()
        if not outcomes:
            log.warning("outbound: %s: the lease at %s was lost", one.message.trace_id, one.destination)
            return
        settling = asyncio.ensure_future(self._settle(Settle(one, tuple(outcomes), standing.failures, standing.proven)))
        self._settling.add(settling)
        settling.add_done_callback(self._settled)

    def _is_slow(self, destination: str, task: asyncio.Task[None]) -> None:
        """From now on it counts among the slow, while there is room: those that nobody knows yet have their turn."""
        self._slow[destination] = asyncio.get_running_loop().time() + _SLOW_FOR
        if self._counts[_Kind.SLUGGISH] < self._limits.doubtful:
            self._counts[self._kinds[task]] -= 1
            self._counts[_Kind.SLUGGISH] += 1
            self._kinds[task] = _Kind.SLUGGISH
            self._wake.set()

    async def _mark(self, one: Lease) -> bool:
        """Whether the dot may be sent."""
        try:
            return bool(await self._futures.result(self._book.put(Mark(one.items))))
        except MailError:
            return False

    async def _settle(self, unit: Settle) -> None:
        while True:
            try:
                await self._futures.result(self._book.put(unit))
                return
            except MailError as error:
                log.warning("outbound: a result waits for the database: %s", error.private or error.public)
                await asyncio.sleep(_PAUSE)

    def _settled(self, task: asyncio.Task[None]) -> None:
        self._settling.discard(task)
        self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("outbound: a result could not be written", exc_info=task.exception())

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self._terms.lease_seconds / 3)
            held = [item for one in self._carrying.values() for item in one.items]
            try:
                await self._bridge.write(ledger.renew, held, self._now())
            except MailError as error:
                log.warning("outbound: leases could not be renewed: %s", error.private or error.public)

    async def _drain(self) -> None:
        """Let attempts end; those that do not are cut off, and what no dot was sent for is given back."""
        if self._carrying:
            await asyncio.wait(list(self._carrying), timeout=self._terms.drain_seconds)
        left = dict(self._carrying)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(list(left))
            try:
                await self._bridge.write(lease.give_back, [item for one in left.values() for item in one.items])
            except MailError:
                log.warning("outbound: %d leases are left to run out", len(left))
        if self._settling:
            await asyncio.wait(list(self._settling), timeout=self._terms.drain_seconds)
