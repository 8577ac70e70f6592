"""FETCH and UID FETCH: RFC 3501 §6.4.5, CHANGEDSINCE RFC 7162 §3.1.4.

What a snapshot holds is rendered from its columns without a query. ENVELOPE and BODYSTRUCTURE were made at delivery and come by
the hundred; bodies come a few at a time, bounded in octets, and the client is waited for between pieces. A message expunged by
another session meanwhile is still read (RFC 2180 §4.1.2) as long as the store keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mailplatform.standards.message import render
from mailplatform.store import fetch as store
from mailplatform.store import flags
from mailplatform.store.values import Flag, FlagChange, MessageData
from protocols.imap.sections import Content
from protocols.imap.wire import commands as c
from protocols.imap.wire import fetch_lines, responses
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.fetch_items import Attribute, BodySection, FetchItem, sets_seen
from protocols.imap.wire.responses import Code
from protocols.imap.wire.snapshot import Positions, Slice, Snapshot

if TYPE_CHECKING:
    from protocols.imap.selected import Selected
    from protocols.imap.session import ImapSession

SUMMARIES = 1000
"""Messages whose summaries are read at once."""
OCTETS = 4 << 20
"""Octets of bodies read at once, unless one message alone is larger."""
BODIES = 200
"""Messages whose bodies are read at once."""


Found = dict[int, tuple[MessageData, Content | None]]


async def fetch(session: ImapSession, command: c.Fetch) -> bytes:
    """Answer line by line; OK also when some message was gone for good, said by [EXPUNGEISSUED] (RFC 5530)."""
    selected = session.chosen()
    if command.vanished:
        raise BadSyntax(0, "QRESYNC to be enabled")
    if command.changed_since is not None or Attribute.MODSEQ in command.items:
        session.enabled.add("CONDSTORE")
    positions = selected.positions(command.numbers, by_uid=command.by_uid)
    if command.changed_since is not None:
        positions = fetch_lines.positions_of(selected.known.changed_since(command.changed_since, positions))
    items: Sequence[FetchItem] = command.items
    if sets_seen(command.items) and not selected.read_only:
        items = await mark_seen(session, selected, positions, items)
    own = [item for item in items if item in fetch_lines.OWN]
    rest = [item for item in items if item not in fetch_lines.OWN]
    if not rest:
        for lines in fetch_lines.lines(selected.view, positions, own, selected.writer):
            session.write(lines)
            await session.sent()
        return responses.ok(command.tag, "FETCH completed")
    missing = await with_content(session, selected, positions, own, rest)
    if missing:
        return responses.no(command.tag, f"{missing} of the messages are gone", Code.EXPUNGEISSUED)
    return responses.ok(command.tag, "FETCH completed")


async def mark_seen(
    session: ImapSession, selected: Selected, positions: Positions, items: Sequence[FetchItem]
) -> Sequence[FetchItem]:
    """Set \\Seen where it is not, and tell so within the same answer. RFC 3501 §6.4.5."""
    unseen = selected.known.with_flag(Flag.SEEN, present=False, positions=positions)
    if not unseen:
        return items
    uids = selected.known.uids(fetch_lines.positions_of(unseen))
    change = FlagChange("add", Flag.SEEN)
    lane = session.context.quick if len(uids) <= BODIES else session.context.slow
    done = await lane.write(flags.store, selected.folder_id, uids, change, viewer=session.viewer, actor=session.actor)
    await selected.adopt(session, done.changed, may_expunge=False)
    added: list[FetchItem] = [] if Attribute.FLAGS in items else [Attribute.FLAGS]
    if "CONDSTORE" in session.enabled and Attribute.MODSEQ not in items:
        added.append(Attribute.MODSEQ)
    return [*items, *added]


async def with_content(
    session: ImapSession, selected: Selected, positions: Positions, own: Sequence[FetchItem], rest: Sequence[FetchItem]
) -> int:
    """Everything a snapshot does not hold. How many messages could not be read."""
    bodies = any(isinstance(item, BodySection) or item is Attribute.BODY for item in rest)
    attributes = [item for item in own if isinstance(item, Attribute)]
    missing = 0
    for some in pieces(selected.known, positions, bodies=bodies):
        uids = selected.known.uids(some)
        found = await found_of(session, selected, uids, bodies)
        if len(found) < len(uids):
            missing += len(uids) - len(found)
            some = fetch_lines.positions_of(
                [p for p in (selected.known.position_of(uid) for uid in uids if uid in found) if p is not None]
            )

        def extras(piece: Slice, found: Found = found) -> list[bytes]:
            return [rendered(*found[uid], rest) for uid in piece.block.uids[piece.start : piece.stop]]

        for lines in fetch_lines.lines(selected.view, some, attributes, selected.writer, extras):
            session.write(lines)
            await session.sent()
    return missing


async def found_of(session: ImapSession, selected: Selected, uids: Sequence[int], bodies: bool) -> Found:
    """What there is of these messages; one that is read alone is likely to be asked for again."""
    contents = session.context.contents
    alone = uids[0] if bodies and len(uids) == 1 else None
    if alone is not None and (known := contents.get(selected.folder_id, alone)) is not None:
        return {alone: known}
    found: Found = await session.context.quick.call(read, selected.folder_id, uids, bodies)
    if alone is not None and alone in found:
        data, content = found[alone]
        assert content is not None
        contents.keep(selected.folder_id, alone, data, content)
    return found


def read(folder_id: int, uids: Sequence[int], bodies: bool) -> Found:
    """In a bridge thread: what there is of these messages; their octets with `bodies`."""
    data = store.message_data(folder_id, uids, "summary")
    if not bodies:
        return {uid: (one, None) for uid, one in data.items()}
    octets = store.contents([one.blob_id for one in data.values()])
    return {uid: (one, Content(one.prefix + octets[one.blob_id])) for uid, one in data.items() if one.blob_id in octets}


def pieces(snapshot: Snapshot, positions: Positions, *, bodies: bool) -> Iterator[Positions]:
    """The positions cut into what is read at once."""
    if not bodies:
        for start, stop in positions:
            for at in range(start, stop, SUMMARIES):
                yield ((at, min(stop, at + SUMMARIES)),)
        return
    some: list[int] = []
    octets = 0
    for seq, row in snapshot.rows(positions):
        if some and (octets + row.size > OCTETS or len(some) >= BODIES):
            yield fetch_lines.positions_of(some)
            some, octets = [], 0
        some.append(seq - 1)
        octets += row.size
    if some:
        yield fetch_lines.positions_of(some)


def rendered(data: MessageData, content: Content | None, items: Sequence[FetchItem]) -> bytes:
    """The items of one message."""
    parts = []
    for item in items:
        if item is Attribute.ENVELOPE:
            parts.append(b"ENVELOPE " + data.envelope)
        elif item is Attribute.BODYSTRUCTURE:
            parts.append(b"BODYSTRUCTURE " + data.bodystructure)
        else:
            assert content is not None
            if isinstance(item, BodySection):
                parts.append(fetch_lines.body(item.name(), content.section(item)))
            else:
                parts.append(b"BODY " + render.bodystructure(content.raw, content.root, extended=False))
    return b" ".join(parts)
