"""DATA and what follows it: the message goes a block at a time to the spool, its end to the house (RFC 5321 §4.1.1.4).

250 is said after the commit only; in LMTP once for each recipient that was accepted, in their order (RFC 2033 §4.2). A message
with a bare CR or LF, or one too large, is consumed whole and refused.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailplatform.mailflow.transaction import Accepted, Transaction
from mailplatform.runtime.errors import MailError
from mailplatform.runtime.spool import Spool, Spooled
from mailplatform.standards import status
from mailplatform.standards.status import Reply
from protocols.smtp.wire import commands as wire
from protocols.smtp.wire import replies
from protocols.smtp.wire.data import DataDecoder, Flaw

if TYPE_CHECKING:
    from protocols.smtp.session import SmtpSession

log = logging.getLogger(__name__)

_ENDLESS = 64 * 1024
"""Octets beyond twice the size limit that are still waited through for the end of a message."""


def data(session: SmtpSession, _command: wire.Data) -> None:
    """RFC 5321 §4.1.1.4."""
    session.machine.data()
    session.decoder = DataDecoder(session.limits.data_line)
    session.spool = Spool(session.room)
    session.idle = session.limits.data_seconds
    session.say(status.START_DATA)


def message(session: SmtpSession, received: bytes) -> None:
    """A block of what follows the 354."""
    decoder, spool = session.decoder, session.spool
    assert decoder is not None and spool is not None
    kept = decoder.feed(received)
    if kept:
        spool.write(kept)
        if spool.size > session.size_limit:
            spool.discard()
            if spool.size > 2 * session.limits.message + _ENDLESS:
                session.cut_off(status.TOO_BIG_ENDLESS)
                return
    if decoder.ended:
        if decoder.rest:
            session.lines.feed(decoder.rest)
        _ended(session, decoder.flaw, spool)


def _ended(session: SmtpSession, flaw: Flaw | None, spool: Spool) -> None:
    transaction = session.transaction
    assert transaction is not None
    session.decoder = session.spool = None
    answer: Reply | None = None
    if spool.size > session.size_limit:
        answer = status.TOO_BIG.format(limit=session.size_limit)
    elif flaw is not None:
        answer = status.BARE_MESSAGE if flaw is Flaw.BARE else status.LONG_MESSAGE_LINE
    if answer is None:
        try:
            spooled = spool.finish()
        except MailError as error:
            log.warning("%s: %s", transaction.trace_id, error)
            answer = session.refusal(error)
    if answer is not None:
        spool.discard()
        _refuse(session, transaction, answer)
        session.forget()
        return
    session.busy = True
    deliver = _deliver_each if session.role.reply_per_recipient else _deliver
    session.listener.spawn(deliver(session, transaction, spooled))


def _refuse(session: SmtpSession, transaction: Transaction, answer: Reply) -> None:
    """The same refusal of the whole message, as often as it is to be said."""
    if session.role.reply_per_recipient:
        session.out += [answer.raw] * (len(transaction.recipients) - 1)
    session.refuse(answer, "data")


async def _deliver(session: SmtpSession, transaction: Transaction, spooled: Spooled) -> None:
    """Hand the message to the house; it goes on when the peer is gone meanwhile (RFC 1047)."""
    taken: bytes | None = None
    answer = status.TRY_LATER
    try:
        accepted = await session.spine.deliver(transaction, spooled)
        taken = replies.accepted(accepted.trace_id)
    except MailError as error:
        log.info("%s: not taken: %s", transaction.trace_id, error)
        answer = session.refusal(error)
    except Exception:
        log.exception("%s: end of data failed", transaction.trace_id)
        answer = status.NOT_TAKEN.format(trace_id=transaction.trace_id)
    finally:
        spooled.close()
    session.busy = False
    if taken is not None:
        session.errors = session.idle_commands = 0
        session.out.append(taken)
    else:
        session.refuse(answer, "data")
    session.forget()
    if session.transport is not None:
        session.advance()


async def _deliver_each(session: SmtpSession, transaction: Transaction, spooled: Spooled) -> None:
    """RFC 2033 §4.2: what was taken for one recipient stays taken, whatever became of the others."""
    many = len(transaction.recipients)
    outcomes: Sequence[Accepted | Exception]
    try:
        outcomes = await session.spine.deliver_each(transaction, spooled)
    except Exception as error:
        outcomes = [error] * many
    finally:
        spooled.close()
    session.busy = False
    for recipient, outcome in zip(transaction.recipients, outcomes, strict=True):
        if isinstance(outcome, Accepted):
            session.errors = session.idle_commands = 0
            session.out.append(replies.accepted(outcome.trace_id))
            continue
        answer = _answer(session, transaction, outcome, recipient.forward_path)
        session.out.append(answer.raw)  # no error of the peer: it is not counted
        session.traced(answer, "data", recipient.forward_path)
    session.forget()
    if session.transport is not None:
        session.advance()


def _answer(session: SmtpSession, transaction: Transaction, error: Exception, path: str) -> Reply:
    if isinstance(error, MailError):
        log.info("%s: not taken for %s: %s", transaction.trace_id, path, error)
        return session.refusal(error, path)
    log.error("%s: end of data failed for %s", transaction.trace_id, path, exc_info=error)
    return status.NOT_TAKEN.format(trace_id=transaction.trace_id)
