"""STARTTLS, LOGIN and AUTHENTICATE PLAIN: RFC 3501 §6.2, RFC 4959, RFC 4616. Passwords only under TLS, or from networks where
the site allows them in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.access.authenticate import authenticate as check
from mailplatform.runtime.errors import AuthenticationFailed, NotPermitted
from mailplatform.standards.sasl import encoding, plain
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
    return await enter(session, command.tag, command.username, command.password, "LOGIN")


async def authenticate(session: ImapSession, command: c.Authenticate) -> bytes:
    """RFC 3501 §6.2.2; the initial response of RFC 4959."""
    if command.mechanism != "PLAIN":
        return responses.no(command.tag, "that mechanism is not offered", Code.CANNOT)
    if not session.may_send_password():
        return responses.no(command.tag, CLEAR, Code.PRIVACYREQUIRED)
    try:
        answer = command.initial
        if answer is None:
            session.write(responses.challenge(b""))
            answer = encoding.read(await session.line())
        said = plain.parse(answer)
    except plain.BadResponse as error:
        session.bad()
        return responses.bad(command.tag, str(error))
    if said.authorisation and said.authorisation.lower() != said.login.lower():
        return responses.no(command.tag, "acting for another user is not offered", Code.AUTHORIZATIONFAILED)
    return await enter(session, command.tag, said.login, said.password, "AUTHENTICATE")


async def enter(session: ImapSession, tag: bytes, username: str, password: str | bytes, verb: str) -> bytes:
    """Check a credential and become authenticated; every failure looks the same to the peer."""
    try:
        identity = await session.context.passwords.call(
            check, username, password, protocol="imap", client_address=session.peer.address
        )
    except AuthenticationFailed as error:
        return session.login_failed(tag, error)
    if identity.account_id is None:
        raise NotPermitted("this user has no mailbox")
    session.enter(identity)
    return responses.ok(tag, f"{verb} completed", responses.code_capability(session.capabilities()))
