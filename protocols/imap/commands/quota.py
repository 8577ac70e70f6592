"""GETQUOTA, GETQUOTAROOT, SETQUOTA: RFC 9208. One root an account, named ""; STORAGE in KiB, MESSAGE in messages.

Limits are administered elsewhere, so SETQUOTA is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.directory import quotas
from mailplatform.runtime.errors import NotFound
from mailplatform.store import folders, usage
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire.responses import Code

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

ROOT = ""


def resources(account_id: int) -> list[tuple[str, int, int]]:
    """(name, used, limit) of every resource that has a limit."""
    limits = quotas.limits([account_id])[account_id]
    used = usage.usage(account_id)
    found = []
    if limits.quota_bytes is not None:
        found.append(("STORAGE", -(-used.bytes // 1024), limits.quota_bytes // 1024))
    if limits.quota_messages is not None:
        found.append(("MESSAGE", used.messages, limits.quota_messages))
    return found


async def getquota(session: ImapSession, command: c.GetQuota) -> bytes:
    """RFC 9208 §4.1.2."""
    if command.root != ROOT:
        raise NotFound("there is no such quota root")
    session.write(responses.quota(ROOT, await session.context.quick.call(resources, session.account_id)))
    return responses.ok(command.tag, "GETQUOTA completed")


async def getquotaroot(session: ImapSession, command: c.GetQuotaRoot) -> bytes:
    """RFC 9208 §4.1.3."""
    await session.context.quick.call(folders.get, session.account_id, command.mailbox, session.viewer)
    session.write(responses.quotaroot(command.mailbox, [ROOT]))
    session.write(responses.quota(ROOT, await session.context.quick.call(resources, session.account_id)))
    return responses.ok(command.tag, "GETQUOTAROOT completed")


async def setquota(session: ImapSession, command: c.SetQuota) -> bytes:
    """RFC 9208 §4.1.4."""
    return responses.no(command.tag, "quotas are set by the administrator", Code.NOPERM)
