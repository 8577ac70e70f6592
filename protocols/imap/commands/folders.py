"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE: RFC 3501 §6.3.3 to §6.3.7, RFC 6154 §3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.runtime.errors import AlreadyExists, Malformed
from mailplatform.store import folders
from mailplatform.store.values import SpecialUse
from protocols.imap.wire import commands as c
from protocols.imap.wire import names, responses
from protocols.imap.wire.responses import Code

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

SPECIAL_USES = {
    "\\archive": SpecialUse.ARCHIVE,
    "\\drafts": SpecialUse.DRAFTS,
    "\\junk": SpecialUse.JUNK,
    "\\sent": SpecialUse.SENT,
    "\\trash": SpecialUse.TRASH,
}


def fit(name: str) -> None:
    """Raises Malformed for a name that no folder should get."""
    why = names.unfit(name)
    if why is not None:
        raise Malformed(why, subject="name")


async def create(session: ImapSession, command: c.Create) -> bytes:
    """RFC 3501 §6.3.3; missing parents are made too."""
    if len(command.special_use) > 1 or any(use.lower() not in SPECIAL_USES for use in command.special_use):
        return responses.no(command.tag, "that special use cannot be given to a mailbox", Code.USEATTR)
    fit(command.mailbox)
    use = SPECIAL_USES[command.special_use[0].lower()] if command.special_use else None
    await session.context.quick.write(folders.create, session.account_id, command.mailbox, special_use=use, actor=session.actor)
    return responses.ok(command.tag, "CREATE completed")


async def delete(session: ImapSession, command: c.Delete) -> bytes:
    """RFC 3501 §6.3.4; a session that has the folder selected sees it emptied."""
    session.remembered = None
    await session.context.quick.write(folders.delete, session.account_id, command.mailbox, actor=session.actor)
    return responses.ok(command.tag, "DELETE completed")


async def rename(session: ImapSession, command: c.Rename) -> bytes:
    """RFC 3501 §6.3.5; renaming INBOX moves its messages."""
    if command.target == "INBOX" and command.source != "INBOX":
        raise AlreadyExists("INBOX exists always", subject="name")
    target = command.target.removesuffix(names.SEPARATOR)
    fit(target)
    session.remembered = None
    await session.context.slow.write(folders.rename, session.account_id, command.source, target, actor=session.actor)
    return responses.ok(command.tag, "RENAME completed")


async def subscribe(session: ImapSession, command: c.Subscribe) -> bytes:
    """RFC 3501 §6.3.6."""
    await session.context.quick.write(folders.subscribe, session.account_id, command.mailbox, True)
    return responses.ok(command.tag, "SUBSCRIBE completed")


async def unsubscribe(session: ImapSession, command: c.Unsubscribe) -> bytes:
    """RFC 3501 §6.3.7."""
    await session.context.quick.write(folders.subscribe, session.account_id, command.mailbox, False)
    return responses.ok(command.tag, "UNSUBSCRIBE completed")
