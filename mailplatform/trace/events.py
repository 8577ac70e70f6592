"""The closed list of what can happen to a message, and the parameters each event carries.

An event is a code and typed parameters, never a sentence: trace/words.py renders it in the reader's language. Adding a
code means a line in CODE_PARAMS and a sentence in every language of words.py; tests refuse one without the other.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class Direction(StrEnum):
    """How a message came to us, or where it goes."""

    INBOUND = "inbound"  # SMTP, from outside to a local account
    SUBMITTED = "submitted"  # from an authenticated user
    APPENDED = "appended"  # IMAP APPEND, an upload by a client
    IMPORTED = "imported"  # from files or another server
    INTERNAL = "internal"  # made by us: reports, replies, placements by the local agent


class VerdictCode(StrEnum):
    """What was decided about one recipient of one transaction."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    QUARANTINED = "quarantined"
    DISCARDED = "discarded"


class Retention(IntEnum):
    """Days a trace row is kept; also the list key of the partitions, so a new class needs a migration."""

    SHORT = 21
    NORMAL = 90
    LONG = 365


class Code(StrEnum):
    """Everything a trace can tell. The value is what stands in the table."""

    # at the door
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    DISCARDED = "discarded"
    SESSION_REFUSED = "session.refused"
    SESSION_ENDED = "session.ended"
    # in the store
    APPENDED = "appended"
    IMPORTED = "imported"
    PLACED = "placed"
    FOLDER_GONE = "folder.gone"
    SENT_COPY = "sent_copy"
    NO_COPY = "no_copy"
    COPIED = "copied"
    MOVED = "moved"
    FLAGGED = "flagged"
    EXPUNGED = "expunged"
    RESTORED = "restored"
    PURGED = "purged"
    # in the queues
    QUEUED = "queued"
    LOCAL_QUEUED = "queued.local"
    ATTEMPTED = "attempted"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    FAILED = "failed"
    EXPANDED = "expanded"
    IN_DOUBT = "in_doubt"
    STALE_RESULT = "stale_result"
    HELD = "held"
    RELEASED = "released"
    DELETED = "deleted"
    RETRIED = "retried"
    REPORTED = "reported"
    FORWARDED = "forwarded"
    ANSWERED = "answered"
    NOT_ANSWERED = "answered.not"
    CIRCLED = "circled"
    # about the trace itself
    AGAIN = "again"
    SHED = "shed"


# The parameters an event of each code may carry. A missing one is rendered as a dash, an unlisted one is a bug.
CODE_PARAMS: Mapping[Code, frozenset[str]] = {
    Code.RECEIVED: frozenset({"client", "helo", "tls", "size", "protocol"}),
    Code.ACCEPTED: frozenset({"recipients", "reply"}),
    Code.REFUSED: frozenset({"recipient", "reason", "reply", "stage"}),
    Code.DEFERRED: frozenset({"recipient", "reason", "reply", "stage"}),
    Code.DISCARDED: frozenset({"recipient", "reason"}),
    Code.SESSION_REFUSED: frozenset({"client", "reason", "reply"}),
    Code.SESSION_ENDED: frozenset({"client", "reason"}),
    Code.APPENDED: frozenset({"account", "folder", "uid", "client"}),
    Code.IMPORTED: frozenset({"account", "folder", "uid", "source"}),
    Code.PLACED: frozenset({"account", "address", "folder", "uid", "modseq"}),
    Code.FOLDER_GONE: frozenset({"account", "folder"}),
    Code.SENT_COPY: frozenset({"account", "folder", "uid", "modseq"}),
    Code.NO_COPY: frozenset({"account", "reason"}),
    Code.COPIED: frozenset({"account", "source", "target", "uid", "new_uid", "count", "by"}),
    Code.MOVED: frozenset({"account", "source", "target", "uid", "new_uid", "count", "by"}),
    Code.FLAGGED: frozenset({"account", "folder", "added", "removed", "count", "by"}),
    Code.EXPUNGED: frozenset({"account", "folder", "uid", "count", "reason", "by", "client"}),
    Code.RESTORED: frozenset({"account", "folder", "uid", "count", "by"}),
    Code.PURGED: frozenset({"account", "folder", "count"}),
    Code.QUEUED: frozenset({"recipient", "destination"}),
    Code.LOCAL_QUEUED: frozenset({"recipients", "reason"}),
    Code.ATTEMPTED: frozenset({"recipient", "host", "number", "reply"}),
    Code.DELIVERED: frozenset({"recipient", "host", "address", "tls", "number", "reply"}),
    Code.DELAYED: frozenset({"recipient", "host", "address", "tls", "number", "reply", "stage", "due_at"}),
    Code.FAILED: frozenset({"recipient", "host", "address", "tls", "number", "reply", "stage", "reason"}),
    Code.HELD: frozenset({"recipient", "reason", "by"}),
    Code.RELEASED: frozenset({"recipient", "by"}),
    Code.DELETED: frozenset({"recipient", "by"}),
    Code.RETRIED: frozenset({"recipient", "by"}),
    Code.REPORTED: frozenset({"recipient", "action", "sender", "report"}),
    Code.FORWARDED: frozenset({"recipient", "target", "sender"}),
    Code.ANSWERED: frozenset({"account", "address", "sender", "language", "answer"}),
    Code.NOT_ANSWERED: frozenset({"account", "sender", "reason"}),
    Code.CIRCLED: frozenset({"recipient"}),
    Code.EXPANDED: frozenset({"recipient", "recipients"}),
    Code.IN_DOUBT: frozenset({"recipient", "host"}),
    Code.STALE_RESULT: frozenset({"recipient", "reply"}),
    Code.AGAIN: frozenset({"unit", "cause"}),
    Code.SHED: frozenset({"count", "since"}),
}
