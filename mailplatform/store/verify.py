"""Proving the store: every entry has its bytes, every blob its hash, every counter is the sum it claims to be.

An account is looked at in one moment (REPEATABLE READ), so mail may go on; blobs are walked by id, a bounded number of bytes
at a time. Nothing is repaired silently: `repair_counters` is asked for by name, works under the account's lock, and leaves an
audit row with what stood there before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection

from mailplatform.audit import record as audit
from mailplatform.runtime import database
from mailplatform.runtime.errors import NotFound, TemporarilyUnavailable
from mailplatform.store import blobs, packs, statements
from mailplatform.store.lock import locked
from mailplatform.store.models import AccountState, Blob
from mailplatform.store.values import Problem, VerifyReport

Progress = Callable[[str, int, int], None]  # what, done, of how many
Row = tuple[Any, ...]

_LIMIT = 100  # findings of one kind in one folder or account
_BLOBS = 200
_BYTES = 16 * 1024 * 1024  # of contents held at once
_COUNTERS = ("messages", "unseen", "deleted", "size")


def verify(
    *, account_id: int | None = None, fast: bool = False, progress: Progress = lambda what, done, total: None
) -> VerifyReport:
    """Look at one account or at all, then at the blobs. fast: do not read the bytes and compute their hashes anew.

    With an account, only the blobs of its messages are looked at. Raises NotFound (account).
    """
    if progress is None:
        progress = _silent
    accounts = sorted(AccountState.objects.values_list("account_id", flat=True))
    if account_id is not None:
        if account_id not in accounts:
            raise NotFound("there is no such account", subject=str(account_id))
        accounts = [account_id]
    problems: list[Problem] = []
    entries = 0
    for number, one in enumerate(accounts):
        progress("accounts", number, len(accounts))
        found, held = _account(one)
        problems += found
        entries += held
    progress("accounts", len(accounts), len(accounts))
    checked, damaged = _blobs(account_id, fast, progress)
    return VerifyReport(len(accounts), entries, checked, tuple(problems + damaged))


def repair_counters(account_id: int, *, actor: audit.Actor) -> list[Problem]:
    """Set the account's counters to what its rows say, with an audit row; the findings there were. Raises NotFound."""
    with locked(account_id) as ledgers:
        ledger = ledgers[account_id]
        folders = statements.run("verify_folders", {"account": account_id})
        found = list(_counters(account_id, folders)) + list(_sums(account_id, folders))
        viewers = statements.run("verify_viewers", {"folders": [row[0] for row in folders]})
        found += [Problem("viewer", f"account {account_id}, folder {row[0]}", "a count of unseen", account_id) for row in viewers]
        if not found:
            return []
        for row in viewers:
            statements.run("count_viewers", {"folder": row[0]})
        statements.run("repair_folders", {"account": account_id})
        sums = statements.run("verify_account", {"account": account_id})[0]
        ledger.modseq = max(ledger.modseq, sums[6], *(row[13] for row in folders), 1)
        ledger.bytes, ledger.messages, ledger.expunged_bytes = sums[7], sums[8], sums[9]
        ledger.next_keyword = max(ledger.next_keyword, sums[10] + 1)
        ledger.last_uidvalidity = max(ledger.last_uidvalidity, sums[11])
        subject = audit.Subject("account", account_id, str(account_id))
        audit.record("store.counters_repaired", subject, actor=actor, found=[f"{one.subject}: {one.detail}" for one in found])
    return found


def _account(account_id: int) -> tuple[list[Problem], int]:
    with database.snapshot():
        _take_time()
        rows = statements.run("verify_folders", {"account": account_id})
        folders = [row[0] for row in rows]
        params = {"account": account_id, "folders": folders, "limit": _LIMIT}
        problems = list(_counters(account_id, rows)) + list(_sums(account_id, rows))
        for row in rows:
            subject = f"account {account_id}, folder {row[0]} ({row[1]})"
            broken = statements.run("verify_entries", {"folder": row[0], "account": account_id, "limit": _LIMIT})
            problems += [Problem("entry", f"{subject}, uid {uid}", f"the entry {why}", account_id) for uid, why in broken]
        subject = f"account {account_id}"
        for kind, number in statements.run("verify_modseqs", params):
            detail = "two entries share it" if kind == "modseq" else "entries carry it and it has no name"
            problems.append(Problem(kind, f"{subject}, {kind} {number}", detail, account_id))
        for folder_id, viewer, stored, real in statements.run("verify_viewers", {"folders": folders}):
            detail = f"unseen differs by {stored} and should by {real}"
            problems.append(Problem("viewer", f"{subject}, folder {folder_id}, viewer {viewer}", detail, account_id))
        for kind, number in statements.run("verify_orphans", {"account": account_id, "limit": _LIMIT}):
            detail = "no entry names it" if kind == "message" else "references lead to it and it is not there"
            problems.append(Problem(kind, f"{subject}, {kind} {number}", detail, account_id))
        return problems, sum(row[8] for row in rows)


def _counters(account_id: int, rows: list[Row]) -> Iterator[Problem]:
    """What folders say of themselves and is not so."""
    for row in rows:
        subject = f"account {account_id}, folder {row[0]} ({row[1]})"
        for name, stored, real in zip(_COUNTERS, row[2:6], row[8:12], strict=True):
            if stored != real:
                yield Problem("counter", subject, f"{name} is {stored} and should be {real}", account_id)
        if row[6] <= row[12]:
            yield Problem("counter", subject, f"uidnext is {row[6]} and uid {row[12]} is taken", account_id)
        if row[7] < row[13]:
            yield Problem("counter", subject, f"highestmodseq is {row[7]} and there is {row[13]}", account_id)


def _sums(account_id: int, folders: list[Row]) -> Iterator[Problem]:
    """What the counter row says and is not so; sums are of rows, not of what folders claim."""
    subject = f"account {account_id}"
    row = statements.run("verify_account", {"account": account_id})[0]
    size, messages = sum(folder[11] for folder in folders), sum(folder[8] for folder in folders)
    for name, stored, real in (("bytes", row[1], size), ("messages", row[2], messages), ("expunged bytes", row[3], row[9])):
        if stored != real:
            yield Problem("usage", subject, f"{name} is {stored} and should be {real}", account_id)
    last = max([row[6], *(folder[13] for folder in folders)])
    for name, stored, least in (
        ("modseq", row[0], last),
        ("next keyword", row[4], row[10] + 1),
        ("last uidvalidity", row[5], row[11]),
    ):
        if stored < least:
            yield Problem("usage", subject, f"{name} is {stored} and must not be less than {least}", account_id)


def _blobs(account_id: int | None, fast: bool, progress: Progress) -> tuple[int, list[Problem]]:
    ids = None
    if account_id is not None:
        ids = [row[0] for row in statements.run("verify_account_blobs", {"account": account_id})]
    total = Blob.objects.count() if ids is None else len(ids)
    problems: list[Problem] = []
    sizes = _PackSizes()
    checked = 0
    for rows in _blob_rows(ids):
        progress("blobs", min(checked, total), total)
        sound = []
        for row in rows:
            why = sizes.missing(row)
            if why:
                problems.append(Problem("blob", f"blob {row[0]}", why))
            else:
                sound.append(row)
        if not fast:
            problems += _hashes(sound)
        checked += len(rows)
    progress("blobs", checked, max(total, checked))
    return checked, problems


def _blob_rows(ids: list[int] | None) -> Iterator[list[Row]]:
    """These blobs, or all there are, some at a time."""
    if ids is not None:
        for start in range(0, len(ids), _BLOBS):
            yield statements.run("verify_some_blobs", {"ids": ids[start : start + _BLOBS]}, binary=True)
        return
    after = 0
    while rows := statements.run("verify_blobs", {"after": after, "limit": _BLOBS}, binary=True):
        yield rows
        after = rows[-1][0]


class _PackSizes:
    """How long the pack files are, asked once each."""

    def __init__(self) -> None:
        self._sizes: dict[str, int | None] = {}

    def missing(self, row: Row) -> str:
        """Why a blob's bytes cannot all be there, or ''."""
        _, _, _, _, inline, pack_id, offset, length, name = row
        if pack_id is None:
            return "" if inline is not None else "has no bytes"
        if name not in self._sizes:
            try:
                self._sizes[name] = (packs.folder() / name).stat().st_size
            except OSError:
                self._sizes[name] = None
        size = self._sizes[name]
        if size is None:
            return f"pack {name} is not there"
        return "" if offset + length <= size else f"pack {name} ends before its bytes do"


def _hashes(rows: list[Row]) -> Iterator[Problem]:
    group: list[Row] = []
    room = _BYTES
    for row in rows:
        if row[5] is not None or row[2] > _BYTES:
            why = _streamed(row)
            if why:
                yield Problem("blob", f"blob {row[0]}", why)
            continue
        if row[2] > room:
            yield from _inline(group)
            group, room = [], _BYTES
        group.append(row)
        room -= row[2]
    yield from _inline(group)


def _inline(rows: list[Row]) -> Iterator[Problem]:
    if not rows:
        return
    try:
        contents = blobs.read([row[0] for row in rows])
    except TemporarilyUnavailable:
        if len(rows) > 1:
            for row in rows:
                yield from _inline([row])
        else:
            yield Problem("blob", f"blob {rows[0][0]}", "its bytes cannot be unpacked")
        return
    for row in rows:
        content = contents.get(row[0])  # None: collected since
        if content is not None and (blobs.digest(content) != row[1] or len(content) != row[2]):
            yield Problem("blob", f"blob {row[0]}", "its bytes are not those of its hash")


def _streamed(row: Row) -> str:
    digest, size = hashlib.blake2b(digest_size=32), 0
    try:
        for piece in blobs.stream(row[0]):
            digest.update(piece)
            size += len(piece)
    except NotFound:
        return ""  # collected since
    except TemporarilyUnavailable as error:
        return f"its bytes cannot be read ({error.private})"
    return "" if (digest.digest(), size) == (row[1], row[2]) else "its bytes are not those of its hash"


def _silent(what: str, done: int, total: int) -> None:
    pass


def _take_time() -> None:
    """A sum over a large account may last longer than a door's statement may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
