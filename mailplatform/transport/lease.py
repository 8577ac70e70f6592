"""Leases: an item is in one agent's hands, until a moment, under a token that every later word about it must show.

Invariants: an item is claimed by one agent (SKIP LOCKED); a lease that ran out is anybody's again, and what its former
holder says after that is dropped, because the token has changed; items are locked in id order everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from mailplatform.runtime.arrays import columns
from mailplatform.runtime.database import cursor
from mailplatform.runtime.pipeline import Pipeline, pipelined
from mailplatform.runtime.sqlfiles import load
from mailplatform.store.append import run
from mailplatform.trace import record
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow
from mailplatform.transport import routes
from mailplatform.transport.values import SMTP, Carried, Lease, LeasedItem, LocalItem, Reported, Settlement

_PACKAGE = "mailplatform.transport"
RECIPIENTS = 100  # of one lease (RFC 5321 §4.5.3.1.8: every server takes so many)


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


def renew(items: Sequence[LocalItem | LeasedItem], *, seconds: float, now: datetime) -> set[int]:
    """Lengthen leases; the ids that are still their holder's. The others must not be worked on any further."""
    return _touch("lease_renew", items, {"until": now + timedelta(seconds=seconds)})


def mark_in_doubt(items: Sequence[LocalItem | LeasedItem], *, until: datetime | None = None) -> set[int]:
    """Say, before a final dot is sent, that from here on delivery may happen unseen; the ids whose lease is still good."""
    with pipelined() as pipe:
        marked = mark(pipe, items, until)
    return marked()


def mark(
    pipe: Pipeline, items: Sequence[LocalItem | LeasedItem], until: datetime | None, young: datetime | None = None
) -> Callable[[], set[int]]:
    """The same inside ``pipelined``; call it afterwards. A lease that lasts beyond `young` is not lengthened."""
    held = run(pipe, "lease_in_doubt", {**_held(items), "until": until, "young": young}, package=_PACKAGE)
    return lambda: {row[0] for row in held.fetchall()}


def _touch(name: str, items: Sequence[LocalItem | LeasedItem], more: dict[str, datetime | None]) -> set[int]:
    with cursor() as opened:
        opened.execute(load(_PACKAGE, name), _held(items) | more)
        return {row[0] for row in opened.fetchall()}


def _held(items: Sequence[LocalItem | LeasedItem]) -> dict[str, Any]:
    return columns(
        "ids:int8 tokens:uuid", [(item.item_id if isinstance(item, LeasedItem) else item.id, item.token) for item in items]
    )


def take(shares: Mapping[str, int], *, seconds: float, now: datetime, transport: str = SMTP) -> list[Lease]:
    """Lease ready items: so many of the oldest of each destination, each with the other recipients of its message there."""
    with pipelined() as pipe:
        taken = taking(pipe, shares, seconds=seconds, now=now, transport=transport)
    return taken()


def taking(
    pipe: Pipeline, shares: Mapping[str, int], *, seconds: float, now: datetime, transport: str = SMTP
) -> Callable[[], list[Lease]]:
    """The same inside ``pipelined``; call it afterwards."""
    params = {
        **columns("destinations:text counts:int4", list(shares.items())),
        "transport": transport,
        "most": RECIPIENTS,
        "now": now,
        "until": now + timedelta(seconds=seconds),
    }
    found = run(pipe, "lease_take", params, package=_PACKAGE)
    return lambda: _leases(found.fetchall(), transport)


def _leases(rows: Sequence[tuple[Any, ...]], transport: str) -> list[Lease]:
    leases = []
    for _, found in groupby(rows, key=lambda row: (row[21], row[9], row[23])):
        group = list(found)
        *message, destination, until, route_id = group[0][9:24]
        route = routes.opened(*group[0][24:]) if route_id is not None and group[0][24] is not None else None
        carried = Carried(*_ordered(message))
        items = [LeasedItem(*row[:9]) for row in group]
        leases += [
            Lease(tuple(items[at : at + RECIPIENTS]), carried, destination, route, until, transport)
            for at in range(0, len(items), RECIPIENTS)
        ]
    return leases


def _ordered(columns: Sequence[Any]) -> tuple[Any, ...]:
    outbound_id, trace_id, reverse_path, prefix, blob_id, size, *rest = columns
    return (outbound_id, trace_id, reverse_path, bytes(prefix), blob_id, size, *rest)


def give_back(items: Sequence[LeasedItem]) -> None:
    """Items that were not tried after all are ready again, unless a dot may have been sent."""
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "lease_back"), _held(items))


def release_expired(now: datetime) -> int:
    """Give back what agents that died held; how many items. The trace tells which of them may have arrived."""
    with transaction.atomic():
        with cursor() as opened:
            opened.execute(load(_PACKAGE, "lease_expired"), {"now": now})
            rows = opened.fetchall()
        record.write(
            *[
                EventRow(trace_id, Code.IN_DOUBT, {"recipient": forward_path, "host": destination})
                for trace_id, forward_path, destination, doubt in rows
                if doubt
            ]
        )
        return len(rows)


def release_due(now: datetime) -> int:
    """Make deferred items ready whose time has come; how many."""
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "lease_due"), {"now": now})
        return int(opened.rowcount)


# -- within an arrival's transaction


def confirm(pipe: Pipeline, settlements: Sequence[Settlement]) -> Callable[[], set[int]]:
    """Lock these items if their leases are good. Inside ``pipelined``, after the accounts; call it afterwards."""
    held = run(pipe, "lease_confirm", _arrays(settlements), package=_PACKAGE)
    return lambda: {row[0] for row in held.fetchall()}


def done(pipe: Pipeline, settlements: Sequence[Settlement]) -> None:
    """Settle confirmed items as delivered. Inside ``pipelined``."""
    run(pipe, "lease_done", _arrays(settlements), package=_PACKAGE)


def confirm_reports(pipe: Pipeline, reports: Sequence[Reported]) -> Callable[[], set[int]]:
    """Lock these items if their reports are still due. Inside ``pipelined``, after the accounts; call it afterwards."""
    held = run(pipe, "report_confirm", _reports(reports), package=_PACKAGE)
    return lambda: {row[0] for row in held.fetchall()}


def reported(pipe: Pipeline, reports: Sequence[Reported]) -> None:
    """Clear what confirmed reports were due for. Inside ``pipelined``."""
    run(pipe, "report_done", _reports(reports), package=_PACKAGE)


def _reports(reports: Sequence[Reported]) -> dict[str, list[Any]]:
    return columns("ids:int8 reports:text", [(one.item_id, str(one.report)) for one in reports])


def _arrays(settlements: Sequence[Settlement]) -> dict[str, list[Any]]:
    return columns("ids:int8 tokens:uuid", [(s.item_id, s.token) for s in settlements])
