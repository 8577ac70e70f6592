"""Putting messages into the queue, as part of the transaction that promises them: message, items, pin of the blob.

Ids are taken from the sequences before anything is written, because the memory of an arrival names them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from mailplatform.runtime.arrays import columns
from mailplatform.runtime.pipeline import Pipeline
from mailplatform.store.append import run
from mailplatform.transport.destinations import domain_of
from mailplatform.transport.values import SMTP, Outbound, OutboundItem

_PACKAGE = "mailplatform.transport"
_MESSAGE = (
    "ids:int8 blobs:int8 prefixes:bytea trace_ids:text reverse_paths:text rets:text envids:text submitters:int8 smtputf8s:bool "
    "body8bits:bool sizes:int8"
)
_ITEM = (
    "ids:int8 messages:int8 transports:text destinations:text forward_paths:text accounts:int8 orcpts:text notifies:text "
    "dues:time expires:time warns:time senders:text reports:text statuses:text replies:text"
)
PIN = "queue"  # kind of store.BlobPin; the holder is the outbound message


@dataclass(frozen=True, slots=True)
class Numbered:
    """An outbound message that has its ids."""

    outbound: Outbound
    trace_id: str
    message_id: int
    item_ids: tuple[int, ...]


def numbers(pipe: Pipeline, outbounds: Sequence[Outbound]) -> Callable[[], tuple[list[int], list[int]]]:
    """Send for ids: as many as these messages and their items need. Inside ``pipelined``; call it afterwards."""
    messages = run(pipe, "enqueue_message_ids", {"number": len(outbounds)}, package=_PACKAGE)
    items = run(pipe, "enqueue_item_ids", {"number": sum(len(outbound.items) for outbound in outbounds)}, package=_PACKAGE)
    return lambda: ([row[0] for row in messages.fetchall()], [row[0] for row in items.fetchall()])


def write(pipe: Pipeline, numbered: Sequence[Numbered], blob_ids: dict[bytes, int], now: datetime) -> None:
    """Send the rows. Inside ``pipelined``; the blobs are written (and thereby locked) before."""
    messages = [
        (
            *(n.message_id, blob_ids[n.outbound.message.blob.hash], n.outbound.prefix, n.trace_id, n.outbound.reverse_path),
            *(n.outbound.ret, n.outbound.envid, n.outbound.submitter, n.outbound.smtputf8, n.outbound.body8bit),
            n.outbound.message.blob.size,
        )
        for n in numbered
    ]
    items = [
        _columns(n, item_id, item, now) for n in numbered for item_id, item in zip(n.item_ids, n.outbound.items, strict=True)
    ]
    run(pipe, "enqueue_messages", {**columns(_MESSAGE, messages), "now": now, "kind": PIN}, package=_PACKAGE)
    run(pipe, "enqueue_items", {**columns(_ITEM, items), "now": now}, package=_PACKAGE)


def _columns(numbered: Numbered, item_id: int, item: OutboundItem, now: datetime) -> tuple[Any, ...]:
    destination, expires, warns = item.destination, item.expires_at, None
    if item.transport == SMTP:
        terms = settings.SITE.outbound
        since = max(item.due_at or now, now)
        destination = destination or domain_of(item.forward_path)
        expires = expires or since + timedelta(seconds=terms.expire_after_seconds)
        warns = since + timedelta(seconds=terms.warn_after_seconds) if terms.warn_after_seconds else None
    return (
        *(item_id, numbered.message_id, item.transport, destination, item.forward_path, item.account_id, item.orcpt),
        *(item.notify, item.due_at or now, expires, warns, domain_of(numbered.outbound.reverse_path), str(item.report)),
        *(item.status, item.reply),
    )
