"""What cannot wait for a tick: attempts that are due before the next one, and reports of what failed a moment ago.

The ledger tells what its commits left to be done; a timer a moment makes due items ready, and one task at a time makes reports.
All of it may be lost with this process: the ticks do the same, later.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from mailplatform.mailflow import upkeep
from mailplatform.runtime import clock
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import MailError
from mailplatform.transport.ledger import Ahead

log = logging.getLogger(__name__)
_GRAIN = 0.25  # seconds; moments within it share a timer, so there are never many
_BETWEEN_REPORTS = 1.0  # seconds


class Soon:
    """tick_seconds: what is due later than this is left to the ticks. Made inside the loop. wake: called when items are ready."""

    def __init__(self, bridge: Bridge, tick_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._bridge, self._tick_seconds = bridge, tick_seconds
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reporting = self._more = False
        self.wake: Callable[[], None] = lambda: None

    def told(self, ahead: Ahead) -> None:
        """From the ledger's thread."""
        try:
            self._loop.call_soon_threadsafe(self._note, ahead)
        except RuntimeError:
            log.debug("outbound: stopping, the ticks will do it")

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks:
            task.cancel()

    def _note(self, ahead: Ahead) -> None:
        now = clock.now()
        for due in ahead.dues:
            seconds = (due - now).total_seconds()
            moment = math.ceil(due.timestamp() / _GRAIN)
            if seconds < self._tick_seconds and moment not in self._timers:
                at = datetime.fromtimestamp(moment * _GRAIN, UTC)
                wait = max((at - now).total_seconds(), 0.0)
                self._timers[moment] = self._loop.call_later(wait, self._release, moment)
        if ahead.reports:
            self._more = True
            if not self._reporting:
                self._reporting = True
                self._begin(self._report())

    def _release(self, moment: int) -> None:
        self._timers.pop(moment, None)
        self._begin(self._make_ready())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make_ready(self) -> None:
        try:
            await self._bridge.write(upkeep.release, clock.now())
        except MailError as error:
            log.warning("outbound: due mail waits for the next tick: %s", error.private or error.public)
            return
        self.wake()

    async def _report(self) -> None:
        try:
            while self._more:
                self._more = False
                await self._bridge.write(upkeep.report, clock.now())
                await asyncio.sleep(_BETWEEN_REPORTS)
        except MailError as error:
            log.warning("outbound: reports wait for the next tick: %s", error.private or error.public)
        finally:
            self._reporting = False
