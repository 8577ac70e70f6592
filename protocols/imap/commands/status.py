"""STATUS: RFC 3501 §6.3.10, HIGHESTMODSEQ RFC 7162 §3.1.7. Answered from the folder's counters, never by counting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mailplatform.store import folders
from mailplatform.store.values import FolderState
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire.commands import StatusItem

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


def values(folder: FolderState, items: Iterable[StatusItem], session: ImapSession) -> list[tuple[str, int]]:
    """The numbers asked for, in the client's order."""
    numbers = {
        StatusItem.MESSAGES: folder.messages,
        StatusItem.RECENT: max(0, folder.uidnext - folder.recent_from),
        StatusItem.UIDNEXT: folder.uidnext,
        StatusItem.UIDVALIDITY: folder.uidvalidity,
        StatusItem.UNSEEN: folder.unseen,
        StatusItem.HIGHESTMODSEQ: folder.highestmodseq,
        StatusItem.SIZE: folder.size,
        StatusItem.DELETED: folder.deleted,
        StatusItem.APPENDLIMIT: session.context.append_limit,
        StatusItem.MAILBOXID: folder.id,
    }
    return [(item, numbers[item]) for item in items]


async def status(session: ImapSession, command: c.Status) -> bytes:
    """STATUS. Asking for HIGHESTMODSEQ makes the client aware of CONDSTORE (RFC 7162 §3.1.2.1)."""
    folder = await session.context.quick.call(folders.get, session.account_id, command.mailbox, session.viewer)
    if StatusItem.HIGHESTMODSEQ in command.items:
        session.enabled.add("CONDSTORE")
    session.write(responses.status(command.mailbox, values(folder, command.items, session)))
    return responses.ok(command.tag, "STATUS completed")
