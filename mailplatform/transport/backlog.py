"""How much mail waits: the queue by transport and state, and how long the oldest has been due. For figures, not for decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from mailplatform.transport.models import QueueItem


@dataclass(frozen=True, slots=True)
class Backlog:
    """items: (transport, state) → number. due: transport → seconds for which the oldest ready item has waited for its turn."""

    items: dict[tuple[str, ...], int]
    due: dict[tuple[str, ...], float]


def backlog(now: datetime) -> Backlog:
    """Two statements over the partial indexes of what waits; done items are swept within seconds and not counted."""
    waiting = QueueItem.objects.exclude(state=QueueItem.State.DONE).order_by()
    counted = waiting.values_list("transport", "state").annotate(number=Count("id"))
    oldest = waiting.filter(state=QueueItem.State.READY).values_list("transport").annotate(due=Min("due_at"))
    return Backlog(
        {(transport, state): number for transport, state, number in counted},
        {(transport,): max(0.0, (now - due).total_seconds()) for transport, due in oldest},
    )
