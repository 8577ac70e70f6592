"""EHLO, HELO and STARTTLS: who the peer says it is, and how the two go on (RFC 5321 §4.1.1.1, RFC 3207)."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from mailplatform.standards import status
from mailplatform.standards.status import Reply
from protocols.smtp.wire import commands as wire
from protocols.smtp.wire.extensions import Offer
from protocols.smtp.wire.extensions import ehlo as offered

if TYPE_CHECKING:
    from protocols.smtp.session import SmtpSession

log = logging.getLogger(__name__)


def ehlo(session: SmtpSession, command: wire.Ehlo) -> None:
    """RFC 5321 §4.1.1.1."""
    _greeted(session, command.host, esmtp=True)
    can_start_tls = session.listener.tls is not None and not session.secure
    offer = Offer(session.role.extensions, session.limits.message, can_start_tls, session.mechanisms())
    session.say(offered(session.host, command.host, offer))


def helo(session: SmtpSession, command: wire.Helo) -> None:
    """RFC 5321 §4.1.1.1."""
    _greeted(session, command.host, esmtp=False)
    session.say(Reply(250, "", session.host))


def _greeted(session: SmtpSession, host: str, *, esmtp: bool) -> None:
    session.forget()
    session.machine.greeted()
    if session.about is not None:
        session.about = replace(session.about, helo=host, esmtp=esmtp)
        session.tell()


def starttls(session: SmtpSession, _command: wire.StartTls) -> None:
    """RFC 3207 §4."""
    if session.listener.tls is None:
        session.refuse(status.TLS_UNAVAILABLE)
        return
    session.busy = session.upgrading = True
    session.pause_reading()  # the ClientHello is for the TLS layer, which stands a turn of the loop later
    session.say(status.READY_FOR_TLS)
    session.flush()
    session.lines.drop()
    session.listener.spawn(_start_tls(session))


async def _start_tls(session: SmtpSession) -> None:
    try:
        await session.start_tls()
    except OSError as error:
        log.info("%s: STARTTLS: %s", session.peer.address, error)
        return
    finally:
        session.busy = session.upgrading = False
    session.lines.drop()
    session.secured()
    session.advance()
