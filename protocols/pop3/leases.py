"""Which maildrops this process holds open: renewed together, a few times within a lease, so that nobody waits long for a process
that died. A session that lost its lease (the database was away for longer) is put out: another may have come in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import MailError
from mailplatform.store import maildrop

log = logging.getLogger(__name__)


class Leases:
    """All of a process. seconds: how long a lease lasts without being renewed."""

    def __init__(self, bridge: Bridge, *, seconds: float = 10.0) -> None:
        self._bridge = bridge
        self.seconds = seconds
        self._held: dict[UUID, tuple[int, Callable[[], None]]] = {}

    def hold(self, holder: UUID, account_id: int, lost: Callable[[], None]) -> None:
        """Renew from now on; lost: called on the event loop when it is no longer ours."""
        self._held[holder] = (account_id, lost)

    def drop(self, holder: UUID) -> None:
        """Renew no more."""
        self._held.pop(holder, None)

    async def run(self) -> None:
        """Renew for ever."""
        while True:
            await asyncio.sleep(self.seconds / 4)
            if self._held:
                await self._renew()

    async def _renew(self) -> None:
        asked = {holder: account_id for holder, (account_id, _) in self._held.items()}
        try:
            still = await self._bridge.call(maildrop.renew, asked, lease_seconds=self.seconds)
        except MailError as error:
            log.warning("pop3: leases cannot be renewed: %s", error.private or error.public)
            return
        except Exception:  # a task that dies would let every lease run out
            log.exception("pop3: leases cannot be renewed")
            return
        for holder in asked.keys() - still:
            if entry := self._held.pop(holder, None):
                log.warning("pop3: the maildrop of account %d is no longer ours", entry[0])
                entry[1]()
