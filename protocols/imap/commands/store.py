"""STORE: RFC 3501 §6.4.6, UNCHANGEDSINCE RFC 7162 §3.1.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.store import flags
from mailplatform.store.values import FlagChange
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire.commands import StoreMode

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

MODES = {StoreMode.REPLACE: "set", StoreMode.ADD: "add", StoreMode.REMOVE: "remove"}


async def store(session: ImapSession, command: c.Store) -> bytes:
    """Untagged FETCH answers tell the new flags unless .SILENT was asked; with CONDSTORE the modseq is always told (§3.1.3)."""
    selected = session.chosen()
    selected.needs_write()
    if command.unchanged_since is not None:
        session.enabled.add("CONDSTORE")
    uids = selected.uids(command.numbers, by_uid=command.by_uid)
    change = FlagChange(MODES[command.mode], command.flags.bits, command.flags.keywords)
    done = await session.context.slow.write(
        flags.store,
        selected.folder_id,
        uids,
        change,
        unchangedsince=command.unchanged_since,
        viewer=session.viewer,
        actor=session.actor,
    )
    await selected.stored(session, uids, change, done, silent=command.silent, by_uid=command.by_uid)
    session.reported = True
    if done.modified:
        numbers = done.modified if command.by_uid else selected.seqs(done.modified)
        return responses.ok(command.tag, "STORE completed, some had changed", responses.code_modified(numbers))
    return responses.ok(command.tag, "STORE completed")
