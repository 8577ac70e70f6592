"""IMAP's commands as values: what the grammar makes of a client's line, and all the session ever sees of it.

RFC 3501 §6, with the commands of RFC 2177 (IDLE), 2342 (NAMESPACE), 2971 (ID), 3691 (UNSELECT), 4315 (UID EXPUNGE),
5161 (ENABLE), 5258 and 6154 (LIST options), 6851 (MOVE), 7162 (CONDSTORE, QRESYNC parameters), 9208 (QUOTA).

Invariants: every value is frozen; `tag` is the client's tag in bytes; mailbox names are decoded (modified UTF-7, or UTF-8 after
ENABLE), NFC, without control characters, and `INBOX` in any case is "INBOX"; commands with a UID form carry `by_uid`. A message
to append is never in a command: `Append.literal` says how many octets follow, and the reader streams them.

A later extension adds a class here, a parser under parse/, a row in machine.ALLOWED and one in extensions.CAPABILITIES.
"""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from protocols.imap.wire.fetch_items import FetchItem
from protocols.imap.wire.flags import NO_FLAGS, Flags
from protocols.imap.wire.search_keys import Return, SearchKey
from protocols.imap.wire.sequence_sets import SequenceSet


@dataclass(frozen=True, slots=True)
class Command:
    """What all commands share."""

    tag: bytes


# -- any state -------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Capability(Command):
    """RFC 3501 §6.1.1."""


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """RFC 3501 §6.1.2."""


@dataclass(frozen=True, slots=True)
class Logout(Command):
    """RFC 3501 §6.1.3."""


@dataclass(frozen=True, slots=True)
class Id(Command):
    """RFC 2971 §3.1. `params` is () for NIL; at most 30 pairs, names ≤ 30 and values ≤ 1,024 octets."""

    params: tuple[tuple[str, str | None], ...] = ()


# -- not authenticated -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StartTls(Command):
    """RFC 3501 §6.2.1. The session drops the reader's buffer (`Reader.reset`) before the handshake."""


@dataclass(frozen=True, slots=True)
class Authenticate(Command):
    """RFC 3501 §6.2.2; `initial` is the decoded initial response (RFC 4959), b"" for `=`, None without one.

    Further lines of the exchange are read with `Reader.next_line` and decoded with `parse.account.sasl_answer`.
    """

    mechanism: str
    initial: bytes | None = None


@dataclass(frozen=True, slots=True)
class Login(Command):
    """RFC 3501 §6.2.3; both strings decoded as UTF-8."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login(tag={self.tag!r}, username={self.username!r}, password=…)"


# -- authenticated ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Enable(Command):
    """RFC 5161; tokens upper-cased, in order, none twice. Unknown ones are ignored by the session, not an error."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QResync:
    """`(QRESYNC (uidvalidity modseq [known-uids] [(known-seqs known-uids)]))`. RFC 7162 §3.2.5."""

    uidvalidity: int
    modseq: int
    known_uids: SequenceSet | None = None
    known_sequence: tuple[SequenceSet, SequenceSet] | None = None


@dataclass(frozen=True, slots=True)
class Select(Command):
    """RFC 3501 §6.3.1; `condstore`: RFC 7162 §3.1.8 (also True with QRESYNC)."""

    mailbox: str
    condstore: bool = False
    qresync: QResync | None = None


@dataclass(frozen=True, slots=True)
class Examine(Command):
    """RFC 3501 §6.3.2; fields as in Select."""

    mailbox: str
    condstore: bool = False
    qresync: QResync | None = None


@dataclass(frozen=True, slots=True)
class Create(Command):
    """RFC 3501 §6.3.3. A trailing hierarchy separator is dropped. `special_use` as `\\Sent`; CREATE-SPECIAL-USE RFC 6154 §3."""

    mailbox: str
    special_use: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete(Command):
    """RFC 3501 §6.3.4."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Rename(Command):
    """RFC 3501 §6.3.5."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """RFC 3501 §6.3.6."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    """RFC 3501 §6.3.7."""

    mailbox: str


class StatusItem(StrEnum):
    """RFC 3501 §6.3.10, HIGHESTMODSEQ RFC 7162 §3.1.7; SIZE (8438), DELETED (9051), APPENDLIMIT (7889), MAILBOXID (8474) are
    parsed so that they can be answered when offered."""

    MESSAGES = "MESSAGES"
    RECENT = "RECENT"
    UIDNEXT = "UIDNEXT"
    UIDVALIDITY = "UIDVALIDITY"
    UNSEEN = "UNSEEN"
    HIGHESTMODSEQ = "HIGHESTMODSEQ"
    SIZE = "SIZE"
    DELETED = "DELETED"
    APPENDLIMIT = "APPENDLIMIT"
    MAILBOXID = "MAILBOXID"


@dataclass(frozen=True, slots=True)
class Status(Command):
    """RFC 3501 §6.3.10."""

    mailbox: str
    items: tuple[StatusItem, ...]


class ListSelect(StrEnum):
    """Selection options: RFC 5258 §3.1, SPECIAL-USE RFC 6154 §2."""

    SUBSCRIBED = "SUBSCRIBED"
    REMOTE = "REMOTE"
    RECURSIVEMATCH = "RECURSIVEMATCH"
    SPECIAL_USE = "SPECIAL-USE"


class ListReturn(StrEnum):
    """Return options without parameters: RFC 5258 §3.2, RFC 6154 §2, MYRIGHTS RFC 8440."""

    SUBSCRIBED = "SUBSCRIBED"
    CHILDREN = "CHILDREN"
    SPECIAL_USE = "SPECIAL-USE"
    MYRIGHTS = "MYRIGHTS"


@dataclass(frozen=True, slots=True)
class List(Command):
    """RFC 3501 §6.3.8, RFC 5258. `reference` and `patterns` are decoded but keep `%` and `*`; match with names.Matcher.

    `extended` is True when any option, or a parenthesised list of patterns, was used: the empty pattern then has no special
    meaning (RFC 5258 §3). `status` are the items of RETURN (STATUS (…)), RFC 5819.
    """

    reference: str
    patterns: tuple[str, ...]
    select: frozenset[ListSelect] = frozenset()
    returns: frozenset[ListReturn] = frozenset()
    status: tuple[StatusItem, ...] = ()
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Lsub(Command):
    """RFC 3501 §6.3.9."""

    reference: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Namespace(Command):
    """RFC 2342 §5."""


@dataclass(frozen=True, slots=True)
class LiteralRef:
    """A literal still to come: `size` octets; `sync` when the client waits for `+` (RFC 3501 §4.3, RFC 7888)."""

    size: int
    sync: bool


@dataclass(frozen=True, slots=True)
class Append(Command):
    """RFC 3501 §6.3.11. `internal_date` is aware, or None for now. `index` counts the messages of one command (RFC 3502)."""

    mailbox: str
    flags: Flags
    internal_date: datetime.datetime | None
    literal: LiteralRef
    index: int = 0


@dataclass(frozen=True, slots=True)
class GetQuota(Command):
    """RFC 9208 §4.1.2."""

    root: str


@dataclass(frozen=True, slots=True)
class GetQuotaRoot(Command):
    """RFC 9208 §4.1.3."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class SetQuota(Command):
    """RFC 9208 §4.1.4; resource names upper-cased."""

    root: str
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Idle(Command):
    """RFC 2177. Its end is a line of its own: `Reader.next_line`, `parse.account.is_done`."""


# -- selected --------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Check(Command):
    """RFC 3501 §6.4.1."""


@dataclass(frozen=True, slots=True)
class Close(Command):
    """RFC 3501 §6.4.2."""


@dataclass(frozen=True, slots=True)
class Unselect(Command):
    """RFC 3691."""


@dataclass(frozen=True, slots=True)
class Expunge(Command):
    """RFC 3501 §6.4.3; `uids` for UID EXPUNGE, RFC 4315 §2.1."""

    uids: SequenceSet | None = None


@dataclass(frozen=True, slots=True)
class Search(Command):
    """RFC 3501 §6.4.4. `returns` is None for the plain form, () for `RETURN ()` (means ALL), RFC 4731 §3.1.

    `charset` is what the client named (strings in `key` are already decoded).
    """

    key: SearchKey
    returns: tuple[Return, ...] | None = None
    charset: str | None = None
    by_uid: bool = False


@dataclass(frozen=True, slots=True)
class Fetch(Command):
    """RFC 3501 §6.4.5. `items` without duplicates; a UID FETCH always holds Attribute.UID, one with CHANGEDSINCE also MODSEQ.

    `changed_since`, `vanished`: RFC 7162 §3.1.4.1, §3.2.6 (VANISHED only with UID and CHANGEDSINCE; the session checks QRESYNC).
    """

    numbers: SequenceSet
    items: tuple[FetchItem, ...]
    by_uid: bool = False
    changed_since: int | None = None
    vanished: bool = False


class StoreMode(StrEnum):
    """What STORE does with its flags."""

    REPLACE = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class Store(Command):
    """RFC 3501 §6.4.6; `unchanged_since` RFC 7162 §3.1.3 (0 is legal: nothing is older)."""

    numbers: SequenceSet
    mode: StoreMode
    flags: Flags = NO_FLAGS
    silent: bool = False
    unchanged_since: int | None = None
    by_uid: bool = False


@dataclass(frozen=True, slots=True)
class Copy(Command):
    """RFC 3501 §6.4.7."""

    numbers: SequenceSet
    mailbox: str
    by_uid: bool = False


@dataclass(frozen=True, slots=True)
class Move(Command):
    """RFC 6851 §3."""

    numbers: SequenceSet
    mailbox: str
    by_uid: bool = False
