"""The folders a process has in memory: one immutable snapshot a folder and viewer, shared by all sessions that look at it.

A version is brought up to date from the store's change feed (`changes.since`), never reloaded while it is cached; it shares all
blocks that did not change. The truth is the folder's highestmodseq, asked at every command that may report changes.

Invariant: a version handed out is at least as new as the moment it was asked for, so a session always sees its own writes: who
asks while a look is under way waits for the next one.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import NotFound
from mailplatform.store import changes, fetch
from mailplatform.store.values import EntryRow, FolderState, Packed
from protocols.imap.wire.fetch_lines import FlagWriter
from protocols.imap.wire.snapshot import BLOCK, Block, Row, Snapshot

Key = tuple[int, int]  # folder, viewer


@dataclass(frozen=True, slots=True)
class Version:
    """A folder at one modseq, with the names of its account's keywords. `gone`: it was deleted; the snapshot is then empty."""

    state: FolderState
    snapshot: Snapshot
    keywords: Mapping[int, str]
    writer: FlagWriter
    gone: bool = False

    @property
    def modseq(self) -> int:
        """Up to which change of the account this is the truth of the folder."""
        return self.state.highestmodseq


def unpacked(packed: Packed) -> Snapshot:
    """The columns of a whole folder cut into blocks."""
    blocks = []
    for start in range(0, len(packed), BLOCK):
        end = start + BLOCK
        uids = packed.uids[start:end]
        keywords = {}
        if packed.keywords:
            keywords = {index: packed.keywords[uid] for index, uid in enumerate(uids) if uid in packed.keywords}
        blocks.append(
            Block(
                uids,
                packed.flags[start:end],
                packed.modseqs[start:end],
                packed.message_ids[start:end],
                packed.internal_dates[start:end],
                array("Q", packed.sizes[start:end]),
                keywords,
            )
        )
    return Snapshot(tuple(blocks))


def row(entry: EntryRow) -> Row:
    """An entry of the store as the wire counts it."""
    return Row(
        entry.uid, entry.flags, tuple(sorted(entry.keywords)), entry.modseq, entry.message_id, entry.internal_date, entry.size
    )


def _look(folder_id: int, viewer: int, known: Version | None) -> Version | None:
    """In a bridge thread: None when the known version is the newest."""
    if known is None:
        state, packed = fetch.load(folder_id, viewer)
        names = fetch.keywords(state.account_id)
        return Version(state, unpacked(packed), names, FlagWriter(names))
    try:
        news = changes.since(folder_id, known.modseq, viewer)
    except NotFound:
        return None if known.gone else replace(known, snapshot=Snapshot(), gone=True)
    if news.folder.highestmodseq == known.modseq and not known.gone:
        return None
    keywords, writer = known.keywords, known.writer
    if any(number not in keywords for entry in news.changed for number in entry.keywords):
        keywords = fetch.keywords(news.folder.account_id)
        writer = FlagWriter(keywords)
    return Version(news.folder, known.snapshot.apply(map(row, news.changed), news.vanished), keywords, writer)


class _Slot:
    __slots__ = ("octets", "queued", "running", "version")

    def __init__(self) -> None:
        self.version: Version | None = None
        self.octets = 0
        self.running: asyncio.Task[Version] | None = None
        self.queued: asyncio.Task[Version] | None = None


class Snapshots:
    """The cache of a process. budget: bytes that versions no session may be looking at are kept within."""

    def __init__(self, bridge: Bridge, *, budget: int = 64 << 20) -> None:
        self._bridge = bridge
        self._budget = budget
        self._slots: OrderedDict[Key, _Slot] = OrderedDict()
        self._octets = 0

    async def current(self, folder_id: int, viewer: int) -> Version:
        """The newest version. Raises NotFound for a folder never seen, TemporarilyUnavailable."""
        key = (folder_id, viewer)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = _Slot()
        self._slots.move_to_end(key)
        if slot.queued is not None:
            task = slot.queued
        elif slot.running is not None:
            task = slot.queued = asyncio.ensure_future(self._after(slot.running, key, slot))
        else:
            task = slot.running = asyncio.ensure_future(self._refresh(key, slot))
        return await asyncio.shield(task)

    async def _after(self, running: asyncio.Task[Version], key: Key, slot: _Slot) -> Version:
        await asyncio.wait([running])
        slot.running, slot.queued = slot.queued, None
        return await self._refresh(key, slot)

    async def _refresh(self, key: Key, slot: _Slot) -> Version:
        try:
            version = await self._bridge.call(_look, *key, slot.version)
            if version is not None:
                octets = version.snapshot.octets
                self._octets += octets - slot.octets
                slot.version, slot.octets = version, octets
                self._shrink()
            assert slot.version is not None
            return slot.version
        except NotFound:
            if slot.queued is None:
                self._drop(key, slot)
            raise
        finally:
            slot.running = None

    def _drop(self, key: Key, slot: _Slot) -> None:
        if self._slots.pop(key, None) is not None:
            self._octets -= slot.octets

    def _shrink(self) -> None:
        """Forget the longest unused, but never the newest."""
        while self._octets > self._budget and len(self._slots) > 1:
            key, slot = next(iter(self._slots.items()))
            if slot.running is not None or slot.queued is not None:
                return
            self._drop(key, slot)
