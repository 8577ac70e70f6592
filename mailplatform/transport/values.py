"""What others may know of the queue: frozen values that go in and come out, without a database behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from mailplatform.store.values import PreparedMessage

LOCAL = "local"  # the transport of placements into our own accounts
SMTP = "smtp"  # the transport to outside


class State(StrEnum):
    """Where an item of the queue stands."""

    READY = "ready"  # due: the next free agent takes it
    LEASED = "leased"  # in an agent's hands
    DEFERRED = "deferred"  # waits for its time
    HELD = "held"  # waits for a person
    DONE = "done"


class Ending(StrEnum):
    """What one attempt at one item came to."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    FAILED = "failed"
    EXPANDED = "expanded"  # handed to several others by a list that answers for it (RFC 3464 §2.3.3)


class Report(StrEnum):
    """The report that is due about an item (RFC 3464 §2.3.3, its actions)."""

    NONE = ""
    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class Stage(StrEnum):
    """How far an attempt came; what was said there is its outcome's reply."""

    DNS = "dns"
    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


BEFORE_MAIL = frozenset({Stage.DNS, Stage.CONNECT, Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.AUTH})
"""Stages whose trouble is the destination's, not the message's."""


@dataclass(frozen=True, slots=True)
class OutboundItem:
    """One recipient of an outbound message. destination: for "local" the final local address, for "smtp" the recipient's domain
    (empty: that of the forward-path), until a route says otherwise. report: nothing is left to do but to tell the sender this,
    for the reason of status ("5.4.6") and reply (our words).
    """

    transport: str
    destination: str
    forward_path: str
    account_id: int | None = None
    orcpt: str = ""
    notify: str = ""
    due_at: datetime | None = None  # None: at once
    expires_at: datetime | None = None  # None: for "smtp", as the site says
    report: Report = Report.NONE
    status: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message for the queue. ``prefix`` is the Received field; for "local" items Return-Path and Delivered-To are added at
    delivery."""

    message: PreparedMessage
    items: tuple[OutboundItem, ...]
    reverse_path: str = ""
    prefix: bytes = b""
    ret: str = ""
    envid: str = ""
    submitter: int | None = None
    smtputf8: bool = False
    body8bit: bool = True


@dataclass(frozen=True, slots=True)
class Reported:
    """An item whose report a unit's commit carries: the report is due no longer then."""

    item_id: int
    report: Report


@dataclass(frozen=True, slots=True)
class Settlement:
    """An item that a unit's commit settles as delivered, if the lease is still its holder's."""

    item_id: int
    token: UUID


@dataclass(frozen=True, slots=True)
class LocalItem:
    """One item of the local queue in an agent's hands until ``leased_until``, with the message it belongs to."""

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


@dataclass(frozen=True, slots=True)
class Route:
    """A way that a person chose: a smart host. port 0: that of `[outbound]`. tls: none, may, encrypt (must), verify, implicit.
    retry_after: seconds before each new attempt, as `[outbound] retry_after`; empty: as the site says.
    """

    name: str
    host: str
    port: int = 0
    tls: str = "may"
    login: str = ""
    password: str = field(default="", repr=False)
    auth_without_tls: bool = False
    retry_after: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LeasedItem:
    """One recipient in an agent's hands, under a token that every later word about it must show. attempts: this one counts."""

    item_id: int
    token: UUID
    forward_path: str
    orcpt: str = ""
    notify: str = ""
    attempts: int = 1
    in_doubt: bool = False
    expires_at: datetime | None = None
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """What is carried: content and envelope. ``prefix`` stands before the blob's octets; size is the blob's."""

    outbound_id: int
    trace_id: str
    reverse_path: str
    prefix: bytes
    blob_id: int
    size: int
    smtputf8: bool = False
    body8bit: bool = True
    ret: str = ""
    envid: str = ""
    submitter: int | None = None
    queued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Recipients of one message at one destination: ONE transaction of an agent, an outcome for each."""

    items: tuple[LeasedItem, ...]
    message: Carried
    destination: str
    route: Route | None
    leased_until: datetime
    transport: str = SMTP


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt said of one item.

    reply: the remote's words, at most 500 characters, or ours when it said none (code 0). tls: "TLSv1.3 TLS_AES_256_GCM_SHA384".
    in_doubt: the final dot was sent and nothing came back. dsn_relayed: the remote took NOTIFY and ORCPT, and reports by itself
    (RFC 3461 §5.2.2). again: nothing is wrong with the item, it may follow at once (RFC 5321 §4.5.3.1.10).
    """

    item_id: int
    token: UUID
    kind: Ending
    reply: str = ""
    code: int = 0
    enhanced: str = ""
    mx: str = ""
    address: str = ""
    tls: str = ""
    stage: Stage = Stage.DOT
    in_doubt: bool = False
    dsn_relayed: bool = False
    again: bool = False
