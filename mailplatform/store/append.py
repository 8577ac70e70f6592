"""Appending: how a batch of arrivals gets into the store, in a handful of set-shaped statements.

The steps of one transaction, each a round trip however many units there are: ``lock`` (the accounts that are free, then
what placing needs to know, as new as the locks), ``Allocation.place`` a unit (store.allocate), ``claim`` (which units are
new; blobs), ``write`` (rows and counters). The caller commits; mailflow.arrivals is that caller.

Statements are this room's files, prepared once a connection and sent together (runtime.pipeline) over Django's own.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from mailplatform.runtime.arrays import Int8s, Texts, Uuids, columns
from mailplatform.runtime.pipeline import Pipeline, Result, pipelined
from mailplatform.runtime.sqlfiles import load
from mailplatform.standards.message import summary, threads
from mailplatform.store import blobs
from mailplatform.store.allocate import AccountRow, Allocation, DomainRow, FolderRow, Kept
from mailplatform.store.values import (
    AccountId,
    Appended,
    ArrivalResult,
    FolderId,
    MessageId,
    ModSeq,
    Placement,
    PreparedBlob,
    PreparedMessage,
    SpecialUse,
    Uid,
)

_PACKAGE = "mailplatform.store"
_BLOCK = 256  # ids a nextval; the migration sets the sequence's step
_SENT_LATELY = timedelta(hours=24)  # in which a client's copy in Sent and ours are the same
_MESSAGE_ID_BYTES = 998  # RFC 5322 §2.1.1; an index entry must fit a third of a page


def prepare_message(content: bytes) -> PreparedMessage:
    """All that delivery derives from a content, and its blob; no transaction. Raises StorageFull, TemporarilyUnavailable."""
    found = summary.summarise(content)
    message_id = found.message_id
    if len(message_id) > _MESSAGE_ID_BYTES // 4:
        message_id = message_id.encode("utf-8", "replace")[:_MESSAGE_ID_BYTES].decode("utf-8", "ignore")
    texts: tuple[str, ...] = (
        *(message_id, found.base_subject, found.subject, found.from_text, found.to_text, found.cc_text, found.bcc_text),
        *(found.from_key, found.to_key, found.cc_key, found.preview, found.author),
    )
    together = "".join(texts)
    if "\x00" in together or not together.isascii():
        texts = tuple(map(_storable, texts))
    message_id, subject_key, subject, from_text, to_text, cc_text, bcc_text, from_key, to_key, cc_key, preview, author = texts
    return PreparedMessage(
        blob=blobs.prepare(content),
        envelope=found.envelope,
        bodystructure=found.bodystructure,
        message_id=message_id,
        references=threads.candidates(found),
        sent_at=found.sent_at,
        subject_key=subject_key,
        subject=subject,
        from_text=from_text,
        to_text=to_text,
        cc_text=cc_text,
        bcc_text=bcc_text,
        from_key=from_key,
        to_key=to_key,
        cc_key=cc_key,
        preview=preview,
        has_attachment=found.has_attachment,
        author=author,
        line_octets=_line_octets(content),
    )


def _line_octets(content: bytes) -> int:
    """How much larger it is as lines that each end with CRLF, which is how POP3 sends it. Nearly always nothing."""
    bare = content.count(b"\n") - content.count(b"\r\n")
    return bare if content.endswith(b"\n") or not content else bare + 2


def _storable(text: str) -> str:
    """What a text column can hold: neither NUL nor lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


# -- statements


def run(pipe: Pipeline, name: str, params: dict[str, Any] | None = None, *, package: str = _PACKAGE) -> Result:
    """Send one statement file; the rows are the result's, once the pipeline has ended."""
    return pipe.execute(load(package, name), params)


_ids: weakref.WeakKeyDictionary[Any, list[int]] = weakref.WeakKeyDictionary()  # connection → [next, end] of its block


def _id_source(expected: int) -> Callable[[], int]:
    """Gives message ids; asks the sequence only when the connection's block cannot serve the batch."""
    block = _ids.setdefault(connection.connection, [0, 0])
    spare: list[int] = []
    if block[1] - block[0] < expected:
        wanted = -(-(expected - (block[1] - block[0])) // _BLOCK)
        with pipelined() as pipe:
            blocks = run(pipe, "append_message_ids", {"blocks": wanted})
        spare = [row[0] for row in blocks.fetchall()]

    def take() -> int:
        if block[0] >= block[1]:
            block[0] = spare.pop(0)
            block[1] = block[0] + _BLOCK
        block[0] += 1
        return block[0] - 1

    return take


# -- the steps


@dataclass(slots=True)
class Reading:
    """What ``lock`` sent for; ``allocation`` reads it once the pipeline has ended."""

    expected: int
    locked: Result
    accounts: Result
    folders: Result
    threads: Result
    keywords: Result | None
    domains: Result | None
    sent: Result | None = None
    without_store: set[int] = field(default_factory=set)

    def allocation(self, now: datetime) -> Allocation:
        facts = {row[0]: row[1:] for row in self.accounts.fetchall()}
        self.without_store = {account_id for account_id, row in facts.items() if not row[1]}
        rows = {}
        for account_id, modseq, size, count, next_keyword in self.locked.fetchall():
            closed, _, quota_bytes, quota_messages = facts.get(account_id, (True, True, None, None))
            rows[account_id] = AccountRow(account_id, modseq, size, count, next_keyword, closed, quota_bytes, quota_messages)
        if self.keywords is not None:
            for account_id, folded, number in self.keywords.fetchall():
                if account_id in rows:
                    known = rows[account_id].keywords
                    if known is None:
                        known = rows[account_id].keywords = {}
                    known[folded] = number
        if self.domains is not None:
            known_domains: dict[int, DomainRow] = {}
            for account_id, *row in self.domains.fetchall():
                if account_id in rows:
                    rows[account_id].domain = known_domains.setdefault(row[0], DomainRow(*row))
        folders = [FolderRow(*row) for row in self.folders.fetchall() if row[1] in rows]
        known_threads = {(row[0], row[1]): (row[2], row[3]) for row in self.threads.fetchall()}
        allocation = Allocation(rows, folders, known_threads, _id_source(self.expected), now)
        for account_id, name, *kept in self.sent.fetchall() if self.sent is not None else ():
            allocation.sent.setdefault((account_id, name), []).append(Kept(*kept))
        return allocation


def settle_plans(pipe: Pipeline) -> None:
    """First of a batch's transaction: plans that stay right while tables grow."""
    run(pipe, "append_settings")


def lock(pipe: Pipeline, placements: Sequence[Placement], now: datetime) -> Reading:
    """Lock what is free of the placements' accounts, in id order, and send for what placing needs. Inside ``pipelined``."""
    accounts = Int8s(sorted({p.account_id for p in placements}))
    locked = run(pipe, "append_lock", {"accounts": accounts})
    uses = sorted({SpecialUse.INBOX.value} | {p.special_use.value for p in placements})
    refs = {(p.account_id, ref) for p in placements for ref in p.message.references}
    with_keywords = Int8s(sorted({p.account_id for p in placements if p.keywords}))
    with_quota = Int8s(sorted({p.account_id for p in placements if p.check_quota}))
    for_sent = sorted({(p.account_id, p.message.message_id) for p in placements if p.sent is not None and p.message.message_id})
    return Reading(
        len(placements),
        locked,
        run(pipe, "append_accounts", {"accounts": accounts}),
        run(
            pipe,
            "append_folders",
            {
                "accounts": accounts,
                "uses": Texts(uses),
                "folders": Int8s(sorted({p.folder_id for p in placements if p.folder_id is not None})),
            },
        ),
        run(pipe, "append_threads", columns("accounts:int8 hashes:int8", refs)),
        run(pipe, "append_keywords", {"accounts": with_keywords}) if with_keywords else None,
        run(pipe, "append_domains", {"accounts": with_quota}) if with_quota else None,
        run(pipe, "append_sent", columns("accounts:int8 message_ids:text", for_sent) | {"since": now - _SENT_LATELY})
        if for_sent
        else None,
    )


def wait_for(account_id: int, seconds: float) -> None:
    """Wait for one busy account, at most so long; then the transaction holds it. Raises OperationalError (55P03) otherwise."""
    with pipelined() as pipe:
        timeout = {"milliseconds": str(max(1, int(seconds * 1000)))}
        pipe.execute("SELECT set_config('lock_timeout', %(milliseconds)s::text, true)", timeout)
        run(pipe, "append_wait", {"account": account_id})
        pipe.execute("SET LOCAL lock_timeout TO DEFAULT")


def claim(
    pipe: Pipeline, results: Sequence[ArrivalResult], prepared: Iterable[PreparedBlob], now: datetime
) -> Callable[[], tuple[set[UUID], dict[bytes, int]]]:
    """Send the units' ids and what they make, and their blobs. Inside ``pipelined``.

    What is returned, called afterwards, says which units are new (the others were committed before) and gives blob ids by hash.
    """
    units = run(
        pipe,
        "append_arrivals",
        columns("units:uuid results:text", [(result.unit_id, _encode(result)) for result in results]) | {"now": now},
    )
    arrays = blobs.upsert_arrays(prepared, now)
    written = run(pipe, "blob_upsert", arrays) if arrays["hashes"] else None

    def outcome() -> tuple[set[UUID], dict[bytes, int]]:
        ids = {bytes(name): blob_id for blob_id, name in written.fetchall()} if written is not None else {}
        return {row[0] for row in units.fetchall()}, ids

    return outcome


def committed_before(unit_ids: Sequence[UUID]) -> dict[UUID, ArrivalResult]:
    """The results of units that were committed before."""
    with pipelined() as pipe:
        stored = run(pipe, "append_results", {"units": Uuids(unit_ids)})
    return {unit_id: _decode(unit_id, text) for unit_id, text in stored.fetchall()}


def write(pipe: Pipeline, allocation: Allocation, blob_ids: dict[bytes, int], now: datetime) -> None:
    """Send the rows and counters of what was placed. Inside ``pipelined``."""
    rows = allocation.rows
    if rows.messages:
        run(pipe, "append_messages", _message_arrays(rows.messages, blob_ids))
        run(pipe, "append_entries", columns(_ENTRY, rows.entries) | {"now": now})
    if rows.auto:
        run(pipe, "append_auto", columns("messages:int8", rows.auto) | {"now": now})
    if rows.replaced:
        run(pipe, "append_replace", columns("folders:int8 uids:int8 modseqs:int8", rows.replaced) | {"now": now})
    if rows.threads:
        run(pipe, "append_new_threads", columns("ids:int8 accounts:int8 modseqs:int8", rows.threads))
    if rows.changed_threads:
        changed = [(thread, modseq, joined) for thread, (modseq, joined) in rows.changed_threads.items()]
        run(pipe, "append_threads_changed", columns("ids:int8 modseqs:int8 joins:int8", changed))
    if rows.refs:
        run(pipe, "append_thread_refs", columns("accounts:int8 hashes:int8 threads:int8", rows.refs))
    if rows.keywords:
        run(pipe, "append_new_keywords", columns("accounts:int8 numbers:int4 names:text foldeds:text", rows.keywords))
    folders = [
        (f.id, f.uidnext, f.highestmodseq, f.messages, f.unseen, f.deleted, f.size)
        for f in allocation.folders.values()
        if f.touched
    ]
    if folders:
        run(pipe, "append_folder_counters", columns(_FOLDER, folders))
    accounts = [(a.id, a.modseq, a.bytes, a.messages, a.next_keyword) for a in allocation.accounts.values() if a.touched]
    if accounts:
        run(pipe, "append_account_counters", columns(_ACCOUNT, accounts))


_MESSAGE = (
    "ids:int8 accounts:int8 blobs:int8 prefixes:bytea sizes:int8 threads:int8 modseqs:int8 envelopes:bytea bodystructures:bytea "
    "message_ids:text sents:time subjects:text subject_keys:text from_texts:text to_texts:text cc_texts:text bcc_texts:text "
    "from_keys:text to_keys:text cc_keys:text authors:text previews:text attachments:bool lines:int4"
)
_ENTRY = (
    "folders:int8 uids:int8 accounts:int8 messages:int8 threads:int8 flags:int2 keywords:text modseqs:int8 dates:time sents:time "
    "sizes:int8"
)
_FOLDER = "ids:int8 uidnexts:int8 modseqs:int8 messages:int8 unseens:int8 deleteds:int8 sizes:int8"
_ACCOUNT = "ids:int8 modseqs:int8 bytes:int8 messages:int8 keywords:int4"


def _message_arrays(rows: Iterable[tuple[Any, ...]], blob_ids: dict[bytes, int]) -> dict[str, Any]:
    lines = []
    for message_id, account_id, placement, size, thread_id, modseq in rows:
        m = placement.message
        lines.append(
            (
                *(message_id, account_id, blob_ids[m.blob.hash], placement.prefix, size, thread_id, modseq),
                *(m.envelope, m.bodystructure, m.message_id, m.sent_at, m.subject, m.subject_key),
                *(m.from_text, m.to_text, m.cc_text, m.bcc_text, m.from_key, m.to_key, m.cc_key),
                *(m.author, m.preview, m.has_attachment, m.line_octets),
            )
        )
    return columns(_MESSAGE, lines)


def _encode(result: ArrivalResult) -> str:
    return json.dumps(
        {
            "appended": [[a.account_id, a.folder_id, a.uidvalidity, a.uid, a.modseq, a.message_id] for a in result.appended],
            "queued": list(result.queued),
        },
        separators=(",", ":"),
    )


def _decode(unit_id: UUID, text: str) -> ArrivalResult:
    stored = json.loads(text)
    appended = tuple(
        Appended(AccountId(row[0]), FolderId(row[1]), row[2], Uid(row[3]), ModSeq(row[4]), MessageId(row[5]))
        for row in stored["appended"]
    )
    return ArrivalResult(unit_id, appended, tuple(stored["queued"]))
