"""The Unit: everything that one SMTP transaction or one APPEND commits, made ready outside the transaction."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from mailplatform.delivery.values import Answering
from mailplatform.store.values import Placement
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow, MessageRow
from mailplatform.transport.values import Outbound, Reported, Settlement


@dataclass(frozen=True, slots=True)
class Recheck:
    """One recipient and the accounts that the directory named for it, compared again when its epoch has moved on."""

    forward_path: str
    account_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Unit:
    """Everything one SMTP transaction or APPEND commits: all of it or none.

    unit_id: the same for every try of the same unit, so that none doubles.
    placements: into our accounts. outbound: messages for the queue. settles: queue items that this unit delivers.
    reports: queue items whose report this unit carries; one that is due no longer makes the unit fail with Conflict.
    answering: automatic answers that are wanted, recorded for senders who had none lately. answered: those that this unit
    carries, by number; one that is due no longer makes the unit fail with Conflict.
    messages, events: trace rows. told: the event written for each placement (PLACED, APPENDED, IMPORTED), with ``client``.
    epoch: directory_epoch at which rechecks were the answer; None where nothing is to be checked again.
    patience: seconds that busy accounts are waited for. aside: how the unit is queued when that was not enough; None
    refuses it with TemporarilyUnavailable then.
    """

    unit_id: UUID
    trace_id: str
    placements: tuple[Placement, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    settles: tuple[Settlement, ...] = ()
    reports: tuple[Reported, ...] = ()
    answering: tuple[Answering, ...] = ()
    answered: tuple[int, ...] = ()
    messages: tuple[MessageRow, ...] = ()
    events: tuple[EventRow, ...] = ()
    told: Code = Code.PLACED
    client: str = ""
    epoch: int | None = None
    rechecks: tuple[Recheck, ...] = ()
    patience: float = 5.0
    aside: Outbound | None = None
