"""The inbox as POP3 sees it: open for one session at a time, numbered once, changed at its end (RFC 1939 §3, §6).

The lease that keeps others out is a row with an end, renewed for all sessions of a process together; nothing depends on it but
politeness, since what a session changes it names by uid. What POP3 has deleted where the account keeps such messages carries a
keyword and is not shown to POP3 again. Sizes are of lines that end with CRLF, as POP3 sends them.

Known gap: messages that arrived before their line ends were counted, and whose lines do not end with CRLF, are told too small.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from mailplatform.directory.models import Account
from mailplatform.directory.values import Pop3Delete
from mailplatform.runtime import clock
from mailplatform.runtime.errors import NotFound
from mailplatform.store import expunge, fetch, flags, folders, move, statements
from mailplatform.store.keywords import names
from mailplatform.store.models import MaildropLock
from mailplatform.store.values import Actor, Flag, FlagChange, FolderId, Packed, SpecialUse

KEPT = "$POP3Deleted"
"""The keyword of what POP3 deleted and the account keeps."""


@dataclass(frozen=True, slots=True)
class Maildrop:
    """What a session sees from its first moment to its last. sizes: octets of RETR, byte stuffing not counted."""

    account_id: int
    folder_id: FolderId
    uidvalidity: int
    uids: Sequence[int]
    sizes: Sequence[int]
    policy: Pop3Delete


class Busy(Exception):
    """Another session has it open, or (too_soon) the last one began less than the delay ago."""

    def __init__(self, *, too_soon: bool) -> None:
        self.too_soon = too_soon
        super().__init__("too soon" if too_soon else "in use")


def enter(account_id: int, holder: UUID, *, lease_seconds: float, delay_seconds: float = 0) -> Maildrop:
    """Take the maildrop and number it. Raises Busy, NotFound (no such account, or no inbox); then nothing is taken."""
    now = clock.now()
    times = {
        "now": now,
        "until": now + timedelta(seconds=lease_seconds),
        "before": now - timedelta(seconds=delay_seconds),
    }
    if not statements.run("maildrop_take", {"account": account_id, "holder": holder, **times}):
        held = MaildropLock.objects.filter(account_id=account_id).values_list("leased_until", flat=True).first()
        raise Busy(too_soon=held is not None and held <= now)
    try:
        return _numbered(account_id)
    except BaseException:
        leave(account_id, holder)
        raise


def renew(held: Mapping[UUID, int], *, lease_seconds: float) -> frozenset[UUID]:
    """Keep these (holder → account) for longer, in one statement. Those that are still held."""
    until = clock.now() + timedelta(seconds=lease_seconds)
    params = {"accounts": list(held.values()), "holders": list(held), "until": until}
    return frozenset(row[0] for row in statements.run("maildrop_renew", params))


def leave(account_id: int, holder: UUID) -> None:
    """Give it back; may be called by one who no longer holds it."""
    MaildropLock.objects.filter(account_id=account_id, holder=holder).update(leased_until=clock.now())


def update(drop: Maildrop, *, retrieved: Sequence[int], deleted: Sequence[int], actor: Actor) -> None:
    """The UPDATE state (RFC 1939 §6): do with these uids what the account wants done, and mark as seen what was read.

    An error after a first part leaves that part done; the error is raised.
    """
    gone = set(deleted) if drop.policy is Pop3Delete.DELETE else set()
    seen = sorted(set(retrieved) - gone)
    if seen:
        _flag(drop, seen, FlagChange("add", int(Flag.SEEN)), actor)
    if not deleted:
        return
    match drop.policy:
        case Pop3Delete.DELETE:
            expunge.expunge(drop.folder_id, sorted(deleted), only_deleted=False, actor=actor)
        case Pop3Delete.TRASH:
            _to_trash(drop, sorted(deleted), actor)
        case Pop3Delete.KEEP:
            _flag(drop, sorted(deleted), FlagChange("add", 0, (KEPT,)), actor)


def _flag(drop: Maildrop, uids: list[int], change: FlagChange, actor: Actor) -> None:
    flags.store(drop.folder_id, uids, change, viewer=drop.account_id, actor=actor)


def _to_trash(drop: Maildrop, uids: list[int], actor: Actor) -> None:
    trash = folders.by_special_use(drop.account_id, SpecialUse.TRASH, drop.account_id)
    if trash is None:
        trash = folders.create(drop.account_id, "Trash", special_use=SpecialUse.TRASH, actor=actor)
    most = 10_000
    for start in range(0, len(uids), most):
        move.move(drop.folder_id, uids[start : start + most], trash.id, viewer=drop.account_id, actor=actor)


def _numbered(account_id: int) -> Maildrop:
    policy = Account.objects.filter(pk=account_id).values_list("pop3_delete", flat=True).first()
    if policy is None:
        raise NotFound("there is no such account", subject=str(account_id))
    inbox = folders.get(account_id, "INBOX", account_id)
    state, packed = fetch.load(inbox.id, account_id)
    grown: dict[int, int] = dict(statements.run("maildrop_lines", {"account": account_id}))
    uids, sizes = packed.uids, packed.sizes
    if grown:
        sizes = array("Q", [size + grown.get(key, 0) for size, key in zip(sizes, packed.message_ids, strict=True)])
    hidden = _hidden(account_id, packed)
    if hidden:
        shown = [index for index, uid in enumerate(uids) if uid not in hidden]
        uids, sizes = array("I", [uids[index] for index in shown]), array("Q", [sizes[index] for index in shown])
    return Maildrop(account_id, state.id, state.uidvalidity, uids, sizes, Pop3Delete(policy))


def _hidden(account_id: int, packed: Packed) -> set[int]:
    if not packed.keywords:
        return set()
    wanted = {number for number, name in names(account_id).items() if name.lower() == KEPT.lower()}
    return {uid for uid, numbers in packed.keywords.items() if not wanted.isdisjoint(numbers)}
