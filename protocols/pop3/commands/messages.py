"""TRANSACTION: what a client does with its messages. RFC 1939 §5 and §7."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailplatform.store import fetch
from mailplatform.store.values import MessageData
from protocols.pop3 import ahead
from protocols.pop3.wire import commands as c
from protocols.pop3.wire import replies
from protocols.pop3.wire.drop import Drop

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def stat(session: Pop3Session, _command: c.Stat) -> None:
    """RFC 1939 §5."""
    drop = session.opened_drop()
    session.write(replies.ok(f"{drop.messages} {drop.octets}"))


async def list_(session: Pop3Session, command: c.List) -> None:
    """RFC 1939 §5."""
    drop = session.opened_drop()
    if command.number is None:
        await _listing(session, session.say("signed_in", count=drop.messages, octets=drop.octets), drop.scan())
    elif (index := _index(session, drop, command.number)) is not None:
        session.write(replies.ok(f"{command.number} {drop.sizes[index]}"))


async def uidl(session: Pop3Session, command: c.Uidl) -> None:
    """RFC 1939 §7."""
    drop = session.opened_drop()
    if command.number is None:
        await _listing(session, session.say("unique_ids"), drop.unique_ids())
    elif (index := _index(session, drop, command.number)) is not None:
        session.write(replies.ok(f"{command.number} {drop.unique_id(index)}"))


async def retr(session: Pop3Session, command: c.Retr) -> None:
    """RFC 1939 §5."""
    drop = session.opened_drop()
    index = _index(session, drop, command.number)
    if index is None:
        return
    assert session.ahead is not None
    found = await session.ahead.get(index)
    if found is None:
        session.err("gone")
        return
    if isinstance(found, MessageData):
        session.write(replies.retrieved(drop.sizes[index]))
        await _stream(session, found, clean=len(found.prefix) + found.blob_size == drop.sizes[index])
    else:
        session.write(found)
    drop.retrieved.add(index)


async def top(session: Pop3Session, command: c.Top) -> None:
    """RFC 1939 §7."""
    drop = session.opened_drop()
    index = _index(session, drop, command.number)
    if index is None:
        return
    found = await session.context.bridge.call(ahead.top, session.maildrop().folder_id, drop.uids[index], command.lines)
    if found is None:
        session.err("gone")
    else:
        session.ok("top")
        session.write(found)


async def dele(session: Pop3Session, command: c.Dele) -> None:
    """RFC 1939 §5: marked only; the UPDATE state does it."""
    drop = session.opened_drop()
    index = _index(session, drop, command.number)
    if index is not None:
        drop.delete(index)
        session.ok("marked", number=command.number)


async def noop(session: Pop3Session, _command: c.Noop) -> None:
    """RFC 1939 §5."""
    session.write(replies.ok())


async def rset(session: Pop3Session, _command: c.Rset) -> None:
    """RFC 1939 §5."""
    drop = session.opened_drop()
    drop.reset()
    session.ok("unmarked", count=drop.messages)


def _index(session: Pop3Session, drop: Drop, number: int) -> int | None:
    """Where it stands; None when the client was told that there is none."""
    index = drop.index(number)
    if index is None:
        session.err("no_message")
    return index


async def _listing(session: Pop3Session, text: str, pieces: Iterator[bytes]) -> None:
    session.write(replies.ok(text))
    for piece in pieces:
        session.write(piece)
        if not session.writable:
            await session.sent()
    session.write(replies.END)


async def _stream(session: Pop3Session, message: MessageData, *, clean: bool) -> None:
    """A large message, a piece at a time: one is read while the peer takes the last."""
    pieces, stuffing, bridge = fetch.pieces(message), replies.Stuffing(clean=clean), session.context.bridge
    piece = await bridge.call(_next, pieces)
    while piece is not None:
        session.write(stuffing.piece(piece))
        reading = asyncio.ensure_future(bridge.call(_next, pieces))
        try:
            await session.sent()
        finally:  # two threads must not be in it at once
            piece = await reading
    session.write(stuffing.end())


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)
