"""AUTH, and MAIL of those who must have signed in before it (RFC 4954 §4, RFC 6409 §4.3 and §6.1).

The exchange itself is common/sasl.py's; here it meets the session: when it may begin, what its end is called, who is in then.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from mailplatform.access.values import Identity
from mailplatform.runtime.errors import AuthenticationFailed, LimitReached, MailError, NotPermitted, PolicyRefused
from mailplatform.standards import status
from mailplatform.standards.sasl import encoding
from mailplatform.standards.sasl.encoding import Cancelled
from mailplatform.standards.sasl.plain import BadResponse
from mailplatform.standards.status import Reply
from protocols.common import sasl
from protocols.smtp import errors
from protocols.smtp.commands import envelope
from protocols.smtp.wire import commands as wire

if TYPE_CHECKING:
    from protocols.smtp.submission_session import SubmissionSession

log = logging.getLogger(__name__)


def auth(session: SubmissionSession, command: wire.Auth) -> None:
    """RFC 4954 §4."""
    if session.identity is not None:
        session.refuse(status.AUTH_AGAIN)
    elif not session.may_sign_in():
        session.refuse(status.AUTH_NEEDS_TLS)
    elif command.mechanism not in sasl.MECHANISMS:
        session.refuse(status.AUTH_MECHANISM)
    elif session.about is None or not session.about.esmtp:
        session.refuse(status.HELO_FIRST)
    else:
        session.busy = True
        session.listener.spawn(_sign_in(session, command))


async def _sign_in(session: SubmissionSession, command: wire.Auth) -> None:
    refusal: Reply | None = None
    people, address = session.people, session.peer.address
    initial = command.initial
    try:
        first = encoding.read(initial.encode("utf-8", "replace"), initial=True) if initial is not None else None
        exchange = sasl.Exchange(command.mechanism, people.keeper, address, secure=True)
        match await sasl.run(exchange, first, session.ask):
            case sasl.Done(identity):
                _come_in(session, identity)
            case sasl.Refused(error):
                refusal = _refusal(error)
    except asyncio.CancelledError:
        return  # the peer is gone
    except (BadResponse, LimitReached) as error:
        refusal = _refusal(error)
    except Exception:
        log.exception("%s: AUTH failed", address)
        refusal = status.AUTH_TEMPORARY
    session.busy = False
    if session.transport is None or session.closing:
        return
    if refusal is None:
        session.say(status.AUTHENTICATED)
    else:
        session.refuse(refusal)
    session.advance()


def _refusal(error: BadResponse | MailError) -> Reply:
    """What an exchange that failed is answered with (RFC 4954 §4, §6)."""
    match error:
        case Cancelled():
            return status.AUTH_CANCELLED
        case BadResponse():
            return status.AUTH_MALFORMED
        case AuthenticationFailed() | NotPermitted():
            return status.AUTH_FAILED
        case LimitReached() | PolicyRefused():
            return errors.refusal(error)
        case _:
            return status.AUTH_TEMPORARY


def _come_in(session: SubmissionSession, identity: Identity) -> None:
    if session.about is None or session.transport is None:
        raise asyncio.CancelledError
    if session.entry is not None:
        session.entry.sign_in(identity)
    session.about = replace(session.about, identity=identity)
    session.tell()


def mail(session: SubmissionSession, command: wire.MailFrom) -> None:
    """RFC 6409 §4.3 and §6.1: only those who signed in, only as themselves."""
    identity = session.identity
    if identity is None:
        session.refuse(status.AUTH_REQUIRED if session.may_sign_in() else status.TLS_REQUIRED, "mail")
    elif session.people.sender_known(identity, str(command.reverse_path)):
        envelope.mail(session, command)
    else:
        session.busy = True
        session.listener.spawn(_check_sender(session, identity, command))


async def _check_sender(session: SubmissionSession, identity: Identity, command: wire.MailFrom) -> None:
    refusal: Reply | None = None
    try:
        await session.people.sender(identity, str(command.reverse_path))
    except MailError as error:
        refusal = errors.refusal(error)
    except Exception:
        log.exception("%s: MAIL failed", session.peer.address)
        refusal = status.TRY_LATER
    session.busy = False
    if session.transport is None or session.closing:
        return
    if refusal is None:
        envelope.mail(session, command)
    else:
        session.refuse(refusal, "mail")
    session.advance()
