"""Folders: their names, special uses, subscriptions and states. RFC 9051 §5.1 and §6.3, RFC 6154.

Names are full paths with '/' between levels, in NFC; INBOX is one spelling. A deleted folder's row stays, so that its uids
never return, and a new one of its name has a larger uidvalidity; DELETE and RENAME mark rows only, entries drain behind
(store.expunge.drain). A parent that is deleted leaves its children; doors show such an implied parent as one that cannot
be selected. Subscribed names outlive their folders (store.subscriptions): a renamed folder is subscribed as it was, and its
old name stays on the list until somebody takes it off. Each folder that is made, renamed or marked takes a modseq of its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from mailplatform.runtime import clock
from mailplatform.runtime.errors import AlreadyExists, LimitReached, Malformed, NotFound, NotPermitted
from mailplatform.store import move, statements
from mailplatform.store import subscriptions as names_kept
from mailplatform.store.lock import Ledger, locked
from mailplatform.store.models import Folder
from mailplatform.store.states import COLUMNS, seen_by, state
from mailplatform.store.values import SEPARATOR, Actor, FolderId, FolderState, SpecialUse

INBOX = "INBOX"
DEFAULTS = (
    (INBOX, SpecialUse.INBOX),
    ("Sent", SpecialUse.SENT),
    ("Drafts", SpecialUse.DRAFTS),
    ("Junk", SpecialUse.JUNK),
    ("Trash", SpecialUse.TRASH),
    ("Archive", SpecialUse.ARCHIVE),
)
NAME_BYTES = 1000
DEPTH = 32
FOLDERS_AN_ACCOUNT = 10_000


def canonical(name: str) -> str:
    """The one spelling of a folder's name. Raises Malformed: empty levels, control characters, too long, too deep."""
    name = unicodedata.normalize("NFC", name)
    levels = name.split(SEPARATOR)
    if not name or not all(levels):
        raise Malformed("a folder name must not be empty, nor have an empty level", subject="name")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name):  # RFC 9051 §5.1
        raise Malformed("a folder name must not hold control characters", subject="name")
    if len(name.encode()) > NAME_BYTES or len(levels) > DEPTH:
        raise Malformed("the folder name is too long", subject="name")
    if levels[0].isascii() and levels[0].upper() == INBOX:  # RFC 9051 §5.1: in any case, of ASCII letters
        levels[0] = INBOX
    return SEPARATOR.join(levels)


# -- reading


def list_folders(account_id: int, viewer: int) -> tuple[FolderState, ...]:
    """The live folders, INBOX first, then by name, children after their parents."""
    rows = list(Folder.objects.filter(account_id=account_id, deleted_at=None).values_list(*COLUMNS))
    states = seen_by(rows, account_id, viewer)
    return tuple(sorted(states, key=lambda one: (not _is_inbox(one.name), one.name.split(SEPARATOR))))


def get(account_id: int, name: str, viewer: int) -> FolderState:
    """One live folder by name. Raises NotFound, also for a name that no folder can have."""
    try:
        wanted = canonical(name)
    except Malformed:
        raise NotFound("there is no such folder", subject=name) from None
    rows = list(Folder.objects.filter(account_id=account_id, name=wanted, deleted_at=None).values_list(*COLUMNS))
    if not rows:
        raise NotFound("there is no such folder", subject=name)
    return seen_by(rows, account_id, viewer)[0]


def by_id(folder_id: int, viewer: int) -> FolderState:
    """One live folder. Raises NotFound, also when it is deleted."""
    rows = list(Folder.objects.filter(pk=folder_id, deleted_at=None).values_list(*COLUMNS))
    if not rows:
        raise NotFound("there is no such folder", subject=str(folder_id))
    return seen_by(rows, rows[0][1], viewer)[0]


def by_special_use(account_id: int, use: SpecialUse, viewer: int) -> FolderState | None:
    """The account's folder of this use, if it has one."""
    rows = list(Folder.objects.filter(account_id=account_id, special_use=use, deleted_at=None).values_list(*COLUMNS))
    return seen_by(rows, account_id, viewer)[0] if rows else None


def _is_inbox(name: str) -> bool:
    return name.split(SEPARATOR, 1)[0] == INBOX


# -- writing


def ensure_default(account_id: int) -> None:
    """Make the account's store: its counter row, INBOX and the folders of the usual special uses. Idempotent."""
    ensure_default_many([account_id])


def ensure_default_many(account_ids: Iterable[int]) -> None:
    """The same for many accounts, in a few set-shaped statements and one transaction."""
    accounts = sorted(set(account_ids))
    statements.run("insert_accounts", {"accounts": accounts})
    with locked(*accounts) as ledgers:
        names: dict[int, set[str]] = {account_id: set() for account_id in accounts}
        uses: dict[int, set[str]] = {account_id: set() for account_id in accounts}
        live = Folder.objects.filter(account_id__in=accounts, deleted_at=None)
        for account_id, name, use in live.values_list("account_id", "name", "special_use"):
            names[account_id].add(name)
            uses[account_id].add(use)
        rows = [
            _new(ledgers[account_id], name, use)
            for account_id in accounts
            for name, use in DEFAULTS
            if name not in names[account_id] and use not in uses[account_id]
        ]
        Folder.objects.bulk_create(rows, batch_size=5_000)


def create(account_id: int, name: str, *, special_use: SpecialUse | None = None, actor: Actor) -> FolderState:
    """Make a folder, and the parents it lacks. RFC 9051 §6.3.4, CREATE-SPECIAL-USE RFC 6154 §3.

    Raises AlreadyExists (the name, or another folder of this special use), Malformed, LimitReached.
    """
    wanted = canonical(name)
    with locked(account_id) as ledgers:
        live = dict(Folder.objects.filter(account_id=account_id, deleted_at=None).values_list("name", "special_use"))
        if wanted in live:
            raise AlreadyExists("there is a folder of this name", subject=name)
        if special_use is not None and special_use in live.values():
            raise AlreadyExists("another folder has this special use", subject=str(special_use))
        levels = wanted.split(SEPARATOR)
        missing = [path for depth in range(1, len(levels)) if (path := SEPARATOR.join(levels[:depth])) not in live]
        if len(live) + len(missing) + 1 > FOLDERS_AN_ACCOUNT:
            raise LimitReached(f"an account may have {FOLDERS_AN_ACCOUNT} folders", subject="folders")
        rows = [_new(ledgers[account_id], path, None) for path in missing] + [_new(ledgers[account_id], wanted, special_use)]
        Folder.objects.bulk_create(rows)
        names_kept.drop(account_id, [row.name for row in rows])
        return state([getattr(rows[-1], column) for column in COLUMNS])


def rename(account_id: int, old: str, new: str, *, actor: Actor) -> None:
    """Rename a folder and those below it. Raises NotFound, AlreadyExists, Malformed.

    INBOX is not renamed: its messages move to a new folder of that name (RFC 9051 §6.3.6); its children stay.
    """
    source, target = canonical(old), canonical(new)
    if target == source:
        raise AlreadyExists("there is a folder of this name", subject=new)
    if target.startswith(source + SEPARATOR) and source != INBOX:
        raise Malformed("a folder cannot be moved below itself", subject="name")
    if source == INBOX:
        made = create(account_id, target, actor=actor)
        inbox = get(account_id, INBOX, account_id)
        move.move_all(inbox.id, made.id, actor=actor)
        return
    with locked(account_id) as ledgers:
        ledger = ledgers[account_id]
        found = Folder.objects.filter(account_id=account_id, deleted_at=None).values_list("name", "id", "subscribed")
        live = {name: pk for name, pk, _ in found}
        subscribed = {name for name, _, on in found if on}
        below = sorted(name for name in live if name.startswith(source + SEPARATOR))
        if source not in live and not below:
            raise NotFound("there is no such folder", subject=old)
        renamed = {name: target + name[len(source) :] for name in ([source] if source in live else []) + below}
        staying = live.keys() - renamed.keys()
        for name in renamed.values():
            canonical(name)  # the new paths may be too long
            if name in staying:
                raise AlreadyExists("there is a folder of this name", subject=name)
        levels = target.split(SEPARATOR)
        taken = staying | set(renamed.values())
        missing = [path for depth in range(1, len(levels)) if (path := SEPARATOR.join(levels[:depth])) not in taken]
        first = ledger.draw(len(renamed))
        rows = [(live[name], new_name, first + number) for number, (name, new_name) in enumerate(renamed.items())]
        # Where a tree moves up into its own parent's name, a row must leave its name before the next takes it.
        steps = [[row] for row in rows] if live.keys() & set(renamed.values()) else [rows]
        for step in steps:
            ids, names, modseqs = (list(column) for column in zip(*step, strict=True))
            statements.run("rename_folders", {"folders": ids, "names": names, "modseqs": modseqs})
        Folder.objects.bulk_create([_new(ledger, path, None) for path in missing])
        taken |= set(missing)
        names_kept.keep(account_id, [name for name in renamed if name in subscribed and name not in taken])
        again = names_kept.drop(account_id, taken - staying)
        Folder.objects.filter(account_id=account_id, name__in=again, deleted_at=None).update(subscribed=True)
        ledger.folders_changed()


def delete(account_id: int, name: str, *, actor: Actor) -> None:
    """Mark a folder deleted: it is gone for every reader at once, its entries drain behind. Its children stay.

    Raises NotFound; NotPermitted for INBOX (RFC 9051 §6.3.5).
    """
    wanted = canonical(name)
    if wanted == INBOX:
        raise NotPermitted("INBOX cannot be deleted", subject=name)
    with locked(account_id) as ledgers:
        ledger = ledgers[account_id]
        modseq = ledger.draw()
        if Folder.objects.filter(account_id=account_id, name=wanted, deleted_at=None, subscribed=True).exists():
            names_kept.keep(account_id, [wanted])
        marked = Folder.objects.filter(account_id=account_id, name=wanted, deleted_at=None).update(
            deleted_at=clock.now(), deleted_modseq=modseq, changed_modseq=modseq
        )
        if not marked:
            raise NotFound("there is no such folder", subject=name)
        ledger.folders_changed()


def subscriptions(account_id: int) -> tuple[str, ...]:
    """All subscribed names, of live folders and of such as are gone. RFC 3501 §6.3.9."""
    live = Folder.objects.filter(account_id=account_id, deleted_at=None, subscribed=True).values_list("name", flat=True)
    names = {*live, *names_kept.lost(account_id)}
    return tuple(sorted(names, key=lambda name: (not _is_inbox(name), name.split(SEPARATOR))))


def subscribe(account_id: int, name: str, on: bool) -> None:
    """Set the flag that LSUB and LIST (SUBSCRIBED) show. RFC 9051 §6.3.7 and §6.3.8.

    A name whose folder is gone can be taken off the list and put on it again. Raises NotFound for one that never was.
    """
    wanted = canonical(name)
    with locked(account_id) as ledgers:
        ledger = ledgers[account_id]
        rows = Folder.objects.filter(account_id=account_id, name=wanted)
        live = rows.filter(deleted_at=None).values_list("id", "subscribed").first()
        if live is not None:
            if live[1] != on:
                rows.filter(pk=live[0]).update(subscribed=on, changed_modseq=ledger.draw())
                ledger.folders_changed()
        elif on:
            if wanted not in names_kept.lost(account_id) and not rows.exists():
                raise NotFound("there is no such folder", subject=name)
            names_kept.keep(account_id, [wanted])
        elif not names_kept.drop(account_id, [wanted]) and not rows.exists():
            raise NotFound("there is no such folder", subject=name)


def claim_recent(folder_id: int) -> int:
    """For a read-write SELECT: uids from the answer on are \\Recent in this session and in no later one. RFC 3501 §2.3.2."""
    rows = statements.run("claim_recent", {"folder": folder_id})
    if not rows:
        raise NotFound("there is no such folder", subject=str(folder_id))
    return int(rows[0][0])


def _new(ledger: Ledger, name: str, use: SpecialUse | None) -> Folder:
    modseq = ledger.draw()
    ledger.folders_changed()
    return Folder(
        account_id=ledger.account_id,
        name=name,
        uidvalidity=ledger.draw_uidvalidity(clock.epoch_seconds()),
        highestmodseq=modseq,
        created_modseq=modseq,
        changed_modseq=modseq,
        special_use=use or "",
    )


def folder_ids(account_id: int) -> list[FolderId]:
    """The live folders of an account, by id."""
    return [FolderId(pk) for pk in Folder.objects.filter(account_id=account_id, deleted_at=None).values_list("id", flat=True)]
