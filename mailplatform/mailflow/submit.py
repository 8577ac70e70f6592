"""Mail from the people of the house, to a Unit: who it is from is checked, the header made whole, recipients here are placed at
once, those outside go to the queue, and the sender keeps one copy in Sent. All of it commits together or not at all.

Standards: RFC 6409 §6.1 and §8 (what a submission server checks and adds), RFC 3461 (wishes for reports travel with the items).
What is stored and sent is the message after these changes, Bcc taken out; the sender's own copy shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import uuid4

from django.conf import settings

from mailplatform.access.values import Identity
from mailplatform.mailflow import expand, forward, identities, limits, receive, stamp
from mailplatform.mailflow.identities import Sender
from mailplatform.mailflow.transaction import Disposition, LocalTarget, Recipient, Transaction
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.runtime.errors import BadMessage, NotFound
from mailplatform.runtime.spool import Spooled
from mailplatform.standards.message import compose, summary
from mailplatform.standards.message.compose import Flaw, Submission
from mailplatform.standards.message.headers import first
from mailplatform.store import append
from mailplatform.store.values import AccountId, Flag, Placement, PreparedMessage, SentCopy, SpecialUse
from mailplatform.trace.events import Code, Direction, VerdictCode
from mailplatform.trace.record import EventRow, MessageRow
from mailplatform.transport.values import SMTP, Outbound, OutboundItem

_PATIENCE = 10.0  # seconds that a client waits while its own account is busy; nobody else's time is spent
_WORDS = {
    Flaw.NO_HEADER: "the message does not begin with a header (line {where})",
    Flaw.TWICE: "the header field {where} stands twice",
    Flaw.AUTHOR: "the From field names no address that can be answered",
    Flaw.CONTROL: "the header has a control character in line {where}",
    Flaw.LONG_LINE: "line {where} of the header is longer than 998 octets",
}


def prepare(transaction: Transaction, content: Spooled | bytes, identity: Identity, sender: Sender | None = None) -> Unit:
    """The unit of one submission. sender: what the identity may send, where that is at hand; nothing waits then.

    Raises BadMessage (a header that cannot be sent), NotPermitted (From is not the sender's), SendingLimitReached, PolicyRefused
    (a loop), NotFound (no recipient), StorageFull and TemporarilyUnavailable.
    """
    data = content if isinstance(content, bytes) else content.read()
    receive.refuse_loop(data)
    if not transaction.recipients:
        raise NotFound("no valid recipients")
    sender = sender or identities.sender(identity)
    done = _checked(data, transaction, sender)
    limits.take(identity.user_id, sender, len(transaction.recipients))
    now = clock.now()
    asked = transaction
    circled = forward.circling(asked.recipients, done.header)
    if circled:
        transaction = replace(asked, recipients=[r for r in asked.recipients if r not in circled])
    message = append.prepare_message(done.applied(data))
    received = stamp.received(transaction, now)
    wanted = expand.targets(transaction.recipients)
    leaving = list(_leaving(transaction.recipients))
    onward, told = _onward(transaction, message, received, identity)
    aside = expand.outbound(message, wanted, transaction.reverse_path, received) if wanted else None
    many = len(wanted) > settings.SITE.arrivals.place_directly
    planned: expand.Plans = ()
    if not many:
        planned = expand.plans(wanted, expand.letter(transaction, wanted, done.blind + done.header, now))
    here = expand.placed(message, planned, transaction.reverse_path, received)
    outbound: tuple[Outbound, ...] = (_outbound(transaction, message, leaving, received, identity),) if leaving else ()
    failing = forward.failures(asked, circled, message, received)
    outbound += (*onward, *failing, *expand.confirmations(transaction, message, received))
    return Unit(
        unit_id=uuid4(),
        trace_id=transaction.trace_id,
        placements=(*here, *_sent(message, done, data, identity)),
        outbound=(*outbound, aside) if many and aside is not None else outbound,
        messages=tuple(_rows(asked, message, identity)),
        events=(
            *_events(transaction, message, leaving, wanted if many else ()),
            *told,
            *forward.circled_events(asked, circled),
            *expand.silences(planned, transaction.trace_id, transaction.reverse_path),
        ),
        epoch=None if many else min((r.epoch for r in transaction.recipients if r.targets), default=None),
        rechecks=() if many else expand.rechecks(transaction.recipients),
        patience=settings.SITE.arrivals.patience_seconds if wanted else _PATIENCE,
        aside=None if many else aside,
        answering=expand.answering(planned),
    )


def _checked(data: bytes, transaction: Transaction, sender: Sender) -> Submission:
    """The header as it is sent, its author one of the sender's own addresses."""
    found = compose.flaw(data)
    if found is not None:
        raise BadMessage(_WORDS[found[0]].format(where=found[1]), subject=str(found[0]))
    done = compose.submission(
        data,
        at=clock.now(),
        message_id=f"<{transaction.trace_id}@{transaction.session.server_name}>",
        author=transaction.reverse_path or sender.address,
    )
    for author in compose.authors(first(done.header, b"from") or b""):
        sender.check(author, "author in From")
    for author in compose.authors(first(done.header, b"sender") or b""):
        sender.check(author, "Sender field")
    return done


def _leaving(recipients: Sequence[Recipient]) -> Iterator[tuple[Recipient, str]]:
    """(recipient, address outside) of those the sender named, each address once."""
    seen: set[str] = set()
    for recipient in recipients:
        if recipient.is_direct and recipient.forward_path not in seen:
            seen.add(recipient.forward_path)
            yield recipient, recipient.forward_path


def _onward(
    transaction: Transaction, message: PreparedMessage, received: bytes, identity: Identity
) -> tuple[tuple[Outbound, ...], tuple[EventRow, ...]]:
    """What goes on by forwards and groups, and the events that say so. The sender is one of ours and stays as it is: SPF speaks
    of our hosts already."""
    forwards = [recipient for recipient in transaction.recipients if recipient.outside and not recipient.is_direct]
    if not forwards:
        return (), ()
    part = replace(transaction, recipients=forwards)
    found = [
        replace(outbound, reverse_path=transaction.reverse_path, submitter=identity.user_id)
        for outbound in forward.outward(part, message, received, clock.now())
    ]
    return tuple(found), tuple(forward.events(part, found))


def _outbound(
    transaction: Transaction,
    message: PreparedMessage,
    leaving: Sequence[tuple[Recipient, str]],
    received: bytes,
    identity: Identity,
) -> Outbound:
    """Everything that leaves, as one message of the queue."""
    return Outbound(
        message,
        tuple(
            OutboundItem(
                transport=SMTP,
                destination="",
                forward_path=address,
                orcpt=recipient.orcpt,
                notify=",".join(recipient.notify),
            )
            for recipient, address in leaving
        ),
        transaction.reverse_path,
        received,
        ret=transaction.ret,
        envid=transaction.envid,
        submitter=identity.user_id,
        smtputf8=transaction.smtputf8,
        body8bit=transaction.body != "7BIT",
    )


def _sent(message: PreparedMessage, done: Submission, data: bytes, identity: Identity) -> Iterator[Placement]:
    """The sender's copy, for whoever has an account: read, and with the Bcc that nobody else sees."""
    if identity.account_id is None:
        return
    if done.blind:
        shown = summary.summarise(done.blind + done.header)
        message = replace(message, envelope=shown.envelope, bcc_text=shown.bcc_text)
    yield Placement(
        AccountId(identity.account_id),
        message,
        special_use=SpecialUse.SENT,
        prefix=done.blind,
        flags=int(Flag.SEEN),
        sent=SentCopy.AUTO,
    )


def _rows(transaction: Transaction, message: PreparedMessage, identity: Identity) -> Iterator[MessageRow]:
    """A row a recipient, as it was asked."""
    session = transaction.session
    for recipient in transaction.recipients:
        discarded = recipient.disposition is Disposition.DISCARDED
        yield MessageRow(
            trace_id=transaction.trace_id,
            direction=Direction.SUBMITTED,
            reverse_path=transaction.reverse_path,
            forward_path=recipient.forward_path,
            verdict=VerdictCode.DISCARDED if discarded else VerdictCode.ACCEPTED,
            organisation_id=identity.organisation_id,
            account_id=identity.account_id,
            message_id=message.message_id,
            subject=message.subject,
            client=session.client_address,
            helo=session.helo,
            size=message.blob.size,
        )


def _events(
    transaction: Transaction,
    message: PreparedMessage,
    leaving: Sequence[tuple[Recipient, str]],
    queued: Sequence[tuple[str, LocalTarget]],
) -> Iterator[EventRow]:
    yield from receive.arrival_events(transaction, message.blob.size, queued)
    for _, address in leaving:
        params = {"recipient": address, "destination": address.rpartition("@")[2].lower()}
        yield EventRow(transaction.trace_id, Code.QUEUED, params)
