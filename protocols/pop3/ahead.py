"""The messages a client will ask for next, read before it does: clients fetch a maildrop from its first message to its last.

One message at first, then twice as many each time while the client goes on in order, within a bound of octets. Reading, putting
CRLF at the ends of lines and stuffing (RFC 1939 §3) happen in the threads of the bridge; what lies here is ready to be sent.
"""

from __future__ import annotations

import asyncio

from mailplatform.runtime.database import Bridge
from mailplatform.store import fetch
from mailplatform.store.values import MessageData
from protocols.pop3.wire import replies
from protocols.pop3.wire.drop import Drop

LARGE = 256 << 10
"""A message of more octets is streamed and never held whole."""
MOST = 64
OCTETS = 1 << 20

Ready = bytes | MessageData
"""A message as it is sent, the end of the answer included; or where a large one is."""


class Ahead:
    """Of one session."""

    def __init__(self, bridge: Bridge, folder_id: int, drop: Drop) -> None:
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
        found = self._ready.pop(index, None)
        left = self._end - index - 1
        if self._reading is None and left <= self._window // 2 and self._end < len(self._drop.uids) and self._window > 1:
            self._reading = asyncio.ensure_future(self._read(self._end))
        elif self._reading is not None and self._reading.done():
            self._reading = None
        return found

    def forget(self) -> None:
        """Hold nothing."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self._ready.clear()
        self._window = 1

    async def _read(self, start: int) -> None:
        drop = self._drop
        octets, end = 0, start
        while end < len(drop.uids) and end - start < self._window:
            octets += min(drop.sizes[end], LARGE)
            if end > start and octets > OCTETS:
                break
            end += 1
        self._end = end
        self._window = min(self._window * 2, MOST)
        wanted = [drop.uids[index] for index in range(start, end)]
        found = await self._bridge.call(_messages, self._folder_id, wanted)
        for index in range(start, end):
            message = found.get(drop.uids[index])
            if message is not None:
                self._ready[index] = message


def _messages(folder_id: int, uids: list[int]) -> dict[int, Ready]:
    """In a bridge thread."""
    found = fetch.message_data(folder_id, uids, "content")
    contents = fetch.contents([data.blob_id for data in found.values() if data.blob_size <= LARGE])
    return {
        uid: replies.whole(data.prefix + contents[data.blob_id]) if data.blob_size <= LARGE else data
        for uid, data in found.items()
        if data.blob_size > LARGE or data.blob_id in contents
    }


def top(folder_id: int, uid: int, lines: int) -> bytes | None:
    """The header and so many lines, ready to be sent; None when the content is gone. In a bridge thread."""
    data = fetch.message_data(folder_id, [uid], "content").get(uid)
    if data is None:
        return None
    held = b""
    for piece in fetch.pieces(data):
        held += piece
        end = replies.header_end(held)
        if end < len(held) and held.count(b"\n", end) >= lines:
            break
    return replies.whole(replies.top(held, lines))
