"""Reading entries and messages, shaped for those who read many at once. IMAP FETCH, RFC 9051 §6.4.5.

A session's snapshot is loaded whole and packed; an immutable message is read by sets of uids, also after its entry was
expunged (RFC 2180 §4.1: a session that has not been told may still read it). State and rows come from one moment.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping

from mailplatform.runtime import database
from mailplatform.runtime.errors import NotFound
from mailplatform.store import statements
from mailplatform.store.models import Keyword, Seen
from mailplatform.store.states import COLUMNS, seen_by
from mailplatform.store.values import Flag, FolderState, Packed

_ROW = 32  # bytes an entry in load_folder.sql
_NOTHING: Mapping[int, tuple[int, ...]] = {}


def load(folder_id: int, viewer: int) -> tuple[FolderState, Packed]:
    """A live folder, whole: its state and its entries as one moment saw them. Raises NotFound."""
    with database.snapshot():
        rows = statements.run("load_folder", {"folder": folder_id}, binary=True)
        if not rows:
            raise NotFound("there is no such folder", subject=str(folder_id))
        state = seen_by(rows, rows[0][1], viewer)[0]
        head, body, keywords = rows[0][len(COLUMNS) :]
        packed = _unpack((head or b"") + (body or b""), keywords or "")
        if viewer != state.account_id and not state.seen_shared:
            packed = _for_viewer(packed, folder_id, viewer)
        return state, packed


def keywords(account_id: int) -> dict[int, str]:
    """The account's keywords: number → name as first spelled."""
    return dict(Keyword.objects.filter(account_id=account_id).values_list("number", "name"))


def _unpack(data: bytes, keyword_text: str) -> Packed:
    flags = data[24::_ROW]
    plain = bytearray(data)
    plain[24::_ROW] = bytes(len(flags))
    wide, narrow, signed = array("Q"), array("I"), array("q")
    wide.frombytes(plain)
    narrow.frombytes(data)
    signed.frombytes(data)
    if sys.byteorder == "little":
        for column in (wide, narrow, signed):
            column.byteswap()
    return Packed(
        uids=narrow[4::8],
        flags=flags,
        modseqs=wide[0::4],
        message_ids=wide[3::4],
        internal_dates=signed[1::4],
        sizes=narrow[5::8],
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
            flags[index] = flags[index] | Flag.SEEN if seen else flags[index] & ~Flag.SEEN
            modseqs[index] = max(modseqs[index], modseq)
    return Packed(packed.uids, bytes(flags), modseqs, packed.message_ids, packed.internal_dates, packed.sizes, packed.keywords)
