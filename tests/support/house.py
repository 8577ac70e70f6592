"""A house with accounts for tests of arriving mail: units, recipients, and what stands in the store afterwards."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import psycopg
from django.db import connection

from mailplatform.directory import domains
from mailplatform.directory.accounts import NewAccount
from mailplatform.directory.resolve import resolve_many
from mailplatform.directory.values import Actor
from mailplatform.mailflow import accounts, receive
from mailplatform.mailflow.transaction import Disposition, LocalTarget, Recipient, Session, Transaction
from mailplatform.mailflow.units import Unit
from tests.support.messages import a_message

SESSION = Session("s1", "smtp", "192.0.2.7", 40000, "mx.a.test", "peer.example", True)
TESTER = Actor(7, "tester")
_numbers = count(1)


def a_house(number: int = 3, domain: str = "a.test", **limits: Any) -> list[str]:
    """Accounts u1…un of a domain, with their stores; their addresses."""
    domains.add_domain(domain, actor=TESTER, **limits)
    addresses = [f"u{n}@{domain}" for n in range(1, number + 1)]
    accounts.open_accounts([NewAccount(address) for address in addresses], actor=TESTER)
    return addresses


def recipients(addresses: Sequence[str]) -> list[Recipient]:
    """Recipients as RCPT would answer, without quotas."""
    answers = resolve_many(addresses)
    return [
        Recipient(
            address,
            Disposition.LOCAL,
            tuple(LocalTarget(t.account_id, t.address, t.detail) for t in answers[address].targets),
            answers[address].epoch,
        )
        for address in addresses
    ]


def a_transaction(to: Sequence[Recipient] | Sequence[str], *, reverse_path: str = "anna@outside.example") -> Transaction:
    """One MAIL … DATA with these recipients."""
    found = recipients(to) if to and isinstance(to[0], str) else list(to)  # type: ignore[arg-type]
    trace_id = f"{next(_numbers):020}"
    return Transaction(trace_id, SESSION, datetime(2026, 3, 1, tzinfo=UTC), reverse_path, recipients=found)  # type: ignore[arg-type]


def a_unit(to: Sequence[Recipient] | Sequence[str], content: bytes | None = None, **fields: Any) -> Unit:
    """A prepared unit of mail."""
    return receive.prepare(a_transaction(to, **fields), content if content is not None else a_message())


def rows(statement: str, *params: Any) -> list[tuple]:
    """What the database says."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def account_id(address: str) -> int:
    return recipients([address])[0].targets[0].account_id


def another(dsn: str, **options: Any) -> psycopg.Connection:
    """A connection of somebody else, to hold locks with."""
    return psycopg.connect(dsn, **options)


def assert_sound() -> None:
    """The store's own invariants, over all accounts: uids, modseqs, counters, usage, keys."""
    assert rows("SELECT folder_id, uid FROM store_entry GROUP BY 1, 2 HAVING count(*) > 1") == []
    assert (
        rows(
            """SELECT f.id FROM store_folder f LEFT JOIN store_entry e ON e.folder_id = f.id GROUP BY f.id
               HAVING f.messages <> count(e.uid) OR f.size <> coalesce(sum(e.size), 0)
                   OR f.unseen <> count(e.uid) FILTER (WHERE e.flags & 1 = 0)
                   OR f.deleted <> count(e.uid) FILTER (WHERE e.flags & 8 <> 0)
                   OR f.uidnext <= coalesce(max(e.uid), 0) OR f.highestmodseq < coalesce(max(e.modseq), 0)"""
        )
        == []
    )
    assert (
        rows(
            """SELECT s.account_id FROM store_accountstate s LEFT JOIN store_entry e ON e.account_id = s.account_id
               GROUP BY s.account_id
               HAVING s.messages <> count(e.uid) OR s.bytes <> coalesce(sum(e.size), 0) OR s.modseq < coalesce(max(e.modseq), 0)
                   OR count(DISTINCT e.modseq) <> count(e.uid)"""
        )
        == []
    )
    assert (
        rows(
            """SELECT e.message_id FROM store_entry e
               LEFT JOIN store_message m ON m.id = e.message_id AND m.account_id = e.account_id
               LEFT JOIN store_blob b ON b.id = m.blob_id LEFT JOIN store_thread t ON t.id = e.thread_id AND t.id = m.thread_id
               WHERE b.id IS NULL OR t.id IS NULL OR e.size <> m.size OR m.size <> b.size + length(m.prefix)"""
        )
        == []
    )
