"""Reading entries and messages, shaped for those who read many at once. IMAP FETCH, RFC 9051 §6.4.5.

A session's snapshot is loaded whole and packed; an immutable message is read by sets of uids, also after its entry was
expunged (RFC 2180 §4.1: a session that has not been told may still read it). State and rows come from one moment.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from mailplatform.runtime import database
from mailplatform.runtime.errors import NotFound
from mailplatform.store import blobs, statements
from mailplatform.store.keywords import names
from mailplatform.store.models import Seen
from mailplatform.store.states import COLUMNS, seen_by
from mailplatform.store.values import Flag, FolderState, MessageData, MessageId, Packed

_ROW = 32  # bytes an entry in load_folder.sql
_SEEN = int(Flag.SEEN)
_EPOCH_2000 = 946_684_800  # Postgres counts from there, in microseconds
_NOTHING: Mapping[int, tuple[int, ...]] = {}


def load(folder_id: int, viewer: int) -> tuple[FolderState, Packed]:
    """A live folder, whole: its state and its entries as one moment saw them. Raises NotFound."""
    with database.snapshot():
        rows = statements.run("load_folder", {"folder": folder_id}, binary=True)
        if not rows:
            raise NotFound("there is no such folder", subject=str(folder_id))
        state = seen_by(rows, rows[0][1], viewer)[0]
        body, keyword_text = rows[0][len(COLUMNS) :]
        packed = _unpack(body or b"", keyword_text or "")
        if viewer != state.account_id and not state.seen_shared:
            packed = _for_viewer(packed, folder_id, viewer)
        return state, packed


def keywords(account_id: int) -> dict[int, str]:
    """The account's keywords: number → name as first spelled."""
    return names(account_id)


def message_data(folder_id: int, uids: Sequence[int], want: Literal["summary", "content"]) -> dict[int, MessageData]:
    """The messages of these uids, by uid; also of entries expunged since, while their content is kept. Others are missing.

    want: "summary" with envelope and body structure; "content" leaves those empty and only says where the bytes are.
    """
    params = {"folder": folder_id, "uids": list(uids), "summary": want == "summary"}
    return {
        row[0]: MessageData(
            id=MessageId(row[1]),
            envelope=row[2],
            bodystructure=row[3],
            prefix=row[4],
            blob_id=row[5],
            blob_size=row[6],
            preview=row[7],
            thread_id=row[8],
            save_date=row[9],
        )
        for row in statements.run("message_data", params, binary=True)
    }


def content(blob_id: int) -> bytes:
    """The bytes of a blob, as the peer sent them. Raises NotFound, TemporarilyUnavailable."""
    return blobs.read_one(blob_id)


def contents(blob_ids: Sequence[int]) -> dict[int, bytes]:
    """The bytes of several blobs, by id. Raises TemporarilyUnavailable."""
    return blobs.read(blob_ids)


def raw(message: MessageData) -> bytes:
    """A whole message: the trace headers we put before it, and its content."""
    return message.prefix + blobs.read_one(message.blob_id)


def pieces(message: MessageData) -> Iterator[bytes]:
    """The same, in pieces, for messages too large to hold; only the first piece asks the database."""
    if message.prefix:
        yield message.prefix
    yield from blobs.stream(message.blob_id)


def _unpack(data: bytes, keyword_text: str) -> Packed:
    flags = data[8::_ROW]
    plain = bytearray(data)
    plain[8::_ROW] = bytes(len(flags))
    wide, narrow, signed = array("Q"), array("I"), array("q")
    wide.frombytes(plain)
    narrow.frombytes(data)
    signed.frombytes(data)
    if sys.byteorder == "little":
        for column in (wide, narrow, signed):
            column.byteswap()
    return Packed(
        uids=narrow[0::8],
        flags=flags,
        modseqs=wide[2::4],
        message_ids=wide[1::4],
        internal_dates=array("q", [moment // 1_000_000 + _EPOCH_2000 for moment in signed[3::4]]),
        sizes=narrow[1::8],
        keywords={
            int(uid): tuple(map(int, numbers.split(",")))
            for uid, _, numbers in (one.partition(":") for one in keyword_text.split())
        }
        if keyword_text
        else _NOTHING,
    )


def _for_viewer(packed: Packed, folder_id: int, viewer: int) -> Packed:
    """Another viewer's \\Seen over the owner's, and the greater modseq of both."""
    differences = {
        uid: (seen, modseq)
        for uid, seen, modseq in Seen.objects.filter(folder_id=folder_id, viewer_id=viewer).values_list("uid", "seen", "modseq")
    }
    if not differences:
        return packed
    flags, modseqs = bytearray(packed.flags), array("Q", packed.modseqs)
    for index, uid in enumerate(packed.uids):
        if uid in differences:
            seen, modseq = differences[uid]
            flags[index] = flags[index] | _SEEN if seen else flags[index] & ~_SEEN
            modseqs[index] = max(modseqs[index], modseq)
    return Packed(packed.uids, bytes(flags), modseqs, packed.message_ids, packed.internal_dates, packed.sizes, packed.keywords)
