"""The nouns that travel through the house: a connection, one MAIL…end-of-data, its recipients, what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailplatform.access.values import Identity
from mailplatform.delivery.values import Responder


@dataclass(frozen=True, slots=True)
class Session:
    """One connection to a door. Addresses are canonical (v4-mapped IPv6 folded)."""

    id: str
    protocol: str  # "smtp", "lmtp", "submission", "imap"
    client_address: str
    client_port: int
    server_name: str  # the host name we greet with
    helo: str = ""
    esmtp: bool = False
    tls: str = ""  # "TLSv1.3 TLS_AES_256_GCM_SHA384", empty without TLS
    identity: Identity | None = None  # who signed in

    @property
    def user_id(self) -> int | None:
        return self.identity.user_id if self.identity else None


class Disposition(StrEnum):
    """What became of one recipient in one transaction."""

    LOCAL = "local"
    QUEUED = "queued"
    DISCARDED = "discarded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LocalTarget:
    """One account that a recipient's mail goes to."""

    account_id: int
    address: str
    detail: str = ""
    limited: bool = False  # by a quota of its own, or of its domain
    responder: Responder | None = None  # an autoresponder that is turned on


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT that we accepted. outside: addresses elsewhere that its mail goes to."""

    forward_path: str
    disposition: Disposition
    targets: tuple[LocalTarget, ...] = ()
    epoch: int = 0  # directory_epoch at which this was the answer
    max_message_size: int | None = None
    notify: tuple[str, ...] = ()
    orcpt: str = ""
    outside: tuple[str, ...] = ()

    @property
    def is_direct(self) -> bool:
        """Whether it is outside itself, and not an address of ours that leads there."""
        return self.outside == (self.forward_path,)


@dataclass(slots=True)
class Transaction:
    """One MAIL … end-of-data, while it is under way."""

    trace_id: str
    session: Session
    started: datetime
    reverse_path: str  # "" is the null path
    size_hint: int | None = None
    smtputf8: bool = False
    body: str = "7BIT"
    ret: str = ""
    envid: str = ""
    recipients: list[Recipient] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the door may tell the peer after the commit."""

    trace_id: str
    appended: int
    queued: int
