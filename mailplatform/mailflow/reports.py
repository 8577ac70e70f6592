"""Reports to senders about what became of their mail: settle says that one is due, this makes it and takes the word back, in one
transaction. A tick makes them, or an agent without ticks; two that do it at once make one report.

Standards: RFC 3464 and RFC 3461 §6 (standards.dsn writes them); RFC 5321 §4.5.5, §6.1 (from the null path, never to it).
Items of one message are told together, so a sender of a hundred recipients gets one report and not a hundred.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID, uuid5

from django.conf import settings

from mailplatform.mailflow import arrivals, inject, languages
from mailplatform.mailflow.units import Unit
from mailplatform.runtime.errors import Conflict, MailError
from mailplatform.standards.dsn.compose import RecipientReport, Report, compose
from mailplatform.standards.dsn.words import Action, Reason
from mailplatform.standards.message.headers import header_end
from mailplatform.store import blobs
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport import due
from mailplatform.transport.due import DueItem, DueMessage
from mailplatform.transport.values import Report as Word
from mailplatform.transport.values import Reported

log = logging.getLogger(__name__)
_UNITS = UUID("0b1f6c0a-8a53-4d0e-9a3a-6f0f5f3f7c11")
_SOME = 200  # items looked at together
_FULL = 256 * 1024  # a larger original is returned by its header alone, whatever was asked
_STATUS = {Action.FAILED: "5.0.0", Action.DELAYED: "4.0.0"}


def make(now: datetime, end: float) -> int:
    """Make what is due, until nothing is or the time (monotonic) is over; how many reports."""
    made, after = 0, 0
    while time.monotonic() < end:
        found = due.reports(after=after, limit=_SOME)
        if not found:
            break
        after = max(item.id for _, items in found for item in items)
        putting = [(message, arrivals.put(unit)) for message, items in found for unit in _units(message, items, now)]
        for message, future in putting:
            try:
                future.result(60)
                made += 1
            except Conflict:
                pass  # somebody else has made it
            except (MailError, TimeoutError) as error:
                log.warning("%s: the report waits for the next time: %s", message.trace_id, error)
    return made


def _units(message: DueMessage, items: Sequence[DueItem], now: datetime) -> Iterator[Unit]:
    """One report about failures and the like, and one about delays: what is over and what is not are told apart."""
    ordered = sorted(items, key=lambda item: item.report is Word.DELAYED)
    for _, group in groupby(ordered, key=lambda item: item.report is Word.DELAYED):
        told = sorted(group, key=lambda item: item.id)
        try:
            yield _unit(message, told, now)
        except MailError as error:
            log.warning("%s: no report can be made now: %s", message.trace_id, error)


def _unit(message: DueMessage, items: Sequence[DueItem], now: datetime) -> Unit:
    names = ",".join(f"{item.id}:{item.report}" for item in items)
    trace_id = inject.new_trace_id(now)
    site = settings.SITE
    reported = [Reported(item.id, item.report) for item in items]
    unit_id = uuid5(_UNITS, names)
    if not message.reverse_path:
        return Unit(unit_id, trace_id, reports=tuple(reported))
    full = message.ret.upper() == "FULL" and message.size <= _FULL and any(i.report is Word.FAILED for i in items)
    original = message.prefix + _original(message, full)
    content = compose(
        Report(
            reverse_path=message.reverse_path,
            host=site.hostname,
            postmaster=f"postmaster@{_ours(message.reverse_path)}",
            message_id=f"<{trace_id}@{site.hostname}>",
            at=now,
            recipients=tuple(_about(item, now) for item in items),
            original=original,
            arrival=message.queued_at,
            trace_id=message.trace_id,
            full=full,
            envid=message.envid,
            language=languages.of_reader(message.reverse_path, original[: header_end(original)], now),
            smtputf8=message.smtputf8,
        )
    )
    events = [
        EventRow(
            message.trace_id,
            Code.REPORTED,
            {"recipient": item.forward_path, "action": str(item.report), "sender": message.reverse_path, "report": trace_id},
        )
        for item in items
    ]
    return inject.inject(
        content,
        [message.reverse_path],
        trace_id=trace_id,
        unit_id=unit_id,
        reports=reported,
        events=events,
        smtputf8=message.smtputf8,
    )


def _about(item: DueItem, now: datetime) -> RecipientReport:
    action = Action(item.report)
    status = item.status or _STATUS.get(action, "2.0.0")
    reason = None
    if action is Action.FAILED and status.startswith("4."):
        status, reason = f"5.{status[2:]}", Reason.EXPIRED if status == "4.4.7" else None
    return RecipientReport(
        forward_path=item.forward_path,
        action=action,
        status=status,
        orcpt=item.orcpt,
        reply=item.reply,
        host=item.mx,
        last_attempt=item.last_at,
        until=item.expires_at,
        reason=reason,
    )


def _original(message: DueMessage, full: bool) -> bytes:
    """The whole message, or as much as its header surely is; nothing when it cannot be read."""
    try:
        if full:
            return blobs.read_one(message.blob_id)
        return b"".join(blobs.stream(message.blob_id, 0, min(message.size, _FULL)))
    except MailError as error:
        log.warning("%s: the original cannot be read: %s", message.trace_id, error)
        return b""


def _ours(reverse_path: str) -> str:
    """The domain whose postmaster helps: the sender's own if it is ours, else the house's."""
    domain = due.local_domain(reverse_path)
    return domain or settings.SITE.hostname
