"""One transaction that commits a batch of units: lock what is free, check again, number, claim, write.

Lock order, as everywhere: accounts by id, queue items by id, answers, blobs by hash. Accounts are locked with SKIP LOCKED, all at
once, so nothing is waited for while a lock is held. What is decided here was prepared outside; under the locks it is only
checked again: is the unit new, are its accounts free and open, its folders there, its recipients still who they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from mailplatform.delivery import answers
from mailplatform.delivery.values import Silence
from mailplatform.directory.resolve import Resolved, resolve_many
from mailplatform.mailflow import expand
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock, pubsub
from mailplatform.runtime.committer import LATER, Later
from mailplatform.runtime.errors import Conflict, MailError, TemporarilyUnavailable
from mailplatform.runtime.pipeline import pipelined
from mailplatform.store import append, notify
from mailplatform.store.allocate import Allocation
from mailplatform.store.values import ArrivalResult, Reason, SentCopy
from mailplatform.trace import record
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport import enqueue, lease
from mailplatform.transport.enqueue import Numbered
from mailplatform.transport.values import LOCAL


class CommittedBefore(Exception):
    """Some units of the batch were committed by an earlier try whose answer was lost; nothing of this run stays."""

    def __init__(self, results: dict[UUID, ArrivalResult]) -> None:
        self.results = results
        super().__init__(f"{len(results)} units were committed before")


class Replanned:
    """The recipients of a unit are no longer who they were: it goes again, as it is now."""

    __slots__ = ("unit",)

    def __init__(self, unit: Unit) -> None:
        self.unit = unit


Result = ArrivalResult | MailError | Later | Replanned


def run(units: Sequence[Unit], *, wait_for: int | None = None, wait_seconds: float = 0.0, spill: bool = False) -> list[Result]:
    """Commit what can be committed now; one result a unit.

    wait_for: an account to wait for first, at most wait_seconds (OperationalError 55P03 when it stays busy).
    Raises CommittedBefore, and Django's database errors; nothing is committed then.
    """
    with transaction.atomic():
        batch = _Batch(units, spill)
        if wait_for is not None:
            append.wait_for(wait_for, wait_seconds)
        batch.read()
        batch.decide()
        if batch.going:
            batch.claim()
            batch.write()
            batch.hint()
        return batch.results


class _Batch:
    """The steps of one transaction, and what they hand to each other."""

    def __init__(self, units: Sequence[Unit], spill: bool) -> None:
        self.units = list(units)
        self.spill = spill
        self.now = clock.now()
        self.results: list[Result] = [LATER] * len(units)
        self.going: dict[int, ArrivalResult] = {}  # index of the unit → what it makes
        self.numbered: list[Numbered] = []
        self.blob_ids: dict[bytes, int] = {}
        self.allocation = Allocation({}, (), {}, lambda: 0, self.now)

    def read(self) -> None:
        """Lock, and read what decides; one round trip."""
        placements = [p for unit in self.units for p in unit.placements]
        outbounds = [outbound for unit in self.units for outbound in unit.outbound]
        settlements = [s for unit in self.units for s in unit.settles]
        reports = [report for unit in self.units for report in unit.reports]
        wanted = [number for unit in self.units for number in unit.answered]
        with pipelined() as pipe:
            append.settle_plans(pipe)
            reading = append.lock(pipe, placements, self.now) if placements else None
            held = lease.confirm(pipe, settlements) if settlements else set
            due = lease.confirm_reports(pipe, reports) if reports else set
            answered = answers.confirm(pipe, wanted) if wanted else set
            numbers = enqueue.numbers(pipe, outbounds) if outbounds else lambda: ([], [])
            epoch = append.run(pipe, "epoch", package="mailplatform.mailflow")
        self.epoch: int = epoch.fetchall()[0][0]
        self.held: set[int] = held()
        self.due: set[int] = due()
        self.to_answer: set[int] = answered()
        self.message_ids, self.item_ids = numbers()
        if reading is not None:
            self.allocation = reading.allocation(self.now)
        self.storeless = reading.without_store if reading is not None else set()

    def decide(self) -> None:
        """Place each unit, or say why not; only arithmetic, but for recipients that must be resolved again."""
        resolved = self._resolve_again()
        for n, unit in enumerate(self.units):
            if not self.allocation.locked(unit.placements):
                if any(p.account_id in self.storeless for p in unit.placements):
                    self.results[n] = TemporarilyUnavailable(private=f"no store: {[p.account_id for p in unit.placements]}")
                continue
            if any(s.item_id not in self.held for s in unit.settles):
                self.results[n] = Conflict(private="the lease is another's")
                continue
            if any(report.item_id not in self.due for report in unit.reports):
                self.results[n] = Conflict(private="the report is made already")
                continue
            if any(number not in self.to_answer for number in unit.answered):
                self.results[n] = Conflict(private="the answer is made already")
                continue
            if unit.epoch not in (None, self.epoch) and expand.differs(unit, resolved):
                self.results[n] = Replanned(expand.replan(unit, resolved))
                continue
            if any(p.sent for p in unit.placements):
                self.units[n] = unit = self._without_copies(unit)
            try:
                appended = self.allocation.place(unit.placements)
            except MailError as refusal:
                self.results[n] = refusal
                continue
            result = ArrivalResult(unit.unit_id, appended, self._number(unit))
            self.going[n] = self.results[n] = result

    def _without_copies(self, unit: Unit) -> Unit:
        """The unit without our copies in Sent that are there already, or for which there is no room; of these the trace tells."""
        full = [p for p in unit.placements if self.allocation.has_no_room(p)]
        told = tuple(EventRow(unit.trace_id, Code.NO_COPY, {"account": p.account_id, "reason": "over_quota"}) for p in full)
        kept = tuple(p for p in unit.placements if p not in full and not self.allocation.is_kept(p))
        return replace(unit, placements=kept, events=(*unit.events, *told))

    def _resolve_again(self) -> dict[str, Resolved]:
        paths = {
            check.forward_path
            for unit in self.units
            if unit.epoch not in (None, self.epoch) and self.allocation.locked(unit.placements)
            for check in unit.rechecks
        }
        return resolve_many(sorted(paths)) if paths else {}

    def _number(self, unit: Unit) -> tuple[int, ...]:
        queued: list[int] = []
        for outbound in unit.outbound:
            ids, self.item_ids = self.item_ids[: len(outbound.items)], self.item_ids[len(outbound.items) :]
            self.numbered.append(Numbered(outbound, unit.trace_id, self.message_ids.pop(0), tuple(ids)))
            queued += ids
        return tuple(queued)

    def claim(self) -> None:
        """Say that these units are being committed, and write their blobs; one round trip. Raises CommittedBefore."""
        messages = [p.message for n in self.going for p in self.units[n].placements]
        messages += [outbound.message for n in self.going for outbound in self.units[n].outbound]
        answering = [one for n in self.going for one in self.units[n].answering]
        with pipelined() as pipe:
            recorded = answers.record(pipe, answering, self.now) if answering else set
            outcome = append.claim(pipe, list(self.going.values()), (m.blob for m in messages), self.now)
        new, self.blob_ids = outcome()
        self.answering: set[tuple[int, str, str]] = recorded()
        before = [result.unit_id for result in self.going.values() if result.unit_id not in new]
        if before:
            raise CommittedBefore(append.committed_before(before))

    def write(self) -> None:
        """Everything else; one round trip."""
        units = [self.units[n] for n in self.going]
        settlements = [s for unit in units for s in unit.settles]
        reports = [report for unit in units for report in unit.reports]
        with pipelined() as pipe:
            append.write(pipe, self.allocation, self.blob_ids, self.now)
            if self.numbered:
                enqueue.write(pipe, self.numbered, self.blob_ids, self.now)
            if settlements:
                lease.done(pipe, settlements)
            if reports:
                lease.reported(pipe, reports)
            answered = [number for unit in units for number in unit.answered]
            if answered:
                answers.done(pipe, answered, self.now)
            messages = [row for unit in units for row in unit.messages]
            events = [event for n in self.going for event in self._events(n)]
            if messages or events:
                record.insert(pipe, messages, events, spill=self.spill)

    def _events(self, n: int) -> Iterator[EventRow]:
        unit, result = self.units[n], self.going[n]
        yield from unit.events
        for one in unit.answering:
            if (one.account_id, one.sender_key, one.trace_id) not in self.answering:
                told = {"account": one.account_id, "sender": one.sender, "reason": str(Silence.LATELY)}
                yield EventRow(unit.trace_id, Code.NOT_ANSWERED, told)
        for placement, made in zip(unit.placements, result.appended, strict=True):
            folder = self.allocation.folders[made.folder_id]
            if self.allocation.fell_back(placement, made):
                yield EventRow(unit.trace_id, Code.FOLDER_GONE, {"account": made.account_id, "folder": placement.folder_id})
            params: dict[str, Any] = {"account": made.account_id, "folder": folder.name, "uid": made.uid}
            match unit.told:
                case Code.APPENDED:
                    params["client"] = unit.client
                case Code.IMPORTED:
                    params["source"] = unit.client
                case _:
                    params["modseq"] = made.modseq
                    if placement.sent is None:
                        params["address"] = placement.address
            auto = placement.sent is SentCopy.AUTO
            yield EventRow(unit.trace_id, Code.SENT_COPY if auto else unit.told, params)
            replaced = self.allocation.replaces.get((made.folder_id, made.uid))
            if replaced is not None:
                params = {"account": made.account_id, "folder": folder.name, "uid": replaced, "reason": str(Reason.REPLACED)}
                yield EventRow(unit.trace_id, Code.EXPUNGED, params | {"client": unit.client})

    def hint(self) -> None:
        """Who watches is told after the commit."""
        touched = [(account.id, account.modseq) for account in self.allocation.accounts.values() if account.touched]
        if touched:
            notify.changed_many(touched)
        woken = {f"queue.{item.transport}" for n in self.numbered for item in n.outbound.items}
        if self.answering:
            woken.add(f"queue.{LOCAL}")  # the local agent makes answers
        for channel in sorted(woken):
            transaction.on_commit(partial(pubsub.publish, channel, ""), robust=True)
