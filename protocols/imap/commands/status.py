"""STATUS: RFC 3501 §6.3.10, HIGHESTMODSEQ RFC 7162 §3.1.7. Answered from the folder's counters, never by counting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mailplatform.store import folders
from mailplatform.store.values import FolderState
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire.commands import StatusItem
from protocols.imap.wire.errors import BadSyntax

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


def recent(folder: FolderState, session: ImapSession) -> int:
    """\\Recent of a folder: in the selected one what this session calls so, else what the next one would. RFC 3501 §6.3.10."""
    if session.selected is not None and session.selected.folder_id == folder.id:
        return session.selected.view.recent_count()
    return min(folder.messages, max(0, folder.uidnext - folder.recent_from))


def values(folder: FolderState, items: Iterable[StatusItem], session: ImapSession) -> list[tuple[str, int]]:
    """The numbers asked for, in the client's order."""
    numbers = {
        StatusItem.MESSAGES: folder.messages,
        StatusItem.RECENT: recent(folder, session),
        StatusItem.UIDNEXT: folder.uidnext,
        StatusItem.UIDVALIDITY: folder.uidvalidity,
        StatusItem.UNSEEN: folder.unseen,
        StatusItem.HIGHESTMODSEQ: folder.highestmodseq,
        StatusItem.SIZE: folder.size,
        StatusItem.DELETED: folder.deleted,
        StatusItem.APPENDLIMIT: session.context.append_limit,
    }
    return [(item, numbers[item]) for item in items]


def offered(items: Iterable[StatusItem]) -> None:
    """Raises BadSyntax for what the grammar knows and we do not announce (RFC 8474)."""
    if StatusItem.MAILBOXID in items:
        raise BadSyntax(0, "a status item of this server")


async def status(session: ImapSession, command: c.Status) -> bytes:
    """STATUS. Asking for HIGHESTMODSEQ makes the client aware of CONDSTORE (RFC 7162 §3.1.2.1)."""
    offered(command.items)
    folder = await session.context.quick.call(folders.get, session.account_id, command.mailbox, session.viewer)
    if StatusItem.HIGHESTMODSEQ in command.items:
        session.enabled.add("CONDSTORE")
    session.write(responses.status(command.mailbox, values(folder, command.items, session)))
    return responses.ok(command.tag, "STATUS completed")
