"""Pulses: when something that should happen again and again last did. A missing one is told to people, and done without.

"tick": a tick of Celery released what was due. "agent": an outbound agent did it by itself, because no tick came.
"""

from __future__ import annotations

from datetime import datetime

from mailplatform.transport.models import Pulse

TICK, AGENT = "tick", "agent"


def beat(name: str, now: datetime) -> None:
    """It has happened now."""
    Pulse.objects.update_or_create(name=name, defaults={"at": now})


def beats() -> dict[str, datetime]:
    """When each happened last."""
    return dict(Pulse.objects.values_list("name", "at"))


def is_missing(now: datetime, seconds: float) -> bool:
    """Whether no tick came for so long. A house that has just started is given that time."""
    last = beats().get(TICK)
    if last is None:
        beat(TICK, now)
        return False
    return (now - last).total_seconds() > seconds
