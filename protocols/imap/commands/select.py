"""SELECT, EXAMINE, CLOSE, UNSELECT: RFC 3501 §6.3.1, §6.3.2, §6.4.2, RFC 3691, RFC 7162 §3.1.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.runtime.errors import NotFound
from mailplatform.store import expunge, folders
from mailplatform.store.values import Reason
from protocols.imap.selected import ALL_BITS, Selected
from protocols.imap.wire import commands as c
from protocols.imap.wire import flags, responses
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.machine import State
from protocols.imap.wire.responses import Code
from protocols.imap.wire.snapshot import Snapshot

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

_UNSEEN = bytes(0 if bits & flags.SEEN else 1 for bits in range(256))


def first_unseen(snapshot: Snapshot) -> int | None:
    """Sequence number of the first message without \\Seen. RFC 3501 §6.3.1."""
    base = 0
    for block in snapshot.blocks:
        found = block.flags.translate(_UNSEEN).find(1)
        if found >= 0:
            return base + found + 1
        base += len(block)
    return None


async def select(session: ImapSession, command: c.Select) -> bytes:
    """Read-write."""
    return await _open(session, command, read_only=False)


async def examine(session: ImapSession, command: c.Examine) -> bytes:
    """Read-only: nothing changes, \\Recent stays for the next."""
    return await _open(session, command, read_only=True)


async def _open(session: ImapSession, command: c.Select | c.Examine, *, read_only: bool) -> bytes:
    if command.qresync is not None:
        raise BadSyntax(0, "QRESYNC to be enabled")
    if session.selected is not None:
        session.unselect()  # RFC 3501 §6.3.1: also when what follows fails
        session.write(responses.untagged_ok("The mailbox before is closed", Code.CLOSED))  # RFC 7162 §3.2.11
    session.reported = True
    if command.condstore:
        session.enabled.add("CONDSTORE")
    folder = await session.context.quick.call(folders.get, session.account_id, command.mailbox, session.viewer)
    version = await session.context.snapshots.current(folder.id, session.viewer)
    recent_from = version.state.recent_from
    if not read_only and version.state.recent_from < version.state.uidnext:
        recent_from = await session.context.quick.write(folders.claim_recent, folder.id)
    selected = Selected(session, version, read_only=read_only, recent_from=recent_from)
    session.selected = selected
    session.state = State.SELECTED
    session.tell(folder=command.mailbox)
    state, keywords = version.state, version.keywords.values()
    session.write(responses.flags(ALL_BITS, keywords))
    session.write(responses.exists(selected.known.count))
    session.write(responses.recent(selected.view.recent_count()))
    unseen = first_unseen(selected.known)
    if unseen is not None:
        session.write(responses.untagged_ok("First unseen", responses.code_number("UNSEEN", unseen)))
    permanent = (
        responses.code_permanentflags(0, (), new_keywords=False)
        if read_only
        else responses.code_permanentflags(ALL_BITS, keywords, new_keywords=True)
    )
    session.write(responses.untagged_ok("Flags that stay", permanent))
    session.write(responses.untagged_ok("UIDs valid", responses.code_number("UIDVALIDITY", state.uidvalidity)))
    session.write(responses.untagged_ok("Next UID", responses.code_number("UIDNEXT", state.uidnext)))
    session.write(responses.untagged_ok("Highest", responses.code_number("HIGHESTMODSEQ", state.highestmodseq)))
    if read_only:
        return responses.ok(command.tag, "EXAMINE completed", Code.READ_ONLY)
    return responses.ok(command.tag, "SELECT completed", Code.READ_WRITE)


async def close(session: ImapSession, command: c.Close) -> bytes:
    """RFC 3501 §6.4.2: expunge without a word, unless read-only."""
    selected = session.chosen()
    if not selected.read_only:
        try:
            await session.context.slow.write(
                expunge.expunge, selected.folder_id, None, only_deleted=True, actor=session.actor, reason=Reason.EXPUNGED
            )
        except NotFound:
            pass  # the folder is gone, and with it what was to go
    session.unselect()
    return responses.ok(command.tag, "CLOSE completed")


async def unselect(session: ImapSession, command: c.Unselect) -> bytes:
    """RFC 3691."""
    session.unselect()
    return responses.ok(command.tag, "UNSELECT completed")
