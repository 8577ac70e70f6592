"""The delivery agent: the role that takes items of the local queue and places them, account by account.

A message for many accounts, or for accounts that were busy when it came, waits here. Each item is an arrival of its own:
its unit's id follows from the item's, and the item is settled in the transaction that places it, so a crash at any moment
neither loses nor doubles it. A lease that ran out meanwhile makes the commit refuse the unit.

It also makes the automatic answers that arrivals have recorded (mailflow.answers). Once in a while the agent itself makes due
items ready and takes leases of dead agents back, so the queue moves without the ticks of Celery too.
"""

from __future__ import annotations

import logging
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import DatabaseError, transaction

from mailplatform.delivery import autoresponders, local
from mailplatform.delivery.plan import DeliveryPlan, plan
from mailplatform.delivery.values import Letter, Responder
from mailplatform.mailflow import answers, arrivals, expand, stamp
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock, pubsub
from mailplatform.runtime.database import close_connection, lost
from mailplatform.runtime.errors import Conflict, MailError, NotFound
from mailplatform.settings.service import ServiceContext
from mailplatform.standards.message.headers import header_end
from mailplatform.store import append, blobs
from mailplatform.store.values import ArrivalResult, PreparedMessage
from mailplatform.trace import record
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport import lease, schedule, settle
from mailplatform.transport.settle import Verdict
from mailplatform.transport.values import LOCAL, Ending, LocalItem, Settlement

log = logging.getLogger(__name__)

CHANNEL = "queue.local"
_TIDY_SECONDS = 5.0
# Short, because a lease only fences here: the commit that places an item checks it, and nothing outside is waited for.
_LEASE = 20.0  # seconds; an agent that is killed delays its items by this
_RETRY, _RETRY_LONGEST = 5.0, 300.0  # seconds; what fails here is a lock or a lost database, and nobody's server is spared
_ITEMS = UUID("6f1d3d0e-3f2c-4c53-9c2f-4f4a0a2b9d51")
_ANSWERS = 5.0  # seconds of one turn for automatic answers
_PATIENCE = 5.0  # seconds; then the item is tried again later

Place = Callable[[Unit], "Future[ArrivalResult]"]


class LocalAgent:
    """Places leased items. place: puts one item's unit among the arrivals of this process. alive: called while it works."""

    def __init__(self, place: Place | None = None, *, alive: Callable[[], None] = lambda: None) -> None:
        self._place = place or _place
        self._alive = alive
        self._outcomes: list[Verdict] = []  # of attempts that failed, until they are written
        self._told: list[EventRow] = []

    def work(self) -> int:
        """Claim a batch, place it, settle it; how many items there were. What could not be settled is, the next time."""
        self._alive()
        self._settle()
        items = lease.claim(LOCAL, limit=settings.SITE.agent.batch, seconds=_LEASE, now=clock.now())
        if items:
            self._outcomes = self.deliver(items)
            self._settle()
        return len(items)

    def _settle(self) -> None:
        if self._outcomes or self._told:
            with transaction.atomic():
                settle.settle(self._outcomes)
                record.write(*self._told)
            self._outcomes, self._told = [], []

    def deliver(self, items: Sequence[LocalItem]) -> list[Verdict]:
        """Place these; the outcomes of those that were not placed. Placing settles by itself."""
        outcomes: list[Verdict] = []
        under_way: dict[Future[ArrivalResult], LocalItem] = {}
        responders = autoresponders.of_accounts({item.account_id for item in items if item.account_id is not None})
        for _, group in groupby(items, key=lambda item: item.message_id):
            recipients = list(group)
            try:
                content = blobs.read_one(recipients[0].blob_id)
                message = append.prepare_message(content)
            except MailError as error:
                outcomes += [self._failed(item, error) for item in recipients]
                continue
            for item in recipients:
                one = unit(item, plan_of(item, content, responders.get(item.account_id or 0)), message)
                under_way[self._place(one)] = item
        self._wait(under_way)
        for future, item in under_way.items():
            failure = future.exception()
            if isinstance(failure, Conflict):
                self._told.append(EventRow(item.trace_id, Code.STALE_RESULT, {"recipient": item.forward_path}))
            elif failure is not None:
                outcomes.append(self._failed(item, failure))
        return outcomes

    def _wait(self, under_way: dict[Future[ArrivalResult], LocalItem]) -> None:
        """Until all have ended; their leases are renewed while it takes long."""
        left = set(under_way)
        while left:
            left = wait(left, timeout=_LEASE / 3).not_done
            self._alive()
            if left:
                lease.renew([under_way[future] for future in left], seconds=_LEASE, now=clock.now())

    def _failed(self, item: LocalItem, error: BaseException) -> Verdict:
        now = clock.now()
        public = error.public if isinstance(error, MailError) else "internal error"
        due = None
        if not isinstance(error, NotFound):
            due = schedule.next_try(
                item.attempts,
                now,
                item.expires_at,
                first=_RETRY,
                longest=_RETRY_LONGEST,
                jitter=random.uniform(-1, 1),  # noqa: S311
            )
        if due is not None:
            params = {"recipient": item.forward_path, "host": LOCAL, "reply": public, "due_at": due.isoformat()}
            self._told.append(EventRow(item.trace_id, Code.DELAYED, params))
            return Verdict(item.id, item.token, Ending.DEFERRED, public, due)
        reason = type(error).__name__
        params = {"recipient": item.forward_path, "host": LOCAL, "reply": public, "reason": reason}
        self._told.append(EventRow(item.trace_id, Code.FAILED, params))
        log.warning("%s: <%s> failed: %s", item.trace_id, item.forward_path, error)
        # RFC 5321 §6.1: no report about a message that has no reverse-path.
        return Verdict(item.id, item.token, Ending.FAILED, public, report="failed" if item.reverse_path else "")


def plan_of(item: LocalItem, content: bytes, responder: Responder | None = None) -> DeliveryPlan:
    """What is to be done with an item."""
    assert item.account_id is not None
    letter = None
    if responder is not None:
        header = content[: header_end(content)]
        letter = Letter(item.trace_id, item.reverse_path, header, stamp.is_signed_in(item.prefix), clock.now())
    return plan(item.account_id, item.destination, responder=responder, letter=letter)


def unit(item: LocalItem, planned: DeliveryPlan, message: PreparedMessage) -> Unit:
    """The same unit for every attempt at an item."""
    placements = local.placements(
        planned, message, reverse_path=item.reverse_path, forward_path=item.forward_path, received=item.prefix
    )
    plans = [(item.forward_path, planned)]
    return Unit(
        unit_id=uuid5(_ITEMS, str(item.id)),
        trace_id=item.trace_id,
        placements=placements,
        settles=(Settlement(item.id, item.token),),
        events=expand.silences(plans, item.trace_id, item.reverse_path),
        answering=expand.answering(plans),
        patience=_PATIENCE,
    )


def _place(one: Unit) -> Future[ArrivalResult]:
    """Commit an item's unit. The future's Conflict means that the lease was lost, and nothing was placed."""
    return arrivals.put(one)


def tidy() -> None:
    """What the ticks do as well: due items ready, leases of the dead taken back."""
    now = clock.now()
    lease.release_due(now)
    lease.release_expired(now)


def run(context: ServiceContext) -> None:
    """The role ``agent``, until SIGTERM; the batch under way is brought to its end."""
    stopping, hint = threading.Event(), threading.Event()

    def stop(*_: Any) -> None:
        stopping.set()
        hint.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    subscriber = pubsub.subscribe([CHANNEL], lambda _channel, _payload: hint.set())
    agent = LocalAgent(alive=context.alive)
    serve(agent, stopping, hint, poll_seconds=context.site.agent.poll_seconds, ready=context.ready)
    subscriber.stop()
    close_connection()


def serve(
    agent: LocalAgent,
    stopping: threading.Event,
    hint: threading.Event,
    *,
    poll_seconds: float,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Work until stopping; look at each hint, and every poll_seconds without one."""
    tidied = 0.0
    ready()
    while not stopping.is_set():
        hint.clear()
        try:
            if time.monotonic() - tidied > _TIDY_SECONDS:
                tidy()
                tidied = time.monotonic()
            answers.make(clock.now(), time.monotonic() + _ANSWERS)
            if agent.work():
                continue
        except DatabaseError as error:
            if not lost(error):
                log.exception("agent: a batch failed; its leases run out by themselves")
            close_connection()
        hint.wait(poll_seconds)
