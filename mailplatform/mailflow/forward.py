"""Mail that goes on to outside: forwards, groups with members elsewhere, and reports that come back to a rewritten sender.

Standards: RFC 5321 §3.9 (aliases and lists), §6.3 (loops); RFC 9228 §3 (Delivered-To shows where a message has been); RFC 3461
§5.2.7 (NOTIFY and ORCPT travel on with an alias that leads to one address). The sender is rewritten (standards.srs), so that SPF
speaks of us, whose hosts send it, and a report finds its way back through us.
Invariants: a message that has been at the same address of ours before goes nowhere from there, and its other recipients get it;
only reports (the null path) come in at a rewritten sender, only those that we have rewritten ourselves, and only for three weeks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings

from mailplatform.mailflow.transaction import Recipient, Transaction
from mailplatform.runtime.errors import PolicyRefused
from mailplatform.standards import srs
from mailplatform.standards.message.received import delivered_to
from mailplatform.store.values import PreparedMessage
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport.destinations import domain_of
from mailplatform.transport.values import LOCAL, SMTP, Outbound, OutboundItem, Report

_CIRCLE = "this message has been at this address before: it is in a loop"
_BEEN = re.compile(rb"^delivered-to[ \t]*:[ \t]*<?([^\r\n>]*)", re.I | re.M)


def circling(recipients: Sequence[Recipient], header: bytes) -> list[Recipient]:
    """Recipients that would send on what they have sent on before. They fail, and nobody else with them.

    Raises PolicyRefused (reason "loop") when there is nobody else: then the peer still owns the message, and reports it.
    """
    been = {match.strip().lower() for match in _BEEN.findall(header)}
    found = [r for r in recipients if r.outside and not r.is_direct and r.forward_path.lower().encode() in been]
    if found and len(found) == len(recipients):
        raise PolicyRefused(_CIRCLE, reason="loop", subject=found[0].forward_path)
    return found


def failures(
    transaction: Transaction, circled: Sequence[Recipient], message: PreparedMessage, received: bytes
) -> Iterator[Outbound]:
    """The report to the sender, if one is wanted: items with nothing left to do but that (RFC 3461 §5.2, RFC 5321 §6.1)."""
    wanted = [r for r in circled if not r.notify or "FAILURE" in r.notify]
    if wanted and transaction.reverse_path:
        items = tuple(
            OutboundItem(
                transport=LOCAL,
                destination=recipient.forward_path,
                forward_path=recipient.forward_path,
                orcpt=recipient.orcpt,
                notify=",".join(recipient.notify),
                report=Report.FAILED,
                status="5.4.6",
                reply=_CIRCLE,
            )
            for recipient in wanted
        )
        told = (transaction.ret, transaction.envid)
        yield Outbound(message, items, transaction.reverse_path, received, *told, smtputf8=transaction.smtputf8)


def circled_events(transaction: Transaction, circled: Sequence[Recipient]) -> Iterator[EventRow]:
    """That it ends there, for the trace."""
    for recipient in circled:
        yield EventRow(transaction.trace_id, Code.CIRCLED, {"recipient": recipient.forward_path})


def outward(transaction: Transaction, message: PreparedMessage, received: bytes, at: datetime) -> Iterator[Outbound]:
    """What goes on, a message of the queue a recipient of ours: each leaves from that recipient's own domain."""
    for recipient in transaction.recipients:
        if recipient.outside:
            alone = len(recipient.outside) == 1 and not recipient.targets
            yield Outbound(
                message,
                tuple(
                    OutboundItem(
                        transport=SMTP,
                        destination="",
                        forward_path=target,
                        orcpt=recipient.orcpt if alone else "",
                        notify=",".join(recipient.notify if alone else _quieter(recipient.notify)),
                    )
                    for target in recipient.outside
                ),
                rewritten(transaction.reverse_path, domain_of(recipient.forward_path), at),
                delivered_to(recipient.forward_path) + received,
                ret=transaction.ret,
                envid=transaction.envid,
                smtputf8=transaction.smtputf8,
                body8bit=transaction.body != "7BIT",
            )


def events(transaction: Transaction, leaving: list[Outbound]) -> Iterator[EventRow]:
    """That it goes on, for the trace: one a target."""
    asked = [recipient for recipient in transaction.recipients if recipient.outside]
    for recipient, outbound in zip(asked, leaving, strict=True):
        for item in outbound.items:
            params = {"recipient": recipient.forward_path, "target": item.forward_path, "sender": outbound.reverse_path}
            yield EventRow(transaction.trace_id, Code.FORWARDED, params)


def _quieter(notify: tuple[str, ...]) -> tuple[str, ...]:
    """A group has taken the message: no word of success about its members (RFC 3461 §5.2.7.3)."""
    return tuple(word for word in notify if word != "SUCCESS") or (("NEVER",) if notify else ())


def rewritten(reverse_path: str, domain: str, at: datetime) -> str:
    """The sender that forwarded mail leaves with. One that is too long for the scheme stays as it is."""
    try:
        return srs.forward(reverse_path, domain or settings.SITE.hostname, _key(), at)
    except (srs.TooLong, srs.BadSrs):
        return reverse_path


def is_rewritten(path: str) -> bool:
    """Whether an address looks like a rewritten sender."""
    return path[:3].lower() == "srs" and srs.is_srs(path.rpartition("@")[0])


def original(path: str, at: datetime) -> str | None:
    """Whom a report to this rewritten sender is for; None when it is none of ours, or too old."""
    try:
        return srs.reverse(path, (_key(),), at)
    except srs.BadSrs:
        return None


def _key() -> bytes:
    return hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"mailflow.srs").digest()
