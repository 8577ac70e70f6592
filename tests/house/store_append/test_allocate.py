"""Numbering without a database: threads, keywords, counters, refusals that leave no trace."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.runtime.errors import LimitReached, NotFound, OverQuota
from mailplatform.store.allocate import AccountRow, Allocation, FolderRow, Kept
from mailplatform.store.values import AccountId, Flag, Placement, PreparedBlob, PreparedMessage, SentCopy, SpecialUse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EMPTY = ("", "", "", "", "", "", "", "", "", "")


def message(*references: int, size: int = 100) -> PreparedMessage:
    blob = PreparedBlob(b"h" * 32, size, 0, b"x")
    return PreparedMessage(blob, b"", b"", "", references, None, *EMPTY[:9], "", False, "")


def placement(*references: int, account: int = 1, **fields) -> Placement:
    return Placement(AccountId(account), message(*references), **fields)


def allocation(known: dict | None = None, **fields) -> Allocation:
    ids = count(1000)
    accounts = {n: AccountRow(n, 10 * n, 0, 0, 1, **fields) for n in (1, 2)}
    folders = [
        FolderRow(n * 10 + k, n, use.title(), use, 77, 1, 1, 0, 0, 0, 0)
        for n in (1, 2)
        for k, use in enumerate(("inbox", "junk"))
    ]
    return Allocation(accounts, folders, dict(known or {}), lambda: next(ids), NOW)


def threads_of(made: Allocation) -> list[int]:
    return [row[4] for row in made.rows.messages]


def test_numbers_follow_each_other() -> None:
    made = allocation()
    first = made.place([placement(1), placement(2, account=2)])
    second = made.place([placement(3)])
    assert [(a.account_id, a.folder_id, a.uid, a.modseq, a.message_id) for a in (*first, *second)] == [
        (1, 10, 1, 11, 1000),
        (2, 20, 1, 21, 1001),
        (1, 10, 2, 12, 1002),
    ]
    inbox = made.folders[10]
    assert (inbox.uidnext, inbox.messages, inbox.unseen, inbox.size, inbox.highestmodseq) == (3, 2, 2, 200, 12)


def test_flags_count() -> None:
    made = allocation()
    made.place(
        [placement(flags=int(Flag.SEEN)), placement(flags=int(Flag.DELETED)), placement(flags=int(Flag.SEEN | Flag.DELETED))]
    )
    inbox = made.folders[10]
    assert (inbox.messages, inbox.unseen, inbox.deleted) == (3, 1, 2)


def test_a_reply_joins_its_thread_and_a_stranger_begins_one() -> None:
    made = allocation()
    made.place([placement(1)])
    made.place([placement(2, 1)])
    made.place([placement(3)])
    made.place([placement(4, 2)])
    assert threads_of(made) == [1000, 1000, 1002, 1000]
    assert sorted(made.rows.refs) == [(1, 1, 1000), (1, 2, 1000), (1, 3, 1002), (1, 4, 1000)]


def test_a_reply_that_comes_first_is_found_by_its_original() -> None:
    made = allocation()
    made.place([placement(2, 1)])
    made.place([placement(1)])
    assert threads_of(made) == [1000, 1000]


def test_the_oldest_of_several_threads_is_joined_and_the_others_point_to_it() -> None:
    made = allocation({(1, 5): (500, 40), (1, 6): (400, 30), (1, 7): (600, 50)})
    made.place([placement(9, 5, 6, 7)])
    assert threads_of(made) == [400]
    assert made.rows.changed_threads == {400: [11, 0], 500: [11, 400], 600: [11, 400]}
    assert made.rows.refs == [(1, 9, 400)]


def test_accounts_have_threads_of_their_own() -> None:
    made = allocation({(2, 5): (500, 40)})
    made.place([placement(9, 5)])
    assert threads_of(made) == [1000]


def test_messages_without_any_id_stand_alone() -> None:
    made = allocation()
    made.place([placement()])
    made.place([placement()])
    assert threads_of(made) == [1000, 1001]


def test_keywords_get_numbers_and_keep_their_first_spelling() -> None:
    made = allocation()
    made.accounts[1].keywords = {"$forwarded": 3}
    made.accounts[1].next_keyword = 4
    made.place([placement(keywords=("$Forwarded", "Work", "WORK"))])
    made.place([placement(keywords=("work", "Übung"))])
    assert [row[6] for row in made.rows.entries] == ["3,4", "4,5"]
    assert made.rows.keywords == [(1, 4, "Work", "work"), (1, 5, "Übung", "Übung")]


def test_too_many_keywords_are_refused() -> None:
    made = allocation()
    made.accounts[1].keywords = {f"k{n}": n for n in range(1, 1000)}
    made.accounts[1].next_keyword = 1000
    made.place([placement(keywords=("k1", "k2"))])
    with pytest.raises(LimitReached):
        made.place([placement(keywords=("new",))])


def test_a_missing_folder() -> None:
    made = allocation()
    (fallen,) = made.place([placement(folder_id=99)])
    assert fallen.folder_id == 10 and made.fell_back(placement(folder_id=99), fallen)
    with pytest.raises(NotFound):
        made.place([placement(folder_id=99, strict=True)])
    with pytest.raises(NotFound):
        made.place([placement(folder_id=20, strict=True)])  # another account's
    (junk,) = made.place([placement(special_use=SpecialUse.JUNK)])
    assert junk.folder_id == 11
    (inbox,) = made.place([placement(special_use=SpecialUse.ARCHIVE)])  # an account need not have one
    assert inbox.folder_id == 10


def test_a_refused_unit_leaves_no_trace() -> None:
    made = allocation(quota_bytes=150)
    checked = placement(1, check_quota=True)
    with pytest.raises(OverQuota):
        made.place([checked, checked])
    assert (made.accounts[1].modseq, made.folders[10].uidnext, made.rows.messages, made.rows.refs) == (10, 1, [], [])
    made.place([checked])
    with pytest.raises(OverQuota):
        made.place([checked])
    made.place([replace(checked, check_quota=False)])
    assert made.accounts[1].bytes == 200


def test_quota_of_messages() -> None:
    made = allocation(quota_messages=1)
    made.place([placement(check_quota=True)])
    with pytest.raises(OverQuota):
        made.place([placement(check_quota=True)])


def test_uids_end_at_32_bits() -> None:
    made = allocation()
    made.folders[10].uidnext = 2**32 - 1
    with pytest.raises(LimitReached):
        made.place([placement()])


def test_closed_and_unlocked_accounts() -> None:
    made = allocation(closed=True)
    with pytest.raises(NotFound):
        made.place([placement()])
    assert made.locked([placement(), placement(account=2)])
    assert not made.locked([placement(account=3)])


@given(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=4), min_size=1, max_size=12))
def test_threads_never_change_once_given(arrivals) -> None:
    """Whatever comes in whatever order: one thread a message, refs name one thread, it is as old as any that they named."""
    made, expected = allocation(), {}
    for refs in arrivals:
        before = {ref: expected[ref] for ref in refs if ref in expected}
        made.place([placement(*dict.fromkeys(refs))])
        thread = threads_of(made)[-1]
        assert thread == min(before.values(), default=made.rows.messages[-1][0])
        for ref in refs:
            expected.setdefault(ref, thread)
    assert {ref: thread for _, ref, thread in made.rows.refs} == expected


# -- Sent, once


def in_sent(name: str, whose: SentCopy, **fields) -> Placement:
    return Placement(AccountId(1), replace(message(), message_id=name), special_use=SpecialUse.SENT, sent=whose, **fields)


def with_sent() -> Allocation:
    ids = count(1000)
    folders = [FolderRow(10, 1, "INBOX", "inbox", 77, 1, 1, 0, 0, 0, 0), FolderRow(11, 1, "Sent", "sent", 77, 1, 1, 0, 0, 0, 0)]
    return Allocation({1: AccountRow(1, 10, 0, 0, 1)}, folders, {}, lambda: next(ids), NOW)


def test_a_clients_copy_replaces_ours_and_keeps_the_counts_right() -> None:
    made = with_sent()
    made.place([in_sent("<1>", SentCopy.AUTO)])
    (own,) = made.place([in_sent("<1>", SentCopy.CLIENT, flags=int(Flag.SEEN))])
    sent, account = made.folders[11], made.accounts[1]
    assert made.rows.replaced == [(11, 1, 13)] and made.replaces == {(11, own.uid): 1}
    assert (sent.messages, sent.unseen, sent.size, sent.uidnext, sent.highestmodseq) == (1, 0, 100, 3, 13)
    assert (account.messages, account.bytes, account.modseq) == (1, 100, 13)
    assert made.is_kept(in_sent("<1>", SentCopy.AUTO)) and not made.is_kept(in_sent("<1>", SentCopy.CLIENT))
    assert not made.is_kept(in_sent("<2>", SentCopy.AUTO))


def test_a_copy_in_another_folder_is_left_alone() -> None:
    made = with_sent()
    made.sent[1, "<1>"] = [Kept(99, 5, 0, 100, True)]
    made.place([in_sent("<1>", SentCopy.CLIENT)])
    made.place([in_sent("", SentCopy.CLIENT)])
    assert made.rows.replaced == [] and made.folders[11].messages == 2
