"""What travels between a plan and whoever carries it out; frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailplatform.directory.names import OwnNames


class Audience(StrEnum):
    """Whom an autoresponder answers."""

    EVERYONE = "everyone"
    INSIDE = "inside"  # people of the organisation who signed in
    OUTSIDE = "outside"  # all others


class Silence(StrEnum):
    """Why a message is not answered; the reason in the trace."""

    NULL_PATH = "null_path"
    LIST = "list"
    AUTOMATIC = "automatic"
    SUPPRESSED = "suppressed"  # the sender asked for none (X-Auto-Response-Suppress)
    ROLE = "role"  # mailer-daemon, owner-, -request and the like
    ITSELF = "itself"
    NOT_NAMED = "not_named"
    JUNK = "junk"
    AUDIENCE = "audience"
    LATELY = "lately"  # answered within the period
    LIMIT = "limit"  # so many answers in a day


@dataclass(frozen=True, slots=True)
class Responder:
    """An account's autoresponder as far as a plan asks: from when until when, whom, how often. domains: of its organisation."""

    account_id: int
    starts_at: datetime | None
    ends_at: datetime | None
    days: int
    audience: Audience
    own: OwnNames
    domains: frozenset[str] = field(default=frozenset())

    def is_active(self, at: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a plan may look at. header: of the message, as it came. authenticated: its sender signed in with us."""

    trace_id: str
    reverse_path: str
    header: bytes
    authenticated: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer that a plan asks for: to whom, under which of the account's addresses, and what it is an answer to.

    sender_key: stands for the sender in the record of who was answered. until: then the same sender may be answered again.
    language: a tag that the message names, "" without. inside: the sender signed in and is of the organisation.
    """

    account_id: int
    sender: str
    sender_key: str
    until: datetime
    address: str
    message_id: str
    references: str
    subject: str
    language: str
    inside: bool
    trace_id: str


@dataclass(frozen=True, slots=True)
class DueAnswer:
    """An answer that is recorded and not yet made."""

    id: int
    account_id: int
    sender: str
    address: str
    message_id: str
    references: str
    subject: str
    language: str
    inside: bool
    trace_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Words:
    """An autoresponder's texts in one language. Empty subjects and texts are the default's, those for outside as inside."""

    language: str
    subject: str = ""
    text: str = ""
    outside_subject: str = ""
    outside_text: str = ""
