"""APPEND: RFC 3501 §6.3.11, APPENDUID RFC 4315 §3, size limit RFC 7889.

The message streams into a spool while it comes in, is prepared outside any transaction, and joins the process's batch of
arrivals; OK is said after its commit. A folder that is not there is said so before the literal is asked for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mailplatform.mailflow import arrivals
from mailplatform.mailflow.append import appended
from mailplatform.runtime.errors import MailError, NotFound
from mailplatform.runtime.spool import Spool, Spooled
from mailplatform.store import folders
from mailplatform.store.values import FolderState
from protocols.imap import errors
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire.responses import Code

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

INLINE = 64 * 1024
"""Octets up to which a message is prepared on the event loop (some 100 µs for 5 KB); larger ones in a thread."""
REMEMBER = 1.0
"""Seconds that a session remembers the folder it appends to; the commit checks again that it is there."""


def trycreate(tag: bytes, name: str) -> bytes:
    """RFC 3501 §6.3.11: the client may CREATE it and try again."""
    return responses.no(tag, "there is no such mailbox", Code.TRYCREATE)


async def target(session: ImapSession, name: str) -> FolderState:
    """The folder of this name, remembered for a moment. Raises NotFound."""
    now = session.loop.time()
    remembered = session.remembered
    if remembered is not None and remembered[0] == name and now - remembered[1] < REMEMBER:
        return remembered[2]
    folder = await session.context.quick.call(folders.get, session.account_id, name, session.viewer)
    session.remembered = (name, now, folder)
    return folder


class AppendRun:
    """One APPEND under way."""

    def __init__(self, command: c.Append) -> None:
        self.command = command
        self._folder: FolderState | None = None
        self._spool: Spool | None = None

    async def begin(self, session: ImapSession, command: c.Append) -> bytes | None:
        """Whether the message may come: None, or the refusal. The literal has not been read yet."""
        if command.literal.size > session.context.append_limit:
            limit = session.context.append_limit
            return responses.no(command.tag, f"a message may have {limit} octets", Code.TOOBIG)
        try:
            self._folder = await target(session, command.mailbox)
        except NotFound:
            return trycreate(command.tag, command.mailbox)
        except MailError as error:
            return errors.reply(command.tag, error)
        self._spool = Spool(session.context.room)
        return None

    def chunk(self, octets: bytes, left: int) -> None:
        """Some of the message; `left` octets are still to come."""
        assert self._spool is not None
        self._spool.write(octets)

    def discard(self) -> None:
        """The client is gone, or its command was broken."""
        if self._spool is not None:
            self._spool.discard()

    async def finish(self, session: ImapSession) -> bytes:
        """The line has ended well: commit."""
        assert self._spool is not None and self._folder is not None
        spooled = self._spool.finish()
        try:
            return await self._commit(session, spooled, self._folder)
        except NotFound:
            session.remembered = None
            return trycreate(self.command.tag, self.command.mailbox)
        finally:
            spooled.close()

    async def _commit(self, session: ImapSession, spooled: Spooled, folder: FolderState) -> bytes:
        command = self.command

        def prepare() -> arrivals.Unit:
            return appended(
                folder,
                spooled,
                flags=command.flags.bits,
                keywords=command.flags.keywords,
                internal_date=command.internal_date,
                actor=session.actor,
            )

        unit = prepare() if spooled.size <= INLINE else await session.context.slow.call(prepare)
        result = await asyncio.wrap_future(arrivals.put(unit))
        placed = result.appended[0]
        return responses.ok(command.tag, "APPEND completed", responses.code_appenduid(placed.uidvalidity, [placed.uid]))
