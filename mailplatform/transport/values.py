"""What others may know of the queue: frozen values that go in and come out, without a database behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from mailplatform.store.values import PreparedMessage

LOCAL = "local"  # the transport of placements into our own accounts
SMTP = "smtp"


class Settled(StrEnum):
    """What became of one attempt at one item."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    FAILED = "failed"
    STALE = "stale"  # the lease was another's by then: nothing was written


@dataclass(frozen=True, slots=True)
class OutboundItem:
    """One recipient of an outbound message. For transport "local", destination is the final local address."""

    transport: str
    destination: str
    forward_path: str
    account_id: int | None = None
    orcpt: str = ""
    notify: str = ""
    due_at: datetime | None = None  # None: at once
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message for the queue. ``prefix`` is the Received field; Return-Path and Delivered-To are added at delivery."""

    message: PreparedMessage
    items: tuple[OutboundItem, ...]
    reverse_path: str = ""
    prefix: bytes = b""
    ret: str = ""
    envid: str = ""
    submitter: int | None = None
    smtputf8: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """An item that a unit's commit settles as delivered, if the lease is still its holder's."""

    item_id: int
    token: UUID


@dataclass(frozen=True, slots=True)
class LeasedItem:
    """One item in an agent's hands until ``leased_until``."""

    id: int
    message_id: int
    transport: str
    destination: str
    forward_path: str
    account_id: int | None
    orcpt: str
    notify: str
    attempts: int
    in_doubt: bool
    token: UUID
    leased_until: datetime
    expires_at: datetime | None
    blob_id: int
    prefix: bytes
    trace_id: str
    reverse_path: str
    submitter: int | None
    smtputf8: bool
    size: int
    ret: str
    envid: str
