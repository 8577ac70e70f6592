"""From a received message to a Unit: the preparation outside the transaction. For small messages it is arithmetic alone.

What follows a good end of data: the message is summarised, hashed and packed once, whoever it is for; each account gets it
under its own trace fields; more than ``place_directly`` accounts get it through the local queue. The trace says who it came
from and for whom, a row a recipient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import uuid4

from django.conf import settings

from mailplatform.mailflow import expand, forward, stamp
from mailplatform.mailflow.transaction import Accepted, Disposition, LocalTarget, Transaction
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.runtime.errors import NotFound, PolicyRefused
from mailplatform.runtime.spool import Spooled
from mailplatform.standards.message.headers import header_end
from mailplatform.standards.message.received import count_received
from mailplatform.store import append
from mailplatform.store.values import ArrivalResult, PreparedMessage
from mailplatform.trace.events import Code, Direction, VerdictCode
from mailplatform.trace.record import EventRow, MessageRow


def prepare(transaction: Transaction, content: Spooled | bytes) -> Unit:
    """The unit of one transaction. Raises PolicyRefused for a loop of all of it (RFC 5321 §6.3), NotFound when nobody is left,
    StorageFull and TemporarilyUnavailable for large messages that cannot be written."""
    data = content if isinstance(content, bytes) else content.read()
    refuse_loop(data)
    if not transaction.recipients:
        raise NotFound("no valid recipients")
    return unit(transaction, data)


def unit(transaction: Transaction, data: bytes, message: PreparedMessage | None = None) -> Unit:
    """The same for data that has been looked at; message: what it was prepared to, where that is at hand."""
    now = clock.now()
    asked = transaction
    leaves = any(recipient.outside for recipient in asked.recipients)
    circled = forward.circling(asked.recipients, data[: header_end(data)]) if leaves else []
    if circled:
        transaction = replace(asked, recipients=[r for r in asked.recipients if r not in circled])
    message = message or append.prepare_message(data)
    received = stamp.received(transaction, now)
    leaving = list(forward.outward(transaction, message, received, now)) if leaves else []
    failing = forward.failures(asked, circled, message, received)
    outbound = (*leaving, *failing, *expand.confirmations(transaction, message, received))
    wanted = expand.targets(transaction.recipients)
    aside = expand.outbound(message, wanted, transaction.reverse_path, received) if wanted else None
    many = len(wanted) > settings.SITE.arrivals.place_directly
    planned: expand.Plans = ()
    if not many:
        planned = expand.plans(wanted, expand.letter(transaction, wanted, data[: header_end(data)], now))
    size = len(data)
    return Unit(
        unit_id=uuid4(),
        trace_id=transaction.trace_id,
        placements=expand.placed(message, planned, transaction.reverse_path, received),
        outbound=(*outbound, aside) if many and aside is not None else outbound,
        messages=tuple(_rows(asked, message, size)),
        events=(
            *arrival_events(transaction, size, wanted if many else ()),
            *(forward.events(transaction, leaving) if leaves else ()),
            *forward.circled_events(asked, circled),
            *expand.silences(planned, transaction.trace_id, transaction.reverse_path),
        ),
        epoch=None if many else min((r.epoch for r in transaction.recipients if r.targets), default=None),
        rechecks=() if many else expand.rechecks(transaction.recipients),
        patience=settings.SITE.arrivals.patience_seconds,
        aside=None if many else aside,
        answering=expand.answering(planned),
    )


def accepted(unit: Unit, result: ArrivalResult) -> Accepted:
    """What the door may tell the peer after the commit."""
    return Accepted(unit.trace_id, len(result.appended), len(result.queued))


def refuse_loop(data: bytes) -> None:
    """Raises PolicyRefused for a message that has been everywhere already (RFC 5321 §6.3)."""
    end = data.find(b"\r\n\r\n")
    most = settings.SITE.smtp.max_received_headers
    if count_received(data[: end if end >= 0 else len(data)]) > most:
        raise PolicyRefused("too many hops, this message is in a loop", reason="loop")


def _rows(transaction: Transaction, message: PreparedMessage, size: int) -> Iterator[MessageRow]:
    """A row a recipient, as it was asked."""
    session = transaction.session
    for recipient in transaction.recipients:
        yield MessageRow(
            trace_id=transaction.trace_id,
            direction=Direction.SUBMITTED if session.user_id is not None else Direction.INBOUND,
            reverse_path=transaction.reverse_path,
            forward_path=recipient.forward_path,
            verdict=VerdictCode.DISCARDED if recipient.disposition is Disposition.DISCARDED else VerdictCode.ACCEPTED,
            account_id=recipient.targets[0].account_id if len(recipient.targets) == 1 else None,
            message_id=message.message_id,
            subject=message.subject,
            client=session.client_address,
            helo=session.helo,
            size=size,
        )


def arrival_events(transaction: Transaction, size: int, queued: Sequence[tuple[str, LocalTarget]]) -> Iterator[EventRow]:
    """How a message came, who of its recipients is discarded, and that it goes through the local queue when it does."""
    session = transaction.session
    received = {"client": session.client_address, "helo": session.helo, "tls": session.tls, "size": size}
    yield EventRow(transaction.trace_id, Code.RECEIVED, received | {"protocol": session.protocol})
    for recipient in transaction.recipients:
        if recipient.disposition is Disposition.DISCARDED:
            params = {"recipient": recipient.forward_path, "reason": "address"}
            yield EventRow(transaction.trace_id, Code.DISCARDED, params)
        elif (led := len(recipient.targets) + len(recipient.outside)) > 1:
            yield EventRow(transaction.trace_id, Code.EXPANDED, {"recipient": recipient.forward_path, "recipients": led})
    if queued:
        yield EventRow(transaction.trace_id, Code.LOCAL_QUEUED, {"recipients": len(queued), "reason": "many"})
