"""Putting messages into the queue, as part of the transaction that promises them: message, items, pin of the blob.

Ids are taken from the sequences before anything is written, because the memory of an arrival names them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailplatform.store.append import Raw, run
from mailplatform.transport.values import Outbound

_PACKAGE = "mailplatform.transport"
PIN = "queue"  # kind of store.BlobPin; the holder is the outbound message


@dataclass(frozen=True, slots=True)
class Numbered:
    """An outbound message that has its ids."""

    outbound: Outbound
    trace_id: str
    message_id: int
    item_ids: tuple[int, ...]


def numbers(raw: Raw, outbounds: Sequence[Outbound]) -> Callable[[], tuple[list[int], list[int]]]:
    """Send for ids: as many as these messages and their items need. Inside ``store.append.pipelined``; call it afterwards."""
    messages = run(raw, "enqueue_message_ids", {"number": len(outbounds)}, package=_PACKAGE)
    items = run(raw, "enqueue_item_ids", {"number": sum(len(outbound.items) for outbound in outbounds)}, package=_PACKAGE)
    return lambda: ([row[0] for row in messages.fetchall()], [row[0] for row in items.fetchall()])


def write(raw: Raw, numbered: Sequence[Numbered], blob_ids: dict[bytes, int], now: datetime) -> None:
    """Send the rows. Inside ``store.append.pipelined``; the blobs are written (and thereby locked) before."""
    messages: dict[str, list[Any]] = {
        "ids": [n.message_id for n in numbered],
        "blobs": [blob_ids[n.outbound.message.blob.hash] for n in numbered],
        "prefixes": [n.outbound.prefix for n in numbered],
        "trace_ids": [n.trace_id for n in numbered],
        "reverse_paths": [n.outbound.reverse_path for n in numbered],
        "rets": [n.outbound.ret for n in numbered],
        "envids": [n.outbound.envid for n in numbered],
        "submitters": [n.outbound.submitter for n in numbered],
        "smtputf8s": [n.outbound.smtputf8 for n in numbered],
        "sizes": [n.outbound.message.blob.size for n in numbered],
    }
    items = [(item_id, n.message_id, item) for n in numbered for item_id, item in zip(n.item_ids, n.outbound.items, strict=True)]
    run(raw, "enqueue_messages", messages | {"now": now, "kind": PIN}, package=_PACKAGE)
    run(
        raw,
        "enqueue_items",
        {
            "ids": [item_id for item_id, _, _ in items],
            "messages": [message_id for _, message_id, _ in items],
            "transports": [item.transport for _, _, item in items],
            "destinations": [item.destination for _, _, item in items],
            "forward_paths": [item.forward_path for _, _, item in items],
            "accounts": [item.account_id for _, _, item in items],
            "orcpts": [item.orcpt for _, _, item in items],
            "notifies": [item.notify for _, _, item in items],
            "dues": [item.due_at or now for _, _, item in items],
            "expires": [item.expires_at for _, _, item in items],
        },
        package=_PACKAGE,
    )
