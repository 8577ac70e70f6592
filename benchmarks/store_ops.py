"""What the store's own operations cost in a large folder: ``python -m benchmarks.store_ops --dsn "host=… user=…"``.

A folder of 100,000 small messages is written by set-shaped SQL, 10,000 of them with real text, and then loaded, changed,
copied, expunged and searched through the same functions that IMAP calls. Each figure is the best of its runs, in ms.
"""
# ruff: noqa: PLC0415 - Django is set up on the fresh database before anything of the house is imported

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, TypeVar

from benchmarks.arrivals import fresh_database

T = TypeVar("T")
WORDS = ("minutes", "meeting", "offer", "price", "invoice", "order", "project", "customer", "report", "delivery", "answer")


def measured(name: str, act: Callable[[], T], runs: int = 1) -> T:
    """Run and print the best time."""
    best, result = float("inf"), None
    for _ in range(runs):
        start = time.perf_counter()
        result = act()
        best = min(best, time.perf_counter() - start)
    print(f"{name:<52} {best * 1000:9.1f} ms", flush=True)
    return result  # type: ignore[return-value]


def a_body(number: int) -> bytes:
    words = " ".join(WORDS[(number * 7 + n * n) % len(WORDS)] for n in range(500))
    return (
        f"From: Anna Rossi <anna{number}@outside.example>\r\nTo: u1@a.test\r\nSubject: Message {number}\r\n"
        f"Date: Sun, 1 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{number}@outside.example>\r\n\r\n{words}\r\nnumber {number}\r\n"
    ).encode()


def fill(account_id: int, folder_id: int, entries: int, texts: int) -> None:
    """Messages and entries as arrivals leave them, the first `texts` of them with bodies and search text of their own."""
    from django.db import connection

    from mailplatform.store import append, blobs, compress
    from mailplatform.store.search import text

    contents = [a_body(number) for number in range(texts)] or [b"x"]
    bodies = [(blobs.digest(content), len(content), *compress.pack(content)) for content in contents]
    words = [text.packed(text.words(content)) for content in contents]
    shown = append.prepare_message(a_body(0))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO store_blob (hash, size, codec, data, pack_offset, pack_length, touched)"
            " VALUES (%s, %s, %s, %s, 0, 0, now())",
            bodies,
        )
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM store_blob")
        (ids,) = cursor.fetchone()
        cursor.execute(
            """
            INSERT INTO store_message (id, account_id, blob_id, prefix, size, thread_id, created_modseq, envelope, bodystructure,
                message_id, subject, subject_key, from_text, to_text, cc_text, bcc_text, from_key, to_key, cc_key, author,
                preview, has_attachment)
            SELECT g, %(account)s, (%(blobs)s::bigint[])[1 + (g - 1) %% %(texts)s], '', 4000, g, 10 + g,
                %(envelope)s, %(structure)s,
                '<' || g || '@outside.example>', 'Message ' || g, 'MESSAGE ' || g, 'Anna Rossi <anna' || g || '@outside.example>',
                'u1@a.test', '', '', 'ANNA', 'U1', '', 'anna@outside.example', %(preview)s, false
            FROM generate_series(1, %(entries)s) AS g
            """,
            {
                "account": account_id,
                "blobs": ids,
                "texts": len(ids),
                "envelope": shown.envelope,
                "structure": shown.bodystructure,
                "preview": shown.preview,
                "entries": entries,
            },
        )
        cursor.executemany(
            "INSERT INTO store_searchtext (message_id, account_id, codec, text) VALUES (%s, %s, %s, %s)",
            [(number + 1, account_id, codec, data) for number, (codec, data) in enumerate(words)],
        )
        cursor.execute(
            """
            INSERT INTO store_entry (folder_id, uid, account_id, message_id, thread_id, flags, keywords, modseq, created_modseq,
                internal_date, size)
            SELECT %s, g, %s, g, g, g %% 2, CASE WHEN g %% 50 = 0 THEN '{1}'::integer[] ELSE '{}' END, 10 + g, 10 + g,
                now() - g * interval '1 minute', 4000
            FROM generate_series(1, %s) AS g
            """,
            [folder_id, account_id, entries],
        )
        cursor.execute(
            "UPDATE store_folder SET uidnext = %(n)s + 1, messages = %(n)s, unseen = %(n)s - %(n)s / 2, size = 4000 * %(n)s,"
            " highestmodseq = 10 + %(n)s WHERE id = %(folder)s",
            {"n": entries, "folder": folder_id},
        )
        cursor.execute(
            "UPDATE store_accountstate SET modseq = 10 + %(n)s, messages = %(n)s, bytes = 4000 * %(n)s"
            " WHERE account_id = %(account)s",
            {"n": entries, "account": account_id},
        )
        cursor.execute("SELECT setval('store_message_id_seq', %s)", [entries + 512])
        cursor.execute("VACUUM ANALYZE store_entry, store_message, store_searchtext")


def operations(account_id: int, entries: int, texts: int) -> None:
    """The table."""
    from mailplatform.store import changes, expunge, fetch, flags, folders, move
    from mailplatform.store.search import query as q
    from mailplatform.store.search.find import search
    from mailplatform.store.values import Actor, FlagChange

    actor = Actor(1, "bench", "bench")
    inbox = folders.get(account_id, "INBOX", account_id)
    archive = folders.get(account_id, "Archive", account_id)
    by: dict[str, Any] = {"viewer": account_id, "actor": actor}
    last = entries + 1

    def found(query: q.Query) -> list[int]:
        return search(inbox.id, query, account_id)

    measured(f"load {entries}", lambda: fetch.load(inbox.id, account_id), 7)
    measured("changes since the last modseq (nothing)", lambda: changes.since(inbox.id, 10 + entries, account_id), 20)
    measured(f"STORE +FLAGS of {entries}", lambda: flags.store(inbox.id, range(1, last), FlagChange("add", 4), **by))
    measured(
        f"STORE +FLAGS of {entries}, there already", lambda: flags.store(inbox.id, range(1, last), FlagChange("add", 4), **by)
    )
    known = changes.highest(inbox.id)
    spread = range(1, last, entries // 100)
    measured("STORE of 100 spread over the folder", lambda: flags.store(inbox.id, spread, FlagChange("remove", 4), **by))
    measured("changes: 100 flag changes", lambda: changes.since(inbox.id, known, account_id), 20)
    measured("STORE of 1", lambda: flags.store(inbox.id, [5], FlagChange("add", 2), **by))
    measured("COPY of 10000", lambda: move.copy(inbox.id, range(1, 10_001), archive.id, **by))
    measured("MOVE of 5000", lambda: move.move(archive.id, range(1, 5_001), inbox.id, **by))
    measured("EXPUNGE of 5000", lambda: expunge.expunge(inbox.id, range(20_001, 25_001), only_deleted=False, actor=actor))
    measured("changes: 100 flags, 5000 expunged, 5000 new", lambda: changes.since(inbox.id, known, account_id), 5)
    measured("message data of 1000", lambda: fetch.message_data(inbox.id, range(1, 1001), "summary"), 5)
    measured(f"SEARCH UNSEEN in {entries}", lambda: found(q.Flagged(1, False)), 3)
    measured(f"SEARCH FROM in {entries}", lambda: found(q.Text(q.Where.FROM, "anna777@")), 3)
    measured(f"SEARCH SUBJECT in {entries}", lambda: found(q.Text(q.Where.SUBJECT, "message 777")), 3)
    some = q.Uids(((1, texts),))
    measured(f"SEARCH BODY in {texts}", lambda: found(q.And((some, q.Text(q.Where.BODY, "number 4242")))), 3)
    measured(f"SEARCH TEXT in {texts}", lambda: found(q.And((some, q.Text(q.Where.TEXT, "nowhere to be found")))), 3)
    measured(f"SEARCH HEADER in {texts}", lambda: found(q.And((some, q.Header("Message-ID", "<4242@")))), 3)
    tail = q.Uids(((texts + 1, texts + 500),))
    measured("SEARCH BODY in 500 without written text", lambda: found(q.And((tail, q.Text(q.Where.BODY, "number 4242")))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--texts", type=int, default=10_000)
    options = parser.parse_args()
    fresh_database(options.dsn)
    from mailplatform.directory import accounts, domains
    from mailplatform.directory.values import CLI
    from mailplatform.store import folders

    domains.add_domain("a.test", actor=CLI)
    account_id = accounts.add_account(accounts.NewAccount("u1@a.test"), actor=CLI).id
    folders.ensure_default(account_id)
    fill(account_id, folders.get(account_id, "INBOX", account_id).id, options.entries, options.texts)
    operations(account_id, options.entries, options.texts)


if __name__ == "__main__":
    main()
