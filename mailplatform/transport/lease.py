"""Leases: an item is in one agent's hands, until a moment, under a token that every later word about it must show.

Invariants: an item is claimed by one agent (SKIP LOCKED); a lease that ran out is anybody's again, and what its former
holder says after that is dropped, because the token has changed; items are locked in id order everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from mailplatform.runtime.arrays import columns
from mailplatform.runtime.database import cursor
from mailplatform.runtime.pipeline import Pipeline
from mailplatform.runtime.sqlfiles import load
from mailplatform.store.append import run
from mailplatform.transport.values import LocalItem, Settlement

_PACKAGE = "mailplatform.transport"


def claim(transport: str, *, limit: int, seconds: float, now: datetime, token: UUID | None = None) -> list[LocalItem]:
    """Take up to ``limit`` ready items of a transport, oldest first, in a transaction of its own or the caller's."""
    with cursor() as opened:
        opened.execute(
            load(_PACKAGE, "lease_claim"),
            {
                "transport": transport,
                "limit": limit,
                "now": now,
                "token": token or uuid4(),
                "until": now + timedelta(seconds=seconds),
            },
        )
        return [LocalItem(*row) for row in opened.fetchall()]


def renew(items: Sequence[LocalItem], *, seconds: float, now: datetime) -> set[int]:
    """Lengthen leases; the ids that are still their holder's. The others must not be worked on any further."""
    return _touch("lease_renew", items, {"until": now + timedelta(seconds=seconds)})


def mark_in_doubt(items: Sequence[LocalItem]) -> set[int]:
    """Say, before a final dot is sent, that from here on delivery may happen unseen; the ids whose lease is still good."""
    return _touch("lease_in_doubt", items, {})


def _touch(name: str, items: Sequence[LocalItem], more: dict[str, datetime]) -> set[int]:
    with cursor() as opened:
        params: dict[str, Any] = {"ids": [item.id for item in items], "tokens": [item.token for item in items]}
        opened.execute(load(_PACKAGE, name), params | more)
        return {row[0] for row in opened.fetchall()}


def release_expired(now: datetime) -> int:
    """Give back what agents that died held; how many items."""
    return _release("lease_expired", now)


def release_due(now: datetime) -> int:
    """Make deferred items ready whose time has come; how many."""
    return _release("lease_due", now)


def _release(name: str, now: datetime) -> int:
    with cursor() as opened:
        opened.execute(load(_PACKAGE, name), {"now": now})
        return int(opened.rowcount)


# -- within an arrival's transaction


def confirm(pipe: Pipeline, settlements: Sequence[Settlement]) -> Callable[[], set[int]]:
    """Lock these items if their leases are good. Inside ``pipelined``, after the accounts; call it afterwards."""
    held = run(pipe, "lease_confirm", _arrays(settlements), package=_PACKAGE)
    return lambda: {row[0] for row in held.fetchall()}


def done(pipe: Pipeline, settlements: Sequence[Settlement]) -> None:
    """Settle confirmed items as delivered. Inside ``pipelined``."""
    run(pipe, "lease_done", _arrays(settlements), package=_PACKAGE)


def _arrays(settlements: Sequence[Settlement]) -> dict[str, list[Any]]:
    return columns("ids:int8 tokens:uuid", [(s.item_id, s.token) for s in settlements])
