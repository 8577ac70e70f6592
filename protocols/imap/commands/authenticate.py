"""STARTTLS, LOGIN and AUTHENTICATE: RFC 3501 §6.2, RFC 4959, RFC 4616 (PLAIN), RFC 7677 (SCRAM-SHA-256).

Passwords are sent only under TLS, or from networks where the site allows them in clear; SCRAM shows none, and is offered always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.access.values import Identity
from mailplatform.runtime.errors import AuthenticationFailed, MailError, NotPermitted
from mailplatform.standards.sasl.plain import BadResponse
from protocols.common import sasl
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire.responses import Code

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

CLEAR = "a password is not accepted without TLS"


async def starttls(session: ImapSession, command: c.StartTls) -> bytes:
    """RFC 3501 §6.2.1: what the client sent before the handshake is dropped (the session does so)."""
    if session.secure or session.listener.tls is None:
        return responses.bad(command.tag, "TLS is on already" if session.secure else "TLS is not available")
    await session.upgrade(responses.ok(command.tag, "Begin TLS negotiation now"))
    return b""


async def login(session: ImapSession, command: c.Login) -> bytes:
    """RFC 3501 §6.2.3."""
    if not session.may_send_password():
        return responses.no(command.tag, CLEAR, Code.PRIVACYREQUIRED)
    try:
        identity = await session.context.keeper.check(command.username, octets(command.password), session.peer.address)
    except AuthenticationFailed as error:
        return session.login_failed(command.tag, error)
    return enter(session, command.tag, identity, "LOGIN")


async def authenticate(session: ImapSession, command: c.Authenticate) -> bytes:
    """RFC 3501 §6.2.2; the initial response of RFC 4959. An IMAP session has no room beside OK for SCRAM's last message."""
    if command.mechanism not in sasl.offered(weak=True):
        return responses.no(command.tag, "that mechanism is not offered", Code.CANNOT)
    may_send_password = session.may_send_password()
    if command.mechanism not in sasl.offered(weak=may_send_password):
        return responses.no(command.tag, CLEAR, Code.PRIVACYREQUIRED)

    async def ask(challenge: bytes) -> bytes:
        session.write(responses.challenge(challenge))
        return await session.line()

    exchange = sasl.Exchange(command.mechanism, session.context.keeper, session.peer.address, secure=may_send_password)
    match await sasl.run(exchange, command.initial, ask):
        case sasl.Done(identity):
            return enter(session, command.tag, identity, "AUTHENTICATE")
        case sasl.Refused(BadResponse() as error):
            session.bad()
            return responses.bad(command.tag, str(error))
        case sasl.Refused(NotPermitted() as error):
            return responses.no(command.tag, error.public, Code.AUTHORIZATIONFAILED)
        case sasl.Refused(AuthenticationFailed() as error):
            return session.login_failed(command.tag, error)
        case sasl.Refused(MailError() as error):
            raise error
    raise AssertionError("an exchange ends in one of these")


def enter(session: ImapSession, tag: bytes, identity: Identity, verb: str) -> bytes:
    """Become authenticated; every failure before this looks the same to the peer."""
    if identity.account_id is None:
        raise NotPermitted("this user has no mailbox")
    session.enter(identity)
    return responses.ok(tag, f"{verb} completed", responses.code_capability(session.capabilities()))


def octets(password: str | bytes) -> bytes:
    """A password as SASL would send it."""
    return password if isinstance(password, bytes) else password.encode("utf-8", "surrogatepass")
