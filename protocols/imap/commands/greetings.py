"""CAPABILITY, NOOP, CHECK, LOGOUT, ID, ENABLE, NAMESPACE: short answers that need no data of the store.

RFC 3501 §6.1, RFC 2971, RFC 5161, RFC 2342.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.store.values import SEPARATOR
from protocols.imap.wire import commands as c
from protocols.imap.wire import extensions, responses
from protocols.imap.wire.machine import State

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

SERVER_ID = (("name", "mailplatform"), ("vendor", "mailplatform"))


async def capability(session: ImapSession, command: c.Capability) -> bytes:
    """RFC 3501 §6.1.1."""
    session.write(responses.capability(session.capabilities()))
    return responses.ok(command.tag, "CAPABILITY completed")


async def noop(session: ImapSession, command: c.Noop) -> bytes:
    """RFC 3501 §6.1.2; what is new is reported by the session, before the answer."""
    return responses.ok(command.tag, "NOOP completed")


async def check(session: ImapSession, command: c.Check) -> bytes:
    """RFC 3501 §6.4.1: nothing is ever unwritten here, so it equals NOOP."""
    return responses.ok(command.tag, "CHECK completed")


async def logout(session: ImapSession, command: c.Logout) -> bytes:
    """RFC 3501 §6.1.3."""
    session.unselect()
    session.state = State.LOGOUT
    session.write(responses.bye("Logging out"))
    return responses.ok(command.tag, "LOGOUT completed")


async def id_(session: ImapSession, command: c.Id) -> bytes:
    """RFC 2971. What the client says is kept for the list of living sessions and the trace."""
    known = {name.lower(): value for name, value in command.params if value}
    session.client = " ".join(known[name] for name in ("name", "version") if name in known)[:100]
    session.tell(client=session.client)
    session.write(responses.id_(SERVER_ID))
    return responses.ok(command.tag, "ID completed")


async def enable(session: ImapSession, command: c.Enable) -> bytes:
    """RFC 5161 §3.1."""
    fresh = extensions.enables(command.tokens)
    session.enabled.update(fresh)
    session.write(responses.enabled(fresh))
    return responses.ok(command.tag, "ENABLE completed")


async def namespace(session: ImapSession, command: c.Namespace) -> bytes:
    """RFC 2342: one personal namespace without a prefix."""
    session.write(responses.namespace([("", SEPARATOR)]))
    return responses.ok(command.tag, "NAMESPACE completed")
