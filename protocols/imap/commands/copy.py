"""COPY and MOVE: RFC 3501 §6.4.7, RFC 6851, COPYUID RFC 4315 §3. COPY is all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.runtime.errors import NotFound
from mailplatform.store import folders, move
from protocols.imap.commands.append import trycreate
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


async def copy(session: ImapSession, command: c.Copy) -> bytes:
    """RFC 3501 §6.4.7."""
    selected = session.chosen()
    try:
        target = await session.context.quick.call(folders.get, session.account_id, command.mailbox, session.viewer)
    except NotFound:
        return trycreate(command.tag, command.mailbox)
    uids = selected.uids(command.numbers, by_uid=command.by_uid)
    if not uids:
        return responses.ok(command.tag, "COPY completed, nothing to copy")
    done = await session.context.slow.write(
        move.copy, selected.folder_id, uids, target.id, viewer=session.viewer, actor=session.actor
    )
    code = responses.code_copyuid(done.uidvalidity, done.source, done.target) if done.source else None
    return responses.ok(command.tag, "COPY completed", code)


async def move_(session: ImapSession, command: c.Move) -> bytes:
    """RFC 6851 §4.3: COPYUID goes in an untagged OK before the EXPUNGEs; the tagged OK carries HIGHESTMODSEQ (RFC 7162
    §3.1.9)."""
    selected = session.chosen()
    selected.needs_write()
    try:
        target = await session.context.quick.call(folders.get, session.account_id, command.mailbox, session.viewer)
    except NotFound:
        return trycreate(command.tag, command.mailbox)
    uids = selected.uids(command.numbers, by_uid=command.by_uid)
    if not uids:
        return responses.ok(command.tag, "MOVE completed, nothing to move")
    done = await session.context.slow.write(
        move.move, selected.folder_id, uids, target.id, viewer=session.viewer, actor=session.actor
    )
    if done.source:
        session.write(responses.untagged_ok("Moved", responses.code_copyuid(done.uidvalidity, done.source, done.target)))
    await selected.report(session, True)
    session.reported = True
    code = responses.code_number("HIGHESTMODSEQ", done.highestmodseq) if done.source and "CONDSTORE" in session.enabled else None
    return responses.ok(command.tag, "MOVE completed", code)
