"""The queue by hand: look at what waits, try it now, hold it, let it go, take it out.

Every change is traced at the message and written into the audit. What an agent has in its hands right now is left alone: it is
settled in a moment, and can be told again. What is deleted is gone without a report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from mailplatform.access.values import Identity
from mailplatform.audit.record import Subject
from mailplatform.audit.record import record as audit
from mailplatform.directory.values import Actor
from mailplatform.runtime import clock
from mailplatform.runtime.errors import Malformed, NotFound
from mailplatform.trace import record
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport.models import Destination, QueueItem
from mailplatform.transport.values import State
from mailplatform.transport.visible import waiting_for

MOST = 1000
_COLUMNS = (
    *("id", "state", "transport", "destination", "forward_path", "message__reverse_path", "message__trace_id", "message__size"),
    *("attempts", "message__created_at", "due_at", "expires_at", "in_doubt", "last_reply", "last_status", "last_mx", "last_at"),
    *("hold_reason", "dsn_due", "route__name"),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One item of the queue as people see it. reason: the hold's, else what was said last."""

    id: int
    state: str
    transport: str
    destination: str
    recipient: str
    sender: str
    trace_id: str
    size: int
    attempts: int
    queued_at: datetime
    due_at: datetime
    expires_at: datetime | None
    in_doubt: bool
    reply: str
    status: str
    mx: str
    last_at: datetime | None
    reason: str
    report: str
    route: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which items: all that is given must fit. ids: of items, or trace ids. sender: an address or @domain; "<>" is the null path.
    destination: a domain or host. reason: a part of what was said last or of the hold's reason. state: one of them. seen_by: only
    what this person looks after."""

    ids: tuple[str, ...] = ()
    destination: str = ""
    sender: str = ""
    reason: str = ""
    state: str = ""
    everything: bool = False
    seen_by: Identity | None = None

    def __bool__(self) -> bool:
        return bool(self.everything or self.ids or self.destination or self.sender or self.reason or self.state)

    def items(self) -> QuerySet[QueueItem]:
        found = waiting_for(self.seen_by) if self.seen_by else QueueItem.objects.exclude(state=State.DONE)
        if self.ids:
            numbers = [int(text) for text in self.ids if text.isdigit() and len(text) < 19]
            found = found.filter(Q(pk__in=numbers) | Q(message__trace_id__in=[text.lower() for text in self.ids]))
        if self.destination:
            name = self.destination.lower()
            found = found.filter(Q(destination=name) | Q(forward_path__iendswith=f"@{name}"))
        if self.sender == "<>":
            found = found.filter(message__reverse_path="")
        elif self.sender.startswith("@"):
            found = found.filter(message__reverse_path__iendswith=self.sender)
        elif self.sender:
            found = found.filter(message__reverse_path__iexact=self.sender)
        if self.reason:
            found = found.filter(Q(last_reply__icontains=self.reason) | Q(hold_reason__icontains=self.reason))
        if self.state:
            if self.state not in set(State) - {State.DONE}:
                words = gettext("state: %(state)s is none of ready, leased, deferred, held")
                raise Malformed(words % {"state": self.state}, subject="state")
            found = found.filter(state=self.state)
        return found


def list_items(chosen: Chosen = Chosen(), *, limit: int = MOST) -> list[Waiting]:
    """What waits, oldest first. Raises Malformed."""
    return [_waiting(row) for row in chosen.items().order_by("id").values_list(*_COLUMNS)[:limit]]


def get(text: str) -> list[Waiting]:
    """The items of one id or trace id. Raises NotFound."""
    found = list_items(Chosen(ids=(text,)))
    if not found:
        raise NotFound(gettext("nothing of %(id)s waits in the queue") % {"id": text}, subject="id")
    return found


def retry(chosen: Chosen, *, actor: Actor) -> int:
    """Try now what waits for its time; how many. Raises Malformed, NotFound."""

    def change(found: QuerySet[QueueItem], now: datetime) -> None:
        names = list(found.values_list("destination", flat=True).distinct())
        found.update(state=State.READY, due_at=now)
        Destination.objects.filter(name__in=names).update(next_try=None)  # a person knows better

    return _each(chosen, (State.DEFERRED, State.READY), change, (Code.RETRIED, {}), "queue.retried", actor)


def hold(chosen: Chosen, reason: str, *, actor: Actor) -> int:
    """Keep items from being tried until they are released; nothing is given up meanwhile. Raises Malformed, NotFound."""

    def change(found: QuerySet[QueueItem], _now: datetime) -> None:
        found.update(state=State.HELD, hold_reason=reason)

    return _each(chosen, (State.DEFERRED, State.READY), change, (Code.HELD, {"reason": reason}), "queue.held", actor)


def release(chosen: Chosen, *, actor: Actor) -> int:
    """Let held items go at once, with all the time they had at first. Raises Malformed, NotFound."""

    def change(found: QuerySet[QueueItem], now: datetime) -> None:
        found.update(state=State.READY, due_at=now, hold_reason="")
        seconds = settings.SITE.outbound.expire_after_seconds
        found.filter(expires_at__isnull=False).update(expires_at=now + timedelta(seconds=seconds))

    return _each(chosen, (State.HELD,), change, (Code.RELEASED, {}), "queue.released", actor)


def delete(chosen: Chosen, *, actor: Actor) -> int:
    """Take items out, without a report. Raises Malformed, NotFound."""

    def change(found: QuerySet[QueueItem], _now: datetime) -> None:
        found.update(state=State.DONE, dsn_due="", warn_at=None, expires_at=None, lease_token=None, last_reply="deleted by hand")

    return _each(chosen, (State.DEFERRED, State.READY, State.HELD), change, (Code.DELETED, {}), "queue.deleted", actor)


def _each(
    chosen: Chosen, states: Sequence[State], change: Any, told: tuple[Code, dict[str, str]] | None, code: str, actor: Actor
) -> int:
    if not chosen:
        raise Malformed(gettext("say which: ids, --destination, --sender, --reason, --state or --all"), subject="id")
    now, total, after = clock.now(), 0, 0
    while True:
        with transaction.atomic():
            some = chosen.items().filter(state__in=states, pk__gt=after).order_by("pk").select_for_update(of=("self",))
            rows = list(some.values_list("pk", "message__trace_id", "forward_path")[:MOST])
            if not rows:
                break
            change(QueueItem.objects.filter(pk__in=[pk for pk, *_ in rows]), now)
            if told is not None:
                what, params = told
                record.write(*[EventRow(trace, what, {"recipient": path, "by": actor.name, **params}) for _, trace, path in rows])
            organisation = chosen.seen_by.organisation_id if chosen.seen_by else None
            audit(code, Subject("queue", None, f"{len(rows)} items", organisation), actor=actor, ids=[pk for pk, *_ in rows])
        total, after = total + len(rows), rows[-1][0]
    if not total:
        raise NotFound(gettext("nothing in the queue fits"), subject="id")
    return total


def _waiting(row: tuple[Any, ...]) -> Waiting:
    reply, hold_reason, report, route = row[13], *row[17:]
    columns: tuple[Any, ...] = (*row[:17], hold_reason or reply, report, route or "")
    return Waiting(*columns)
