"""Which reports are due, and what they need to say: items with a word in ``dsn_due``, message by message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from mailplatform.directory.resolve import is_local_domain
from mailplatform.runtime.database import cursor
from mailplatform.runtime.sqlfiles import load
from mailplatform.transport.destinations import domain_of
from mailplatform.transport.values import Report


@dataclass(frozen=True, slots=True)
class DueItem:
    """One recipient. status, mx: what was said last, and by whom."""

    id: int
    report: Report
    forward_path: str
    orcpt: str
    reply: str
    status: str
    mx: str
    last_at: datetime | None
    expires_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class DueMessage:
    """The message they belong to."""

    id: int
    trace_id: str
    reverse_path: str
    prefix: bytes
    blob_id: int
    size: int
    ret: str
    envid: str
    smtputf8: bool
    queued_at: datetime


def reports(*, after: int, limit: int) -> list[tuple[DueMessage, list[DueItem]]]:
    """The next items with a report due behind an item's id, by message. Nothing is locked: the commit looks again."""
    with cursor() as opened:
        opened.execute(load("mailplatform.transport", "report_due"), {"after": after, "limit": limit})
        rows = opened.fetchall()
    found = []
    for _, group in groupby(rows, key=lambda row: row[10]):
        items = list(group)
        pk, trace_id, reverse_path, prefix, *rest = items[0][10:]
        message = DueMessage(pk, trace_id, reverse_path, bytes(prefix), *rest)
        found.append((message, [DueItem(row[0], Report(row[1]), *row[2:10]) for row in items]))
    return found


def local_domain(path: str) -> str:
    """The domain of an address when it is one of ours, else ""."""
    domain = domain_of(path)
    return domain if domain and is_local_domain(domain) else ""
