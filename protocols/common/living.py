"""Who is in, by account: how many connections one may hold, and who must leave because their sign-in holds no longer.

A hint of the channels "access" or "directory" says only that rights may have changed; without hints the epochs are read every
`poll_seconds`. The read is the truth: when an epoch has moved, all identities of the process are judged in one statement, and
so is everyone who came in since the last look (a sign-in may race with a change). An idle process without sessions asks nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Protocol

from mailplatform.access import sessions
from mailplatform.access.values import Identity
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import LimitReached, MailError

log = logging.getLogger(__name__)

REST = 0.1
"""Seconds between two looks: a job that changes a thousand accounts is not a thousand questions."""


class Putable(Protocol):
    """A session that somebody has signed in to."""

    def put_out(self) -> None:
        """End it."""


class Living:
    """All signed-in sessions of a process. per_account: connections that one account may hold here."""

    def __init__(self, bridge: Bridge, *, per_account: int = 100, poll_seconds: float = 2.0) -> None:
        self._bridge = bridge
        self._per_account = per_account
        self._poll_seconds = poll_seconds
        self._sessions: dict[Putable, Identity] = {}
        self._fresh: set[Putable] = set()
        self._counts: Counter[int] = Counter()
        self._seen: tuple[int, int] | None = None
        self._hinted = asyncio.Event()

    def enter(self, session: Putable, identity: Identity) -> None:
        """Count a session in. Raises LimitReached."""
        account_id = identity.account_id or 0
        if self._counts[account_id] >= self._per_account:
            raise LimitReached(f"an account may hold {self._per_account} connections", subject="connections")
        self._counts[account_id] += 1
        self._sessions[session] = identity
        self._fresh.add(session)

    def leave(self, session: Putable) -> None:
        """Count it out; also for one that never came in."""
        identity = self._sessions.pop(session, None)
        self._fresh.discard(session)
        if identity is not None:
            account_id = identity.account_id or 0
            self._counts[account_id] -= 1
            if not self._counts[account_id]:
                del self._counts[account_id]

    def hint(self) -> None:
        """Look soon; called on the event loop."""
        self._hinted.set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await asyncio.wait_for(self._hinted.wait(), self._poll_seconds)
            except TimeoutError:
                pass
            self._hinted.clear()
            if not self._sessions:
                continue
            try:
                await self._look()
            except MailError as error:
                log.warning("rights cannot be read: %s", error.private)
            except Exception:
                log.exception("rights cannot be read")
            await asyncio.sleep(REST)

    async def _look(self) -> None:
        fresh = frozenset(self._fresh)
        now = await self._bridge.call(sessions.epochs)
        who = dict(self._sessions) if now != self._seen else {one: self._sessions[one] for one in fresh & self._fresh}
        if who:
            entitled = await self._bridge.call(sessions.entitled, list(who.values()))
            for session, identity in who.items():
                if identity.credential_id not in entitled and session in self._sessions:
                    session.put_out()
        self._seen = now
        self._fresh -= who.keys()
