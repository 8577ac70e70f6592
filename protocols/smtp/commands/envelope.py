"""MAIL and RCPT: the envelope (RFC 5321 §4.1.1.2 and §4.1.1.3).

A recipient is refused here, while the peer still owns the message. What the house must be asked is awaited; the peer's further
commands wait meanwhile.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from mailplatform.mailflow.transaction import Recipient, Transaction
from mailplatform.runtime.errors import MailError
from mailplatform.standards import status
from mailplatform.standards.status import Reply
from protocols.smtp.wire import commands as wire

if TYPE_CHECKING:
    from protocols.smtp.session import SmtpSession

log = logging.getLogger(__name__)


def mail(session: SmtpSession, command: wire.MailFrom) -> None:
    """RFC 5321 §4.1.1.2; SIZE RFC 1870 §6.1."""
    assert session.about is not None
    params = command.params
    if params.size is not None and params.size > session.limits.message:
        session.refuse(status.TOO_BIG.format(limit=session.limits.message), "mail")
        return
    if session.transactions >= session.limits.transactions:
        session.hang_up(status.TOO_MANY_TRANSACTIONS)
        return
    session.transactions += 1
    now = session.spine.now()
    session.transaction = Transaction(
        trace_id=session.spine.new_id(now),
        session=session.about,
        started=now,
        reverse_path=str(command.reverse_path),
        size_hint=params.size,
        smtputf8=params.smtputf8,
        body=params.body,
        ret=params.ret,
        envid=params.envid,
    )
    session.machine.mail()
    session.say(status.SENDER_OK)


def rcpt(session: SmtpSession, command: wire.RcptTo) -> None:
    """RFC 5321 §4.1.1.3: refused here, while the peer still owns the message."""
    transaction = session.transaction
    assert transaction is not None
    if len(transaction.recipients) >= session.limits.recipients:
        session.refuse(status.TOO_MANY_RECIPIENTS, "rcpt", str(command.forward_path))
        # a long list is no error, an endless one is
        session.errors -= session.machine.refused < session.limits.recipients
        session.machine.rcpt(taken=False)
        return
    if not transaction.smtputf8 and command.forward_path.internationalised:
        session.refuse(status.NEEDS_SMTPUTF8, "rcpt", str(command.forward_path))
        session.machine.rcpt(taken=False)
        return
    recipient = session.spine.known(command.forward_path, transaction)
    if recipient is not None:
        _admitted(session, transaction, command, recipient)
        return
    session.busy = True
    session.listener.spawn(_admit(session, transaction, command))


async def _admit(session: SmtpSession, transaction: Transaction, command: wire.RcptTo) -> None:
    answer: Recipient | Reply
    try:
        answer = await session.spine.admit(command.forward_path, transaction)
    except MailError as error:
        answer = session.refusal(error, str(command.forward_path))
    except Exception:
        log.exception("%s: RCPT failed", transaction.trace_id)
        answer = status.TRY_LATER
    session.busy = False
    if session.transport is None or session.transaction is not transaction:
        return
    if isinstance(answer, Reply):
        session.machine.rcpt(taken=False)
        session.refuse(answer, "rcpt", str(command.forward_path))
    else:
        _admitted(session, transaction, command, answer)
    session.advance()


def _admitted(session: SmtpSession, transaction: Transaction, command: wire.RcptTo, recipient: Recipient) -> None:
    most = recipient.max_message_size
    if most is not None:
        if transaction.size_hint is not None and transaction.size_hint > most:
            session.machine.rcpt(taken=False)
            too_big = status.TOO_BIG_FOR_RECIPIENT.format(address=command.forward_path, limit=most)
            session.refuse(too_big, "rcpt", str(command.forward_path))
            return
        if not session.role.reply_per_recipient:
            session.size_limit = min(session.size_limit, most)
    if command.params.notify or command.params.orcpt:
        recipient = replace(recipient, notify=command.params.notify, orcpt=command.params.orcpt)
    transaction.recipients.append(recipient)
    session.machine.rcpt(taken=True)
    session.say(status.RECIPIENT_OK)
