"""EXPUNGE and UID EXPUNGE: RFC 3501 §6.4.3, RFC 4315 §2.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.store import expunge as store
from mailplatform.store.values import Reason
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


async def expunge(session: ImapSession, command: c.Expunge) -> bytes:
    """Only messages that carry \\Deleted leave; with CONDSTORE the answer names the new HIGHESTMODSEQ (RFC 7162 §3.1.9)."""
    selected = session.chosen()
    selected.needs_write()
    uids = None if command.uids is None else selected.uids(command.uids, by_uid=True)
    done = await session.context.slow.write(
        store.expunge, selected.folder_id, uids, only_deleted=True, actor=session.actor, reason=Reason.EXPUNGED
    )
    await selected.report(session, True)
    session.reported = True
    code = responses.code_number("HIGHESTMODSEQ", done.highestmodseq) if done.uids and "CONDSTORE" in session.enabled else None
    return responses.ok(command.tag, "EXPUNGE completed", code)
