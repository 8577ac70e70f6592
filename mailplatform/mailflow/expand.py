"""From recipients to placements, and again when the directory has changed between RCPT and the commit; pure.

One transaction puts one copy into an account, however many of its recipients lead there. A message for more accounts than
``place_directly`` goes through the local queue, where each account is served apart.

A recipient that has vanished since RCPT keeps the accounts it was promised: refusing it now would make the peer bounce what
we accepted. Whether such an account still takes mail is decided under its lock.

Known gaps: an account that a recipient leads to only since RCPT answers that one message not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailplatform.delivery import local
from mailplatform.delivery.plan import DeliveryPlan, plan
from mailplatform.delivery.values import Answering, Letter
from mailplatform.directory.resolve import Resolved
from mailplatform.mailflow.transaction import Disposition, LocalTarget, Recipient, Transaction
from mailplatform.mailflow.units import Recheck, Unit
from mailplatform.store.values import Placement, PreparedMessage
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport.values import LOCAL, Outbound, OutboundItem, Report


def targets(recipients: Iterable[Recipient]) -> list[tuple[str, LocalTarget]]:
    """(forward-path, target) for each account once, the first recipient that leads there speaking for it."""
    found: dict[int, tuple[str, LocalTarget]] = {}
    for recipient in recipients:
        if recipient.disposition in (Disposition.LOCAL, Disposition.QUEUED):
            for target in recipient.targets:
                found.setdefault(target.account_id, (recipient.forward_path, target))
    return list(found.values())


Plans = Sequence[tuple[str, DeliveryPlan]]
"""(forward-path, what is to be done in the account it leads to)."""


def plans(wanted: Iterable[tuple[str, LocalTarget]], letter: Letter | None = None) -> Plans:
    """What is to be done in each account. letter: of mail that may be answered."""
    return [
        (path, plan(target.account_id, target.address, target.detail, responder=target.responder, letter=letter))
        for path, target in wanted
    ]


def letter(transaction: Transaction, wanted: Iterable[tuple[str, LocalTarget]], header: bytes, at: datetime) -> Letter | None:
    """What plans may look at, if one of them will; for most mail, none does."""
    if any(target.responder is not None for _, target in wanted):
        signed_in = transaction.session.identity is not None
        return Letter(transaction.trace_id, transaction.reverse_path, header, signed_in, at)
    return None


def placed(message: PreparedMessage, planned: Plans, reverse_path: str, received: bytes) -> tuple[Placement, ...]:
    """The copies that the plans say, each under its own trace fields."""
    return tuple(
        placement
        for forward_path, one in planned
        for placement in local.placements(one, message, reverse_path=reverse_path, forward_path=forward_path, received=received)
    )


def answering(planned: Plans) -> tuple[Answering, ...]:
    """The answers that the plans say."""
    return tuple(one.answer for _, one in planned if one.answer is not None)


def silences(planned: Plans, trace_id: str, sender: str) -> tuple[EventRow, ...]:
    """Why autoresponders that are on do not answer, for the trace."""
    return tuple(
        EventRow(trace_id, Code.NOT_ANSWERED, {"account": one.account_id, "sender": sender, "reason": str(one.silence)})
        for _, one in planned
        if one.silence is not None
    )


def placements(
    message: PreparedMessage, wanted: Iterable[tuple[str, LocalTarget]], reverse_path: str, received: bytes
) -> tuple[Placement, ...]:
    """The copies of mail that is not answered."""
    return placed(message, plans(wanted), reverse_path, received)


def outbound(message: PreparedMessage, wanted: Iterable[tuple[str, LocalTarget]], reverse_path: str, received: bytes) -> Outbound:
    """The same for the local queue: an item an account."""
    items = tuple(
        OutboundItem(transport=LOCAL, destination=target.address, forward_path=forward_path, account_id=target.account_id)
        for forward_path, target in wanted
    )
    return Outbound(message, items, reverse_path, received)


def confirmations(transaction: Transaction, message: PreparedMessage, received: bytes) -> tuple[Outbound, ...]:
    """What the sender asked to be told of success (RFC 3461 §4.1, §5.2.7): items with nothing left to do but the report, which is
    due with the very commit that places the message."""
    asking = [r for r in transaction.recipients if "SUCCESS" in r.notify and (r.targets or len(r.outside) > 1)]
    if not asking or not transaction.reverse_path:
        return ()
    items = tuple(
        OutboundItem(
            transport=LOCAL,
            destination=recipient.forward_path,
            forward_path=recipient.forward_path,
            orcpt=recipient.orcpt,
            notify=",".join(recipient.notify),
            report=Report.DELIVERED if len(recipient.targets) == 1 and not recipient.outside else Report.EXPANDED,
        )
        for recipient in asking
    )
    told = (transaction.ret, transaction.envid)
    return (Outbound(message, items, transaction.reverse_path, received, *told, smtputf8=transaction.smtputf8),)


def rechecks(recipients: Iterable[Recipient]) -> tuple[Recheck, ...]:
    """What is compared again when the epoch has moved on."""
    return tuple(
        Recheck(recipient.forward_path, frozenset(target.account_id for target in recipient.targets))
        for recipient in recipients
        if recipient.disposition is Disposition.LOCAL and recipient.targets
    )


def differs(unit: Unit, answers: Mapping[str, Resolved]) -> bool:
    """Whether a recipient of this unit leads elsewhere now. One that leads nowhere is no difference: see above."""
    return any(_now(check, answers) is not None for check in unit.rechecks)


def replan(unit: Unit, answers: Mapping[str, Resolved]) -> Unit:
    """The unit with its recipients as they are now; it is not checked a second time."""
    assert unit.aside is not None
    message, reverse_path, received = unit.aside.message, unit.aside.reverse_path, unit.aside.prefix
    changed = {check.forward_path: now for check in unit.rechecks if (now := _now(check, answers)) is not None}
    wanted = [
        (item.forward_path, LocalTarget(item.account_id, item.destination))
        for item in unit.aside.items
        if item.forward_path not in changed and item.account_id is not None
    ]
    known = {target.account_id for _, target in wanted}
    answering = tuple(one for one in unit.answering if one.account_id in known)
    for path, found in changed.items():
        wanted += [(path, target) for target in found if target.account_id not in known]
        known |= {target.account_id for target in found}
    return replace(
        unit,
        placements=(*placements(message, wanted, reverse_path, received), *(p for p in unit.placements if p.sent)),
        answering=answering,
        aside=outbound(message, wanted, reverse_path, received),
        epoch=None,
        rechecks=(),
    )


def _now(check: Recheck, answers: Mapping[str, Resolved]) -> Sequence[LocalTarget] | None:
    """Where a recipient leads now, if that is somewhere else than before."""
    answer = answers.get(check.forward_path)
    if answer is None or not answer.targets or answer.refusal:
        return None
    if {target.account_id for target in answer.targets} == check.account_ids:
        return None
    return [LocalTarget(target.account_id, target.address, target.detail) for target in answer.targets]
