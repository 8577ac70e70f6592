"""The messages a client will ask for next, read before it does: clients fetch a maildrop from its first message to its last.

One message at first, then twice as many each time while the client goes on in order, within a bound of octets. Reading, putting
CRLF at the ends of lines and stuffing (RFC 1939 §3) happen in the threads of the bridge; what lies here is ready to be sent.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from mailplatform.runtime.database import Bridge
from mailplatform.store import fetch
from mailplatform.store.values import MessageData
from protocols.pop3.wire import replies
from protocols.pop3.wire.drop import Drop

log = logging.getLogger(__name__)

LARGE = 1 << 20
"""A message of more octets is streamed and never held whole."""
MOST = 64
OCTETS = 1 << 20
"""Read ahead for one session."""

Ready = bytes | MessageData
"""The whole answer to RETR; or where a large message is."""


@dataclass(slots=True)
class Held:
    """Octets that all sessions of a process hold for their clients; above `most` nothing is read ahead."""

    most: int = 64 << 20
    now: int = 0


class Ahead:
    """Of one session."""

    def __init__(self, bridge: Bridge, folder_id: int, drop: Drop, held: Held) -> None:
        self._held = held
        self._bridge = bridge
        self._folder_id = folder_id
        self._drop = drop
        self._ready: dict[int, Ready] = {}
        self._expected = 0
        self._end = 0  # up to here it is read, or being read
        self._window = 1
        self._reading: asyncio.Task[None] | None = None

    async def get(self, index: int) -> Ready | None:
        """The message at an index; None when its content is gone. Raises MailError."""
        if index != self._expected:
            self.forget()
            self._end = index
        self._expected = index + 1
        if index not in self._ready:
            if self._reading is not None and index < self._end:
                reading, self._reading = self._reading, None
                await reading
            else:
                await self._read(index)
        found = self._taken(index)
        self._go_on()
        return found

    def at_hand(self, index: int) -> bytes | None:
        """The message at an index when it is the next and lies ready, without waiting; else None, and nothing has changed."""
        if index != self._expected or not isinstance(self._ready.get(index), bytes):
            return None
        self._expected = index + 1
        found = self._taken(index)
        self._go_on()
        assert isinstance(found, bytes)
        return found

    def _go_on(self) -> None:
        """Read the next when no more than one window lies ready."""
        if self._reading is not None and self._reading.done():
            self._reading = None
        left = self._end - self._expected
        if self._reading is None and left <= self._window and self._end < len(self._drop.uids) and self._window > 1:
            self._reading = asyncio.ensure_future(self._read(self._end))
            self._reading.add_done_callback(_heard)

    def forget(self) -> None:
        """Hold nothing."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        for index in list(self._ready):
            self._taken(index)
        self._window = 1

    def _taken(self, index: int) -> Ready | None:
        found = self._ready.pop(index, None)
        if isinstance(found, bytes):
            self._held.now -= len(found)
        return found

    async def _read(self, start: int) -> None:
        drop = self._drop
        if self._held.now > self._held.most:
            self._window = 1
        octets, end = 0, start
        while end < len(drop.uids) and end - start < self._window:
            octets += min(drop.sizes[end], LARGE)
            if end > start and octets > OCTETS:
                break
            end += 1
        self._end = end
        self._window = min(self._window * 2, MOST)
        wanted = {drop.uids[index]: drop.sizes[index] for index in range(start, end)}
        found = await self._bridge.call(_messages, self._folder_id, wanted)
        for index in range(start, end):
            message = found.get(drop.uids[index])
            if message is not None:
                self._taken(index)
                self._ready[index] = message
                if isinstance(message, bytes):
                    self._held.now += len(message)


def _heard(reading: asyncio.Task[None]) -> None:
    """A failure nobody waits for is met again when the message is asked for."""
    if not reading.cancelled() and (error := reading.exception()) is not None:
        log.info("pop3: could not read ahead: %s", error)


def _messages(folder_id: int, sizes: dict[int, int]) -> dict[int, Ready]:
    """By uid, whose sizes are given. In a bridge thread."""
    found = fetch.message_data(folder_id, list(sizes), "content")
    contents = fetch.contents([data.blob_id for data in found.values() if data.blob_size <= LARGE])
    ready: dict[int, Ready] = {}
    for uid, data in found.items():
        if data.blob_size > LARGE:
            ready[uid] = data
        elif data.blob_id in contents:
            content = data.prefix + contents[data.blob_id]
            ready[uid] = replies.whole(content, replies.retrieved(sizes[uid]), clean=len(content) == sizes[uid])
    return ready


def top(folder_id: int, uid: int, lines: int) -> bytes | None:
    """The header and so many lines, ready to be sent; None when the content is gone. In a bridge thread."""
    data = fetch.message_data(folder_id, [uid], "content").get(uid)
    if data is None:
        return None
    held, body, seen = bytearray(), 0, 0  # body: up to where its lines are counted, 0 while the header goes on
    for piece in fetch.pieces(data):
        before = len(held)
        held += piece
        if not body and (end := replies.header_end(held, max(before - 3, 0))) < len(held):
            body = end
        if body:
            seen += held.count(b"\n", body)
            body = len(held)
            if seen >= lines:
                break
    return replies.whole(replies.top(bytes(held), lines))
