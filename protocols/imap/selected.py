"""A session's selected folder: what its client knows of it, and how it is told what is new. RFC 3501 §6.3.1, §7.3, §7.4.

The view (wire/view.py) is pure; this is where the store's versions reach it. \\Recent (RFC 3501 §2.3.2): what no session had been
told of when this one selected the folder, and what came since; the folder remembers when the session leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailplatform.runtime.errors import MailError, NotFound, NotPermitted
from mailplatform.store import folders
from mailplatform.store.values import EntryRow, FlagChange, FolderId, FolderState, Stored
from protocols.imap.hints import Watch
from protocols.imap.snapshots import Version, row
from protocols.imap.wire import fetch_lines, responses
from protocols.imap.wire.fetch_items import Attribute
from protocols.imap.wire.fetch_lines import FlagWriter
from protocols.imap.wire.sequence_sets import SequenceSet
from protocols.imap.wire.snapshot import Positions, Row, Snapshot
from protocols.imap.wire.view import View

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


class Selected:
    """One selected folder of one session."""

    def __init__(self, session: ImapSession, version: Version, *, read_only: bool, recent_from: int) -> None:
        self.state: FolderState = version.state
        self.read_only = read_only
        self.version = version
        self.view = View(version.snapshot, recent=[(recent_from, version.snapshot.last_uid)])
        self._last_uid = version.snapshot.last_uid
        self._unclaimed = False
        self._watch = Watch(version.state.account_id, version.state.id, session, self._modseq)
        session.context.hints.watch(self._watch)

    def _modseq(self) -> int:
        """For the tick, which calls a deleted folder -1."""
        return -1 if self.version.gone else self.version.modseq

    @property
    def folder_id(self) -> FolderId:
        """Of the store."""
        return self.state.id

    @property
    def known(self) -> Snapshot:
        """The version whose sequence numbers the client uses."""
        return self.view.known

    @property
    def writer(self) -> FlagWriter:
        """Renders flag lists of this account."""
        return self.version.writer

    def leave(self, session: ImapSession) -> None:
        """The session turns away; what it was told of is \\Recent no more."""
        session.context.hints.unwatch(self._watch)
        if self._unclaimed and not self.read_only:
            session.listener.spawn(_claim(session, self.folder_id))

    def needs_write(self) -> None:
        """Raises NotPermitted after EXAMINE."""
        if self.read_only:
            raise NotPermitted("the mailbox is selected read-only")

    # -- numbers

    def positions(self, numbers: SequenceSet, *, by_uid: bool) -> Positions:
        """Positions in `known`. Raises BadSyntax for sequence numbers that are not there."""
        return self.view.positions(numbers, by_uid=by_uid)

    def uids(self, numbers: SequenceSet, *, by_uid: bool) -> list[int]:
        """Uids of the messages named, ascending."""
        return self.known.uids(self.positions(numbers, by_uid=by_uid))

    def seqs(self, uids: Iterable[int]) -> list[int]:
        """Sequence numbers of uids that the client knows."""
        return [seq for uid in uids if (seq := self.known.seq_of(uid)) is not None]

    def numbers(self, positions: Sequence[int], *, by_uid: bool) -> list[int]:
        """What a client calls these positions."""
        if not by_uid:
            return [position + 1 for position in positions]
        return self.known.uids(fetch_lines.positions_of(positions))

    def is_recent(self, snapshot: Snapshot, position: int) -> bool:
        """Whether the message is \\Recent here."""
        return self.view.any_recent and self.view.is_recent(snapshot.row_at(position).uid)

    def keyword_number(self, keyword: str) -> int:
        """The account's number for a keyword; -1 for one that no message ever had."""
        folded = keyword.lower()
        return next((number for number, name in self.version.keywords.items() if name.lower() == folded), -1)

    # -- news

    async def report(self, session: ImapSession, may_expunge: bool) -> None:
        """Tell the client what changed; a folder that is gone is empty. Raises TemporarilyUnavailable."""
        try:
            version = await session.context.snapshots.current(self.folder_id, session.viewer)
        except NotFound:
            version = self.version if self.version.gone else replace(self.version, snapshot=Snapshot(), gone=True)
        if version is self.version and not (may_expunge and self.view.pending):
            return
        last = version.snapshot.last_uid
        fresh = [(self._last_uid + 1, last)] if last > self._last_uid and not self.read_only else []
        self._unclaimed = self._unclaimed or bool(fresh)
        self._last_uid = max(self._last_uid, last)
        if version.keywords is not self.version.keywords:
            session.write(responses.flags(ALL_BITS, version.keywords.values()))
            if not self.read_only:  # RFC 3501 §7.1: PERMANENTFLAGS names what may be kept
                permanent = responses.code_permanentflags(ALL_BITS, version.keywords.values(), new_keywords=True)
                session.write(responses.untagged_ok("Flags that stay", permanent))
        self.version, self.state = version, version.state
        news = self.view.update(version.snapshot, allow_expunge=may_expunge, recent=fresh)
        if news:
            session.write(fetch_lines.updates(self.view, news, self.writer, modseq="CONDSTORE" in session.enabled))

    async def stored(
        self, session: ImapSession, uids: Sequence[int], change: FlagChange, done: Stored, *, silent: bool, by_uid: bool
    ) -> None:
        """Answer a STORE: every message named that was not spared; of those that the client wants no answer for, their modseqs,
        and their flags where somebody else's change came between (RFC 3501 §6.4.6: that is told in any case)."""
        before = {entry.uid: self._row(entry.uid) for entry in done.changed} if silent else {}
        await self.adopt(session, done.changed, may_expunge=by_uid)
        condstore = "CONDSTORE" in session.enabled
        if silent:
            wanted = self._step(change)
            meddled = [entry.uid for entry in done.changed if not _explains(wanted, before[entry.uid], entry)]
            self._tell(session, meddled, by_uid=by_uid, flags=True, modseq=condstore)
            if condstore:  # RFC 7162 §3.1.3: also with .SILENT
                told = set(meddled)
                quiet = [entry.uid for entry in done.changed if entry.uid not in told]
                self._tell(session, quiet, by_uid=by_uid, flags=False, modseq=True)
        else:
            spared = set(done.modified)
            self._tell(session, [uid for uid in uids if uid not in spared], by_uid=by_uid, flags=True, modseq=condstore)

    def _tell(self, session: ImapSession, uids: Iterable[int], *, by_uid: bool, flags: bool, modseq: bool) -> None:
        items = [Attribute.UID] if by_uid else []
        items += [Attribute.FLAGS] if flags else []
        items += [Attribute.MODSEQ] if modseq else []
        positions = (self.known.position_of(uid) for uid in uids)
        where = fetch_lines.positions_of(sorted(position for position in positions if position is not None))
        for lines in fetch_lines.lines(self.view, where, items, self.writer):
            session.write(lines)

    def _row(self, uid: int) -> Row | None:
        position = self.known.position_of(uid)
        return None if position is None else self.known.row_at(position)

    def _step(self, change: FlagChange) -> _Step:
        numbers = frozenset(self.keyword_number(keyword) for keyword in change.keywords)
        return _Step(change.mode, change.flags, numbers)

    async def adopt(self, session: ImapSession, changed: Sequence[EntryRow], *, may_expunge: bool) -> None:
        """Take the session's own changes for told, then tell the others'."""
        self.view.acknowledge(map(row, changed))
        await self.report(session, may_expunge)


ALL_BITS = 31


@dataclass(frozen=True, slots=True)
class _Step:
    """A FlagChange in the numbers of entries."""

    mode: str
    bits: int
    keywords: frozenset[int]


def _explains(step: _Step, before: Row | None, after: EntryRow) -> bool:
    """Whether the client, which knows `before`, can say by itself what it has become."""
    if before is None:
        return True
    known, now = frozenset(before.keywords), frozenset(after.keywords)
    match step.mode:
        case "add":
            return after.flags == before.flags | step.bits and now == known | step.keywords
        case "remove":
            return after.flags == before.flags & ~step.bits and now == known - step.keywords
        case _:
            return after.flags == step.bits and now == step.keywords


async def _claim(session: ImapSession, folder_id: int) -> None:
    try:
        await session.context.quick.write(folders.claim_recent, folder_id)
    except MailError:
        pass  # they stay recent for the next session: RFC 3501 §2.3.2 allows it in doubt
