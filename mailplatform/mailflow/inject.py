"""Mail that the system writes itself: reports and automatic answers; summaries later. It takes the same road as all other.

Recipients here are placed at once (many of them through the local queue), those outside go to the queue, and one that leads
nowhere is left out. The reverse-path is null unless it is said otherwise, so nothing that goes wrong with it makes more mail.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings

from mailplatform.directory.resolve import Kind, Resolved, resolve_many
from mailplatform.mailflow import expand, forward
from mailplatform.mailflow.transaction import Disposition, LocalTarget, Recipient
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.standards.message import received as fields
from mailplatform.store import append
from mailplatform.trace import ids
from mailplatform.trace.events import Code, Direction, VerdictCode
from mailplatform.trace.record import EventRow, MessageRow
from mailplatform.transport.values import SMTP, Outbound, OutboundItem, Reported

_chance = random.SystemRandom()
_PATIENCE = 5.0


def new_trace_id(at: datetime) -> str:
    return ids.make(at, _chance.getrandbits)


def inject(
    content: bytes,
    to: Sequence[str],
    *,
    reverse_path: str = "",
    trace_id: str = "",
    unit_id: UUID | None = None,
    reports: Sequence[Reported] = (),
    answered: Sequence[int] = (),
    events: Sequence[EventRow] = (),
    smtputf8: bool = False,
) -> Unit:
    """The unit of one message of ours. Without a recipient that leads somewhere it does what `reports`, `answered`, `events` say.

    unit_id: the same for every try, so that none doubles. Raises what preparing a large message raises.
    """
    now = clock.now()
    trace_id = trace_id or new_trace_id(now)
    message = append.prepare_message(content)
    here, leaving = _led(to, now)
    received = fields.received(
        helo="localhost",
        client_address="127.0.0.1",
        by=settings.SITE.hostname,
        protocol="SMTP",
        trace_id=trace_id,
        at=now,
        recipient=to[0] if len(to) == 1 else "",
    )
    wanted = expand.targets(here)
    aside = expand.outbound(message, wanted, reverse_path, received) if wanted else None
    many = len(wanted) > settings.SITE.arrivals.place_directly
    outbound = []
    if leaving:
        items = tuple(OutboundItem(SMTP, "", path, notify="NEVER" if not reverse_path else "") for path in leaving)
        outbound.append(Outbound(message, items, reverse_path, received, smtputf8=smtputf8))
    if many and aside is not None:
        outbound.append(aside)
    return Unit(
        unit_id=unit_id or uuid4(),
        trace_id=trace_id,
        placements=() if many else expand.placements(message, wanted, reverse_path, received),
        outbound=tuple(outbound),
        reports=tuple(reports),
        answered=tuple(answered),
        messages=tuple(
            MessageRow(
                trace_id=trace_id,
                direction=Direction.INTERNAL,
                reverse_path=reverse_path,
                forward_path=path,
                verdict=VerdictCode.ACCEPTED,
                message_id=message.message_id,
                subject=message.subject,
                size=len(content),
            )
            for path in to
        ),
        events=(*events, *(EventRow(trace_id, Code.QUEUED, {"recipient": path, "destination": SMTP}) for path in leaving)),
        epoch=None if many else min((r.epoch for r in here), default=None),
        rechecks=() if many else expand.rechecks(here),
        patience=_PATIENCE,
        aside=None if many else aside,
    )


def _led(to: Sequence[str], now: datetime) -> tuple[list[Recipient], list[str]]:
    """Where these addresses lead: recipients here, and addresses outside."""
    answers = resolve_many(to)
    here = [_recipient(path, answer) for path, answer in answers.items() if answer.targets]
    leaving = dict.fromkeys(path for path, answer in answers.items() for path in _outside(path, answer, now))
    return here, list(leaving)


def _recipient(path: str, answer: Resolved) -> Recipient:
    found = Recipient(path, Disposition.LOCAL, epoch=answer.epoch)
    return replace(found, targets=tuple(LocalTarget(t.account_id, t.address, t.detail) for t in answer.targets))


def _outside(path: str, answer: Resolved, now: datetime) -> Iterator[str]:
    if answer.kind is Kind.FOREIGN:
        yield path
    elif answer.kind is Kind.UNKNOWN and forward.is_rewritten(path):
        first = forward.original(path, now)
        if first is not None:
            yield first
    yield from answer.outside
