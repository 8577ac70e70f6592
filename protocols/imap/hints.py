"""What wakes idle sessions: hints from other processes, and a tick once a second in case a hint was lost.

A hint says only that an account changed; the woken session asks the store what. The tick is one query for all idle sessions of
the process, and none when nobody idles.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import MailError
from mailplatform.store import changes

log = logging.getLogger(__name__)


class Waiting(Protocol):
    """A session that has a folder selected."""

    @property
    def idling(self) -> bool:
        """Whether it may be told of changes now."""

    def wake(self) -> None:
        """Look for changes."""


@dataclass(slots=True, eq=False)
class Watch:
    """One selected folder of one session; `known` says up to which modseq its client was told."""

    account_id: int
    folder_id: int
    session: Waiting
    known: Callable[[], int]


class Hints:
    """All watches of a process, by account."""

    def __init__(self, bridge: Bridge, *, tick_seconds: float = 1.0) -> None:
        self._bridge = bridge
        self._tick_seconds = tick_seconds
        self._watches: dict[int, set[Watch]] = {}

    def watch(self, watch: Watch) -> None:
        """Begin to watch."""
        self._watches.setdefault(watch.account_id, set()).add(watch)

    def unwatch(self, watch: Watch) -> None:
        """End it; may be called twice."""
        watches = self._watches.get(watch.account_id)
        if watches is None:
            return
        watches.discard(watch)
        if not watches:
            del self._watches[watch.account_id]

    def watched(self, account_ids: Iterable[int]) -> list[int]:
        """Those of the accounts that anybody watches here; may be asked in any thread."""
        return [account_id for account_id in account_ids if account_id in self._watches]

    def hint(self, account_ids: Iterable[int]) -> None:
        """Something changed in these accounts; called on the event loop."""
        for account_id in account_ids:
            for watch in self._watches.get(account_id, ()):
                if watch.session.idling:
                    watch.session.wake()

    async def run(self) -> None:
        """Tick for ever."""
        while True:
            await asyncio.sleep(self._tick_seconds)
            idle = [watch for watches in self._watches.values() for watch in watches if watch.session.idling]
            if not idle:
                continue
            try:
                now = await self._bridge.call(changes.highest_of, sorted({watch.folder_id for watch in idle}))
            except MailError as error:
                log.warning("imap: the tick found no database: %s", error.private)
                continue
            except Exception:  # a tick that dies would leave every idle session deaf
                log.exception("imap: the tick failed")
                continue
            for watch in idle:
                if now.get(watch.folder_id, -1) != watch.known() and watch.session.idling:
                    watch.session.wake()
