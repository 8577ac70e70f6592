"""AUTHORIZATION: USER and PASS, AUTH, STLS, and what may be asked in any state: CAPA, UTF8, LANG.

RFC 1939 §4 and §7, RFC 5034, RFC 2595 §4, RFC 2449 §5, RFC 6856. Passwords only under TLS, or from networks where the site allows
them in clear; SCRAM shows none, and is offered always. APOP is not: it needs passwords in clear in the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailplatform.runtime.errors import AuthenticationFailed, MailError
from mailplatform.standards.sasl import encoding
from mailplatform.standards.sasl.encoding import Cancelled
from mailplatform.standards.sasl.plain import BadResponse
from protocols.common import sasl
from protocols.pop3 import errors, words
from protocols.pop3.wire import commands as c
from protocols.pop3.wire import replies
from protocols.pop3.wire.capabilities import capabilities
from protocols.pop3.wire.machine import State
from protocols.pop3.wire.replies import Code

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session


async def capa(session: Pop3Session, _command: c.Capa) -> None:
    """RFC 2449 §5."""
    before = session.state is State.AUTHORIZATION
    lines = capabilities(
        mechanisms=sasl.offered(weak=session.may_send_password(), scram=session.context.announce_scram),
        user=session.may_send_password(),
        stls=before and not session.secure and session.listener.tls is not None,
        login_delay=session.context.login_delay_seconds,
    )
    session.write(replies.listing(session.say("capabilities"), lines))


async def utf8(session: Pop3Session, _command: c.Utf8) -> None:
    """RFC 6856 §2.1: headers in UTF-8 may come. They come as they are in any case; there is nothing to down-convert to."""
    session.utf8 = True
    session.ok("utf8")


async def lang(session: Pop3Session, command: c.Lang) -> None:
    """RFC 6856 §3."""
    if not command.tag:
        lines = (f"{tag} {name}" for tag, name in words.LANGUAGES.items())
        session.write(replies.listing(session.say("languages"), lines))
    elif (found := words.known(command.tag)) is None:
        session.err("no_language")
    else:
        session.language = found
        session.ok("language", tag=found)


async def stls(session: Pop3Session, _command: c.Stls) -> None:
    """RFC 2595 §4: what the client sent before the handshake is dropped, and what it said forgotten (the session does so)."""
    if session.secure or session.listener.tls is None:
        session.err("tls_on" if session.secure else "no_tls")
    else:
        await session.upgrade(replies.ok(session.say("begin_tls")))


async def user(session: Pop3Session, command: c.User) -> None:
    """RFC 1939 §7; the same answer whether there is such a user or not."""
    if not session.may_send_password():
        session.err("clear")
    else:
        session.user = command.name
        session.ok("name")


async def pass_(session: Pop3Session, command: c.Pass) -> None:
    """RFC 1939 §7."""
    name, session.user = session.user, ""
    if not session.may_send_password():
        session.err("clear")
    elif not name:
        session.err("name_first")
    else:
        try:
            identity = await session.context.keeper.check(name, command.password, session.peer.address)
            await session.enter(identity)
        except MailError as error:
            refused(session, error)


async def auth(session: Pop3Session, command: c.Auth) -> None:
    """RFC 5034 §4; without a mechanism, a list of them, as old clients ask for."""
    weak = session.may_send_password()
    if not command.mechanism:
        announced = sasl.offered(weak=weak, scram=session.context.announce_scram)
        session.write(replies.listing(session.say("mechanisms"), announced))
        return
    if command.mechanism not in sasl.offered(weak=weak):
        session.err("clear" if command.mechanism in sasl.offered(weak=True) else "no_mechanism")
        return
    try:
        initial = encoding.read(command.initial, initial=True) if command.initial is not None else None
    except BadResponse as spoilt:
        refused(session, spoilt)
        return

    async def ask(challenge: bytes) -> bytes:
        session.write(replies.challenge(challenge))
        return await session.line()

    exchange = sasl.Exchange(command.mechanism, session.context.keeper, session.peer.address, secure=weak)
    match await sasl.run(exchange, initial, ask):
        case sasl.Done(identity):
            try:
                await session.enter(identity)
            except MailError as shut:
                refused(session, shut)
        case sasl.Refused(error):
            refused(session, error)


def refused(session: Pop3Session, error: BadResponse | MailError) -> None:
    """Nobody came in; every failure to prove oneself looks the same."""
    match error:
        case Cancelled():
            session.err("cancelled")
        case BadResponse():
            session.bads += 1
            session.err("bad_response")
        case AuthenticationFailed():
            session.bads += 1
            session.err("failed", Code.AUTH)
        case MailError():
            session.write(errors.reply(error, session.language))
