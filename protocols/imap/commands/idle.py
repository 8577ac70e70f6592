"""IDLE: RFC 2177. The session holds no connection to the database while it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.runtime.errors import MailError
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire.parse.account import is_done
from protocols.imap.wire.reader import Bad

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


async def idle(session: ImapSession, command: c.Idle) -> bytes:
    """Until DONE: report what comes."""
    session.write(responses.continuation("idling"))
    session.idling = True
    try:
        while True:
            line = session.reader.next_line()
            if isinstance(line, Bad):
                return responses.bad(command.tag, "expected DONE")
            if line is not None:
                if is_done(line):
                    return responses.ok(command.tag, "IDLE completed")
                return responses.bad(command.tag, "expected DONE")
            if session.selected is not None:
                try:
                    await session.selected.report(session, True)
                except MailError:
                    pass  # the database is away: the next tick tries again
            await session.more()
    finally:
        session.idling = False
