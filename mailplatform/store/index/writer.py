"""Writing search text behind delivery, an account at a time, along its modseqs.

Commit order is modseq order (store.lock), so an account read up to n is done up to n and one number is all there is to
remember. The account's row is never locked: deliveries do not notice. Running twice over the same messages writes nothing
twice.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import transaction

from mailplatform.runtime.errors import TemporarilyUnavailable
from mailplatform.store import blobs, statements
from mailplatform.store.search import text

log = logging.getLogger(__name__)

_BATCH_BYTES = 16 * 1024 * 1024  # of contents read at once, unless a single message is larger


@dataclass(frozen=True, slots=True)
class Behind:
    """An account with news since modseq `done`, up to `upto`."""

    account_id: int
    done: int
    upto: int


def behind(*, workers: int = 1, number: int = 0, limit: int = 100) -> list[Behind]:
    """Accounts that have news; of several workers each sees its own share."""
    return [Behind(*row) for row in statements.run("index_behind", {"workers": workers, "number": number, "limit": limit})]


def write(account: Behind, batch: int) -> int:
    """Write the text of the account's next messages, at most `batch`, in one transaction; how many it looked at.

    Less than `batch` means that the account is done up to account.upto.
    """
    params = {"account": account.account_id, "modseq": account.done, "upto": account.upto, "limit": batch}
    rows = statements.run("index_messages", params, binary=True)
    taken, room = 0, _BATCH_BYTES
    for _, _, _, _, size, _ in rows:
        if taken and size > room:
            break
        taken, room = taken + 1, room - size
    complete = taken == len(rows) < batch
    todo = [row for row in rows[:taken] if not row[5]]
    contents = _contents(sorted({row[3] for row in todo}))
    ids, codecs, texts = [], [], []
    for message_id, _, prefix, blob_id, _, _ in todo:
        if blob_id in contents:
            codec, packed = text.packed(text.words(prefix + contents[blob_id]))
            ids.append(message_id)
            codecs.append(codec)
            texts.append(packed)
    done = account.upto if complete else rows[taken - 1][1]
    with transaction.atomic():
        if ids:
            statements.run("index_write", {"account": account.account_id, "messages": ids, "codecs": codecs, "texts": texts})
        statements.run("index_progress", {"account": account.account_id, "modseq": done})
    return taken if complete else max(taken, batch)


def _contents(blob_ids: list[int]) -> dict[int, bytes]:
    """The contents; one that is damaged is left out, so that it stops nobody's index (search looks at it again)."""
    try:
        return blobs.read(blob_ids)
    except TemporarilyUnavailable:
        found: dict[int, bytes] = {}
        for blob_id in blob_ids:
            try:
                found |= blobs.read([blob_id])
            except TemporarilyUnavailable as error:
                log.error("index: blob %d cannot be read: %s", blob_id, error.private)
        return found
