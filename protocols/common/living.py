"""Who is connected, and who must leave: how many connections an account may hold, what an administrator sees of each, and whose
sign-in holds no longer.

Each connection of a process has an `Entry`. Entries are told of changes and mark themselves; one task writes what is marked, in
bulk, about once a second (access.living), so nothing on the way of a command waits for it. A second task looks at the epochs
every `poll_seconds` while there are sessions, or on a hint of the channels "access" or "directory", which says only that
something may have changed. The look is the truth: when an epoch has moved, all identities of the process are judged in one
statement, and so is everyone who came in since the last look (a sign-in may race with a change); and sessions whose end an
administrator asked for are put out. An idle process without sessions asks nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Coroutine, Iterable
from datetime import timedelta
from typing import Any, Protocol

from mailplatform.access import living, sessions
from mailplatform.access.living import Process, SessionRow
from mailplatform.access.sessions import Out, Present
from mailplatform.access.values import Identity
from mailplatform.runtime import clock
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import LimitReached, MailError

log = logging.getLogger(__name__)

__all__ = ["Entry", "Guest", "Living", "Out"]

REST = 0.1
"""Seconds between two looks: a job that changes a thousand accounts is not a thousand questions."""
WRITE_EVERY = 1.0
REFRESH_EVERY = 15.0
"""Seconds after which octets and last sign of life of those who were busy are written again."""
FORGET_EVERY = 60.0
YOUNG = 0.5
"""A connection without a user that ends within so many seconds is never written."""
AT_ONCE = 1000


class Guest(Protocol):
    """A connection. octets_in, octets_out: of the protocol. seen: loop time of the peer's last sign of life."""

    octets_in: int
    octets_out: int

    @property
    def seen(self) -> float: ...

    def put_out(self, why: Out) -> None:
        """End it, with words."""


class Entry:
    """One connection in the register. Everything here runs on the event loop and costs no call."""

    __slots__ = (
        "_register",
        "_told",
        "client",
        "folder",
        "guest",
        "identity",
        "number",
        "protocol",
        "since",
        "state",
        "tls",
        "where",
    )

    def __init__(self, register: Living, number: int, guest: Guest, protocol: str, client_address: str, tls: str) -> None:
        self._register = register
        self._told = -1  # octets that were written last; -1: no row yet
        self.number = number
        self.guest = guest
        self.protocol = protocol
        self.where = client_address
        self.since = register.time()
        self.identity: Identity | None = None
        self.tls = tls
        self.state = self.folder = self.client = ""

    def sign_in(self, identity: Identity) -> None:
        """The client is who it says. Raises LimitReached."""
        self._register.sign_in(self, identity)

    def sign_out(self) -> None:
        """Nobody is signed in any more, or never was."""
        self._register.sign_out(self)

    def tell(
        self, *, state: str | None = None, folder: str | None = None, client: str | None = None, tls: str | None = None
    ) -> None:
        """Something of it changed."""
        if state is not None:
            self.state = state
        if folder is not None:
            self.folder = folder
        if client is not None:
            self.client = client[:200]
        if tls is not None:
            self.tls = tls
        self._register.mark(self)

    def leave(self) -> None:
        """It is over; may be called twice."""
        self._register.leave(self)


class Living:
    """All connections of a process. per_account: how many one account may hold here, signed in. role: for the list."""

    def __init__(
        self,
        bridge: Bridge,
        *,
        per_account: int = 100,
        poll_seconds: float = 2.0,
        role: str = "",
        write_every: float = WRITE_EVERY,
    ) -> None:
        self._bridge = bridge
        self._per_account = per_account
        self._poll_seconds = poll_seconds
        self._write_every = write_every
        self._process = Process(secrets.randbits(62), role, socket.gethostname(), os.getpid())
        self._numbers = itertools.count(1)
        self._entries: dict[int, Entry] = {}
        self._marked: set[int] = set()
        self._gone: list[int] = []
        self._fresh: set[int] = set()
        self._counts: Counter[int] = Counter()
        self._seen: tuple[int, int] | None = None
        self._hinted = asyncio.Event()
        self._to_write = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    # -- for doors

    def enter(self, guest: Guest, *, protocol: str, client_address: str, tls: str = "", state: str = "") -> Entry:
        """Count a connection in; nobody is signed in yet."""
        entry = Entry(self, next(self._numbers), guest, protocol, client_address, tls)
        entry.state = state
        self._entries[entry.number] = entry
        self.mark(entry)
        return entry

    def hint(self) -> None:
        """Look soon; called on the event loop."""
        self._hinted.set()

    async def run(self) -> None:
        """Look and write until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_for_ever())
            tasks.create_task(self._write_for_ever())

    async def close(self) -> None:
        """The process stops: its rows go."""
        await self._trying(self._bridge.write(living.end_process, self._process))

    # -- for entries

    def time(self) -> float:
        """The loop's."""
        return self._loop.time()

    def mark(self, entry: Entry) -> None:
        """To be written."""
        if entry.number in self._entries:
            self._marked.add(entry.number)
            self._to_write.set()

    def sign_in(self, entry: Entry, identity: Identity) -> None:
        """Raises LimitReached. One that has left meanwhile stays out."""
        if entry.number not in self._entries:
            return
        self.sign_out(entry)
        account_id = identity.account_id or 0
        if self._counts[account_id] >= self._per_account:
            raise LimitReached(f"an account may hold {self._per_account} connections", subject="connections")
        self._counts[account_id] += 1
        entry.identity = identity
        self._fresh.add(entry.number)
        self.mark(entry)

    def sign_out(self, entry: Entry) -> None:
        """Count its identity out."""
        identity, entry.identity = entry.identity, None
        self._fresh.discard(entry.number)
        if identity is not None:
            account_id = identity.account_id or 0
            self._counts[account_id] -= 1
            if not self._counts[account_id]:
                del self._counts[account_id]
            self.mark(entry)

    def leave(self, entry: Entry) -> None:
        """Count it out."""
        self.sign_out(entry)
        if self._entries.pop(entry.number, None) is not None:
            self._marked.discard(entry.number)
            if entry._told >= 0:
                self._gone.append(entry.number)
                self._to_write.set()

    # -- looking

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._hinted.wait(), self._poll_seconds)
            except TimeoutError:
                pass
            self._hinted.clear()
            if self._entries:
                await self._trying(self._look())
                await asyncio.sleep(REST)

    async def _look(self) -> None:
        fresh = frozenset(self._fresh)
        beat = await self._bridge.call(living.beat, self._process)
        if beat.forgotten:
            self._write_anew()
        self._put_out((number, Out.ENDED) for number in beat.ending)
        asked = self._entries.keys() if beat.epochs != self._seen else fresh & self._fresh
        who = [
            Present(number, entry.identity, entry.protocol, entry.where)
            for number, entry in ((number, self._entries[number]) for number in asked)
            if entry.identity is not None
        ]
        if who:
            out = await self._bridge.call(sessions.judge, who)
            still = {one.number: one.identity for one in who}
            self._put_out((number, why) for number, why in out.items() if self._is(number, still[number]))
        self._seen = beat.epochs
        self._fresh -= {one.number for one in who}

    def _is(self, number: int, identity: Identity) -> bool:
        entry = self._entries.get(number)
        return entry is not None and entry.identity is identity

    def _put_out(self, out: Iterable[tuple[int, Out]]) -> None:
        for number, why in out:
            if entry := self._entries.get(number):
                entry.guest.put_out(why)

    # -- writing

    async def _write_for_ever(self) -> None:
        refreshed = forgotten = self.time()
        while True:
            try:
                await asyncio.wait_for(self._to_write.wait(), REFRESH_EVERY)
            except TimeoutError:
                pass
            await asyncio.sleep(self._write_every)
            now = self.time()
            if now - refreshed >= REFRESH_EVERY:
                refreshed = now
                self._marked |= {n for n, e in self._entries.items() if e._told != e.guest.octets_in + e.guest.octets_out}
            self._to_write.clear()
            await self._trying(self._write())
            if now - forgotten >= FORGET_EVERY and self._entries:
                forgotten = now
                await self._trying(self._bridge.call(living.forget_silent))

    async def _write(self) -> None:
        old_enough = self.time() - YOUNG
        ready = [n for n in self._marked if (e := self._entries[n]).identity or e._told >= 0 or e.since <= old_enough]
        gone, self._gone = self._gone, []
        try:
            for start in range(0, max(len(ready), 1), AT_ONCE):
                entries = [self._entries[n] for n in ready[start : start + AT_ONCE] if n in self._entries]
                if entries or gone:
                    self._marked -= {entry.number for entry in entries}
                    rows = [self._row(entry) for entry in entries]
                    await self._bridge.call(living.write, self._process, rows, gone)
                    gone = []
        except BaseException:
            self._gone += gone
            self._marked |= {n for n in ready if n in self._entries}
            raise
        finally:
            if self._marked:  # what came meanwhile, or is too young
                self._to_write.set()

    def _row(self, entry: Entry) -> SessionRow:
        guest, identity = entry.guest, entry.identity
        wall, now = clock.now(), self.time()
        entry._told = guest.octets_in + guest.octets_out
        return SessionRow(
            number=entry.number,
            protocol=entry.protocol,
            state=entry.state,
            user_id=identity.user_id if identity else None,
            organisation_id=identity.organisation_id if identity else None,
            login=identity.login if identity else "",
            folder=entry.folder,
            client=entry.client,
            tls=entry.tls,
            address=entry.where,
            since=wall - timedelta(seconds=now - entry.since),
            seen_at=wall - timedelta(seconds=now - guest.seen),
            octets_in=guest.octets_in,
            octets_out=guest.octets_out,
        )

    def _write_anew(self) -> None:
        """The database knows nothing of us: it is our first look, or it has crashed."""
        self._marked |= self._entries.keys()
        self._to_write.set()

    async def _trying(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except MailError as error:
            log.warning("living sessions: %s", error.private)
        except Exception:
            log.exception("living sessions")
