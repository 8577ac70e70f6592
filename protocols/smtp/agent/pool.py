"""Links that have carried a message and wait a moment for the next one to the same place.

Invariants: a link is in one hand at a time; it carries so many messages and lives so long at most; it waits for seconds only,
since a server pays for every connection; all that wait are bounded, and who has waited longest goes first. A server that says
something while nobody asked (a goodbye) ends its link.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from protocols.smtp.agent.link import GOODBYE, Link

if TYPE_CHECKING:
    from mailplatform.settings.defaults import Outbound


class Pool:
    """By the terms of `[outbound]`, in one event loop."""

    def __init__(self, terms: Outbound) -> None:
        self._terms = terms
        self._waiting: dict[str, list[Link]] = {}
        self._timers: dict[Link, tuple[str, asyncio.TimerHandle]] = {}  # in the order in which they came

    def __len__(self) -> int:
        return len(self._timers)

    def take(self, key: str) -> Link | None:
        """The link that has waited shortest, if one still lives."""
        while links := self._waiting.get(key):
            link = links[-1]
            self._forget(link)
            if link.is_usable:
                return link
            link.quit()
        return None

    def give(self, key: str, link: Link) -> None:
        """A link whose transaction is over: keep it for the next, or end it."""
        loop = asyncio.get_running_loop()
        left = link.opened_at + self._terms.reuse_seconds - loop.time()
        seconds = min(self._terms.reuse_idle_seconds, left)
        if not link.is_usable or link.sent >= self._terms.reuse_messages or seconds <= 0 or self._terms.idle_connections <= 0:
            link.quit()
            return
        while len(self._timers) >= self._terms.idle_connections:
            self._end(next(iter(self._timers)))
        self._waiting.setdefault(key, []).append(link)
        self._timers[link] = (key, loop.call_later(seconds, self._end, link))

    async def close(self) -> None:
        """End all that wait, politely."""
        links = list(self._timers)
        for link in links:
            self._end(link)
        if links:
            await asyncio.wait([asyncio.ensure_future(link.gone()) for link in links], timeout=GOODBYE + 1)

    def _end(self, link: Link) -> None:
        self._forget(link)
        link.quit()

    def _forget(self, link: Link) -> None:
        key, timer = self._timers.pop(link)
        timer.cancel()
        links = self._waiting[key]
        links.remove(link)
        if not links:
            del self._waiting[key]
