"""The only types that callers of the store ever see: frozen, without a database behind them.

Sizes are bytes. Times are aware datetimes in UTC where a person may read them and whole epoch seconds in hot rows.
modseq counts per account (RFC 7162 §3.1.1 asks per mailbox at least); uid per folder, for ever within its uidvalidity.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntFlag, StrEnum
from typing import NamedTuple, NewType
from uuid import UUID

AccountId = NewType("AccountId", int)
FolderId = NewType("FolderId", int)
MessageId = NewType("MessageId", int)
Uid = NewType("Uid", int)
ModSeq = NewType("ModSeq", int)

SEPARATOR = "/"


class Flag(IntFlag):
    """System flags as bits of entry.flags. RFC 9051 §2.3.2; \\Recent belongs to a session and is never stored."""

    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


class SpecialUse(StrEnum):
    """RFC 6154 §2; INBOX is ours, for the folder that RFC 9051 §5.1 names so."""

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    JUNK = "junk"
    TRASH = "trash"
    ARCHIVE = "archive"


class Reason(StrEnum):
    """Why an entry left its folder; undelete offers all but MOVED."""

    EXPUNGED = "expunged"
    MOVED = "moved"
    REPLACED = "replaced"
    FOLDER_DELETED = "folder_deleted"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts on the store and by which client, kept as values in expunged rows and the trace."""

    user_id: int | None = None
    name: str = ""
    client: str = ""  # "imap Thunderbird", "smtp", "cli"


SYSTEM = Actor(name="system")


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder with its counters, as one moment saw it."""

    id: FolderId
    account_id: AccountId
    name: str  # full path, '/' between levels, "INBOX" for the inbox
    uidvalidity: int
    uidnext: int
    highestmodseq: int
    messages: int
    unseen: int
    deleted: int
    size: int
    recent_from: int  # uids from here on are \Recent for the next session that selects read-write
    special_use: SpecialUse | None
    subscribed: bool
    created_modseq: int
    changed_modseq: int
    expunged_floor: int  # below it, QRESYNC answers all absent uids
    seen_shared: bool = False  # one \\Seen for all viewers; else each viewer has their own


class EntryRow(NamedTuple):
    """One entry, as snapshots hold it; a plain tuple because a hundred thousand are read at once."""

    uid: int
    message_id: int
    flags: int
    keywords: tuple[int, ...]  # ids of account keywords
    modseq: int
    internal_date: int  # epoch seconds
    size: int  # prefix and blob, bytes
    created_modseq: int


@dataclass(frozen=True, slots=True)
class Packed:
    """All entries of a folder, ascending by uid, column by column: index i of each is one entry. Not to be altered.

    A hundred thousand rows come out of the database in one piece and are never Python objects one by one.
    """

    uids: array[int]  # array("I")
    flags: bytes  # one Flag value a byte
    modseqs: array[int]  # array("Q")
    message_ids: array[int]  # array("Q")
    internal_dates: array[int]  # array("q"), epoch seconds
    sizes: array[int]  # array("I"), bytes of prefix and blob
    keywords: Mapping[int, tuple[int, ...]]  # uid → keyword numbers; only those that have any

    def __len__(self) -> int:
        return len(self.uids)


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened in a folder above a modseq. RFC 7162 §3.2.5."""

    folder: FolderState
    changed: tuple[EntryRow, ...]  # new and altered, by uid
    vanished: tuple[int, ...]  # uids, ascending; may name uids the caller never saw
    complete: bool  # False: the floor is above the modseq, so vanished holds every absent uid


@dataclass(frozen=True, slots=True)
class Appended:
    """Where one placement went."""

    account_id: AccountId
    folder_id: FolderId
    uidvalidity: int
    uid: Uid
    modseq: ModSeq
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class FlagChange:
    """One STORE: bits and keyword names; keywords compare case-insensitively (RFC 9051 §2.3.2)."""

    mode: str  # "set", "add", "remove"
    flags: int = 0
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """Outcome of a flag change."""

    changed: tuple[EntryRow, ...]
    modified: tuple[int, ...]  # uids that failed UNCHANGEDSINCE. RFC 7162 §3.1.3
    highestmodseq: int


@dataclass(frozen=True, slots=True)
class Copied:
    """Outcome of COPY or MOVE: RFC 4315 §3 COPYUID sets in the same order."""

    uidvalidity: int
    source: tuple[int, ...]
    target: tuple[int, ...]
    target_folder: FolderId
    highestmodseq: int  # of the source folder after a move


@dataclass(frozen=True, slots=True)
class Expunged:
    """Outcome of an expunge."""

    uids: tuple[int, ...]
    highestmodseq: int


@dataclass(frozen=True, slots=True)
class MessageData:
    """What a FETCH needs of an immutable message besides its entry."""

    id: MessageId
    envelope: bytes
    bodystructure: bytes
    prefix: bytes
    blob_id: int
    blob_size: int
    preview: str
    thread_id: int
    save_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class PreparedBlob:
    """Bytes ready to be written: hashed and compressed outside the transaction. Reading back never needs more than this."""

    hash: bytes  # blake2b-256 of the content as the peer sent it
    size: int  # of the content
    codec: int  # 0 plain, 1 zstd, 2 zstd with dictionary 1, …
    inline: bytes | None  # compressed bytes, or None when they stand in a pack
    pack_id: int | None = None
    pack_offset: int = 0
    pack_length: int = 0


@dataclass(frozen=True, slots=True)
class PreparedMessage:
    """One content with all that delivery derives from it, shared by every placement of a unit."""

    blob: PreparedBlob
    envelope: bytes
    bodystructure: bytes
    message_id: str
    references: tuple[int, ...]  # hashes of own Message-ID first, then of what it refers to
    sent_at: datetime | None
    subject_key: str
    subject: str
    from_text: str
    to_text: str
    cc_text: str
    bcc_text: str
    from_key: str
    to_key: str
    cc_key: str
    preview: str
    has_attachment: bool
    author: str
    line_octets: int = 0  # what the content lacks to be lines that each end with CRLF


class SentCopy(StrEnum):
    """Whose copy in Sent a placement is. For a day, a client's takes the place of ours, and keeps ours away."""

    AUTO = "auto"  # made by submission
    CLIENT = "client"  # uploaded by a client


@dataclass(frozen=True, slots=True)
class Placement:
    """One copy of a unit's message into one folder."""

    account_id: AccountId
    message: PreparedMessage
    folder_id: FolderId | None = None  # None: by special use below
    special_use: SpecialUse = SpecialUse.INBOX
    prefix: bytes = b""  # trace headers we add before the blob
    flags: int = 0
    keywords: tuple[str, ...] = ()
    internal_date: datetime | None = None  # None: the commit's moment
    address: str = ""  # the forward-path as asked, for the trace and the re-check
    strict: bool = False  # APPEND: a folder that is gone fails the unit; mail falls back to the inbox
    check_quota: bool = False  # APPEND: over quota fails the unit; mail was answered at RCPT
    sent: SentCopy | None = None


@dataclass(frozen=True, slots=True)
class ArrivalResult:
    """What a unit's commit made, kept a day under its unit_id."""

    unit_id: UUID
    appended: tuple[Appended, ...] = ()
    queued: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    bytes: int
    messages: int
    expunged_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of ``store verify``."""

    kind: str
    subject: str
    detail: str
    account_id: int | None = None  # None: a blob, which may be of several


@dataclass(frozen=True, slots=True)
class VerifyReport:
    accounts: int
    entries: int
    blobs: int
    problems: Sequence[Problem] = field(default_factory=tuple)
