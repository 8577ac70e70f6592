"""AUTH, and MAIL of those who must have signed in before it (RFC 4954 §4, RFC 6409 §4.3 and §6.1).

The exchange itself is smtp/auth.py's; here it meets the session: when it may begin, what its end is called, who is in then.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from mailplatform.access.values import Identity
from mailplatform.runtime.errors import AuthenticationFailed, LimitReached, MailError
from mailplatform.standards import status
from mailplatform.standards.sasl.encoding import Cancelled
from mailplatform.standards.sasl.plain import BadResponse
from mailplatform.standards.status import Reply
from protocols.smtp import errors
from protocols.smtp.auth import MECHANISMS, authenticate
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
    elif command.mechanism not in MECHANISMS:
        session.refuse(status.AUTH_MECHANISM)
    elif session.about is None or not session.about.esmtp:
        session.refuse(status.HELO_FIRST)
    else:
        session.busy = True
        session.listener.spawn(_sign_in(session, command))


async def _sign_in(session: SubmissionSession, command: wire.Auth) -> None:
    refusal: Reply | None = None
    people, address = session.people, session.peer.address
    try:
        _come_in(session, await authenticate(command.mechanism, command.initial, session.ask, people.keeper, address))
    except asyncio.CancelledError:
        return  # the peer is gone
    except Cancelled:
        refusal = status.AUTH_CANCELLED
    except BadResponse:
        refusal = status.AUTH_MALFORMED
    except AuthenticationFailed as error:
        log.info("%s: %s may not come in: %s", address, error.subject, error.private)
        refusal = status.AUTH_FAILED
    except LimitReached as error:
        refusal = errors.refusal(error)
    except MailError as error:
        log.warning("%s: AUTH: %s", address, error)
        refusal = status.AUTH_TEMPORARY
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
