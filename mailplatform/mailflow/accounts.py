"""Opening accounts whole: address and user (directory), credential (access), folders (store), in one transaction.

Both webs and the command line come through here, so there is no account without its folders. Many are opened in
batches, each a transaction of a few set-shaped statements and one change of the directory's epoch, with a pause
between: importing thousands never holds up arriving mail. Passwords are hashed before a transaction begins, because
that is slow on purpose.
"""

import time
from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils.translation import gettext

from mailplatform.access import credentials
from mailplatform.directory import accounts
from mailplatform.directory.accounts import BATCH, AccountInfo, NewAccount
from mailplatform.directory.values import AccountKind, AccountState, Actor, Role
from mailplatform.runtime.errors import Conflict
from mailplatform.store import folders

PAUSE_SECONDS = 0.010


def open_account(
    address: str,
    *,
    password: str | None = None,
    name: str = "",
    kind: str = AccountKind.PERSONAL,
    role: str = Role.EMPLOYEE,
    quota_bytes: int | None = None,
    quota_messages: int | None = None,
    max_message_size: int | None = None,
    language: str = "",
    actor: Actor,
) -> AccountInfo:
    """Open one account with its folders; without a password nobody can sign in yet.

    Sizes are bytes. Raises Malformed, NotFound (domain), AlreadyExists (address), Conflict (a password for nobody).
    """
    new = NewAccount(address, name, kind, role, quota_bytes, quota_messages, max_message_size, language)
    encoded = None
    if password is not None:
        if kind != AccountKind.PERSONAL:
            raise Conflict(gettext("password: only a personal mailbox has one"), subject="password")
        encoded = credentials.hashed(password, login=address)
    return _open_batch([new], [encoded], actor=actor)[0]


def open_accounts(
    rows: Sequence[NewAccount],
    *,
    encoded: Sequence[str | None] = (),
    progress: Callable[[int], None] = lambda done: None,
    actor: Actor,
) -> int:
    """Open many; the number opened. A batch is all or none, and the batches before it stay.

    encoded: an argon2id hash (or None) a row, made beforehand; empty for none. progress is told the number done after
    each batch. Raises as `open_account` does, naming the first offending address.
    """
    secrets = list(encoded) or [None] * len(rows)
    done = 0
    for start in range(0, len(rows), BATCH):
        if start:
            time.sleep(PAUSE_SECONDS)
        batch = rows[start : start + BATCH]
        done += len(_open_batch(batch, secrets[start : start + BATCH], actor=actor))
        progress(done)
    return done


def close_account(address: str, *, actor: Actor) -> AccountInfo:
    """Refuse mail and sign-in from now on; nothing is lost. Raises NotFound."""
    return accounts.close_account(address, actor=actor)


def reopen_account(address: str, *, actor: Actor) -> AccountInfo:
    """Undo `close_account`. Raises NotFound."""
    return accounts.set_account(address, state=AccountState.ACTIVE, actor=actor)


@transaction.atomic
def _open_batch(rows: Sequence[NewAccount], encoded: Sequence[str | None], *, actor: Actor) -> list[AccountInfo]:
    opened = accounts.add_accounts(rows, actor=actor)
    users = [info.user_id for info in opened]
    credentials.set_hashed_many([(user, secret) for user, secret in zip(users, encoded, strict=True) if user and secret])
    folders.ensure_default_many(info.id for info in opened)
    return opened
