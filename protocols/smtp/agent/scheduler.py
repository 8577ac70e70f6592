"""Whose turn it is: claims what is due, keeps as many attempts under way as there are slots, writes what they came to.

One loop claims (transport.destinations chooses, transport.ledger writes), one task an attempt carries (the DeliveryAgent), and
what an attempt said is settled behind it, while its slot serves the next, which is in hand already. Nothing here knows SMTP.

Invariants: leases in hand and results not yet written are bounded by the slots, whatever the length of the queue; before a final
dot the lease is looked at and the doubt committed; a result is written as often as it takes, and its token tells whether it
counts; leases in hand get a sign of life three times in their life; on stop, what was not begun is given back. Where the quarter
of the failing, the unproven and the slow is full and others of them wait for a first turn, an attempt that has taken
`put_off_seconds` without coming to its dot is put off: a server that is merely slow has its whole time whenever there is room.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import MailError
from mailplatform.transport import destinations, lease, ledger
from mailplatform.transport.agents import DeliveryAgent
from mailplatform.transport.destinations import Limits, Standing
from mailplatform.transport.ledger import Claim, Ledger, Mark, Settle
from mailplatform.transport.values import BEFORE_MAIL, SMTP, Ending, Lease, LeasedItem, Outcome, Stage
from protocols.common.futures import Futures
from protocols.smtp.agent.hands import Hand, Hands, Kind

if TYPE_CHECKING:
    from mailplatform.settings.defaults import Outbound

log = logging.getLogger(__name__)
_LOOK = 500  # destinations looked at in one round
_PAUSE = 1.0  # seconds after the database was away
_REST = 2.0  # times as long as the last look at the queue took, until the next
_SLOW_FOR = 60.0  # seconds that a destination counts as slow after it was


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
        self._limits = Limits(int(terms.slots), int(terms.destination_slots), ahead=int(terms.slots) // 4)
        self._loop = asyncio.get_running_loop()
        self._futures = Futures(self._loop)
        self._wake = asyncio.Event()
        self._after = ""
        self._hands = Hands(self._limits)
        self._slow: dict[str, float] = {}  # destination → until when it counts as slow (loop time)
        self._settling: set[asyncio.Task[None]] = set()
        self._returning: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._looked = 0.0  # seconds that the last look at the queue took

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
                        await asyncio.sleep(_REST * self._looked)
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
        hands, limits = self._hands, self._limits
        if hands.free <= 0 or len(self._settling) > 2 * limits.slots:
            return False
        after = self._after
        began = self._loop.time()
        candidates = await self._waiting(after)
        self._looked = self._loop.time() - began
        slow = self._slow_ones()
        shares = destinations.share(candidates, hands.held, slow, limits, burdens=hands.burdens, sluggish=hands.sluggish)
        self._make_room(destinations.kept_out(candidates, hands.held, slow, limits, burdens=hands.burdens))
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
            hands.take(one, standings.get(one.destination) or Standing(one.destination), slow)
        while self._begin():
            pass
        return bool(leases)

    def _make_room(self, number: int) -> None:
        """Put off so many attempts that have had their time."""
        for hand in self._hands.dragging(self._loop.time() - self._terms.put_off_seconds)[:number]:
            hand.put_off = True
            assert hand.task is not None
            hand.task.cancel()

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
        now = self._loop.time()
        for name in [name for name, until in self._slow.items() if until < now]:
            del self._slow[name]
        return frozenset(self._slow)

    def _begin(self, destination: str = "") -> bool:
        """Begin what is next in hand, at this destination rather than elsewhere; whether there was something."""
        hand = self._hands.next(destination)
        if hand is None:
            return False
        hand.began = self._loop.time()
        hand.task = asyncio.ensure_future(self._carry(hand))
        hand.task.add_done_callback(partial(self._ended, hand))
        return True

    def _ended(self, hand: Hand, task: asyncio.Task[None]) -> None:
        self._hands.ended(hand)
        if not self._stopping:
            self._begin(hand.destination)
        if self._hands.is_short(hand.destination):
            self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("outbound: an attempt at %s broke", hand.destination, exc_info=task.exception())

    async def _carry(self, hand: Hand) -> None:
        one = hand.lease
        patience = self._loop.call_later(self._terms.slow_seconds, self._is_slow, hand)
        try:
            outcomes = await self._agent.deliver(one, before_dot=partial(self._mark, hand))
        except asyncio.CancelledError:
            if not hand.put_off:
                raise
            outcomes = _put_off(one, self._loop.time() - hand.began)
        finally:
            patience.cancel()
        if not outcomes:
            log.warning("outbound: %s: the lease at %s was lost", one.message.trace_id, one.destination)
            return
        if all(outcome.stage in BEFORE_MAIL and outcome.kind is Ending.DEFERRED for outcome in outcomes):
            self._return(hand.destination)
        settling = asyncio.ensure_future(self._settle(Settle(one, tuple(outcomes), hand.standing.failures, hand.standing.proven)))
        self._settling.add(settling)
        settling.add_done_callback(partial(self._settled, hand))

    def _is_slow(self, hand: Hand) -> None:
        """From now on it counts among the slow, and its destination has fewer attempts at once."""
        self._slow[hand.destination] = self._loop.time() + _SLOW_FOR
        self._hands.slows(hand)
        self._return(hand.destination)
        self._wake.set()

    def _return(self, destination: str) -> None:
        """What is in hand for a destination that fails or is slow waits in the queue rather than here."""
        given = self._hands.give_up(destination)
        if given:
            back = asyncio.ensure_future(self._give_back([item for hand in given for item in hand.lease.items]))
            self._returning.add(back)
            back.add_done_callback(self._returning.discard)

    async def _give_back(self, items: list[LeasedItem]) -> None:
        try:
            await self._bridge.write(lease.give_back, items)
        except MailError:
            log.warning("outbound: %d leases are left to run out", len(items))

    async def _mark(self, hand: Hand) -> bool:
        """Whether the dot may be sent."""
        hand.dotted = True
        try:
            return bool(await self._futures.result(self._book.put(Mark(hand.lease.items))))
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

    def _settled(self, hand: Hand, task: asyncio.Task[None]) -> None:
        self._settling.discard(task)
        if hand.kind is not Kind.WELL or not self._hands.held or len(self._settling) == self._limits.slots:
            self._wake.set()  # what is known of its destination may have changed
        if not task.cancelled() and task.exception() is not None:
            log.error("outbound: a result could not be written", exc_info=task.exception())

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self._terms.lease_seconds / 3)
            try:
                await self._bridge.write(ledger.renew, list(self._hands.items()), self._now())
            except MailError as error:
                log.warning("outbound: leases could not be renewed: %s", error.private or error.public)

    async def _drain(self) -> None:
        """Let attempts end; those that do not are cut off, and what no dot was sent for is given back."""
        self._stopping = True
        back = self._hands.give_up()
        tasks = [hand.task for hand in self._hands.under_way if hand.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self._terms.drain_seconds)
        left = self._hands.under_way
        tasks = [hand.task for hand in left if hand.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if back or left:
            await self._give_back([item for hand in (*back, *left) for item in hand.lease.items])
        if self._settling or self._returning:
            await asyncio.wait([*self._settling, *self._returning], timeout=self._terms.drain_seconds)


def _put_off(one: Lease, seconds: float) -> list[Outcome]:
    """What is said of an attempt that was cut short before its dot."""
    words = f"no message taken within {seconds:.0f} s, put off so that other destinations have their turn"
    return [
        Outcome(item.item_id, item.token, Ending.DEFERRED, words, enhanced="4.4.2", stage=Stage.GREETING) for item in one.items
    ]
