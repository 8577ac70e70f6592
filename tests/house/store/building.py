"""Builders for the store's tests: an account with its folders, messages in them, and the sums that must be right."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection

from mailplatform.mailflow import append, arrivals
from mailplatform.store import folders
from mailplatform.store.values import Actor, FolderState
from tests.support.directory import an_account
from tests.support.messages import a_message

ANNA = Actor(7, "anna@a.test", "imap test")
WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def a_store(address: str = "anna@a.test", **columns: object) -> int:
    """A new account with its default folders; its id."""
    account_id = an_account(address, **columns).id
    folders.ensure_default(account_id)
    return account_id


def inbox(account_id: int) -> FolderState:
    return folders.get(account_id, "INBOX", account_id)


def put(
    folder: FolderState,
    *contents: bytes,
    flags: int = 0,
    keywords: Sequence[str] = (),
    internal_date: datetime | None = WHEN,
) -> list[int]:
    """Append these messages, each a unit; their uids."""
    units = [
        append.appended(folder, content, flags=flags, keywords=keywords, internal_date=internal_date, actor=ANNA)
        for content in contents
    ]
    return [arrivals.put(unit).result(10).appended[0].uid for unit in units]


def fill(folder: FolderState, number: int, **columns: object) -> list[int]:
    """So many small messages."""
    return put(folder, *(a_message(subject=f"Message {index}") for index in range(1, number + 1)), **columns)


def rows(statement: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def assert_counters(account_id: int) -> None:
    """Counters of folders and of the account are what their rows say."""
    for folder_id, messages, unseen, deleted, size, highest in rows(
        "SELECT id, messages, unseen, deleted, size, highestmodseq FROM store_folder WHERE account_id = %s", account_id
    ):
        ((real_messages, real_unseen, real_deleted, real_size, last),) = rows(
            "SELECT count(*), count(*) FILTER (WHERE flags & 1 = 0), count(*) FILTER (WHERE flags & 8 = 8),"
            " coalesce(sum(size), 0), coalesce(max(modseq), 0) FROM store_entry WHERE folder_id = %s",
            folder_id,
        )
        assert (messages, unseen, deleted, size) == (real_messages, real_unseen, real_deleted, real_size)
        assert highest >= last
    ((held, count, expunged),) = rows(
        "SELECT bytes, messages, expunged_bytes FROM store_accountstate WHERE account_id = %s", account_id
    )
    assert (held, count) == rows("SELECT coalesce(sum(size), 0), count(*) FROM store_entry WHERE account_id = %s", account_id)[0]
    assert (
        expunged
        == rows(
            "SELECT coalesce(sum(size), 0) FROM store_expunged"
            " WHERE account_id = %s AND message_id IS NOT NULL AND reason <> 'moved' AND restored_at IS NULL",
            account_id,
        )[0][0]
    )
