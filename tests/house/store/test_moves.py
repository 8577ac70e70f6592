"""COPY, MOVE, EXPUNGE, and what the change feed says of them. RFC 9051 §6.4.7, RFC 6851, RFC 4315, RFC 7162 §3.2."""

from dataclasses import replace

import pytest

from mailplatform.directory import accounts as directory
from mailplatform.runtime.errors import LimitReached, NotFound, NotPermitted, OverQuota
from mailplatform.store import changes, expunge, fetch, flags, folders, move, usage
from mailplatform.store.models import Folder
from mailplatform.store.values import Flag, FlagChange, Reason
from tests.house.store.building import ANNA, WHEN, a_store, assert_counters, fill, inbox, put, rows
from tests.support.directory import TESTER
from tests.support.messages import a_message


@pytest.fixture
def account(rollback) -> int:
    return a_store()


def archive(account: int):
    return folders.get(account, "Archive", account)


def test_a_copy_is_a_further_entry_of_the_same_message(account: int) -> None:
    put(inbox(account), a_message(), a_message(), flags=Flag.SEEN, keywords=["$Label1"])
    done = move.copy(inbox(account).id, [2, 1, 7], archive(account).id, viewer=account, actor=ANNA)
    assert (done.source, done.target) == ((1, 2), (1, 2))
    assert done.uidvalidity == archive(account).uidvalidity
    _, old = fetch.load(inbox(account).id, account)
    _, new = fetch.load(archive(account).id, account)
    assert (list(old.message_ids), old.flags, old.keywords) == (list(new.message_ids), new.flags, new.keywords)
    assert list(new.internal_dates) == [int(WHEN.timestamp())] * 2
    assert usage.usage(account).messages == 4
    assert_counters(account)


def test_a_folder_may_hold_two_of_one_message(account: int) -> None:
    fill(inbox(account), 1)
    done = move.copy(inbox(account).id, [1], inbox(account).id, viewer=account, actor=ANNA)
    assert done.target == (2,)
    assert inbox(account).messages == 2
    assert_counters(account)


def test_copy_is_all_or_nothing(account: int, settings) -> None:
    fill(inbox(account), 3)
    held = usage.usage(account).bytes
    directory.set_account("anna@a.test", quota_bytes=held * 2 - 1, actor=TESTER)
    with pytest.raises(OverQuota):
        move.copy(inbox(account).id, [1, 2, 3], archive(account).id, viewer=account, actor=ANNA)
    assert archive(account).messages == 0
    settings.SITE = replace(settings.SITE, store=replace(settings.SITE.store, copy_rows=2))
    with pytest.raises(LimitReached):
        move.copy(inbox(account).id, [1, 2, 3], archive(account).id, viewer=account, actor=ANNA)
    assert_counters(account)


def test_between_accounts_is_refused_in_words(account: int) -> None:
    other = a_store("bert@a.test")
    fill(inbox(account), 1)
    with pytest.raises(NotPermitted):
        move.copy(inbox(account).id, [1], inbox(other).id, viewer=account, actor=ANNA)
    with pytest.raises(NotFound):
        move.copy(inbox(account).id, [1], 0, viewer=account, actor=ANNA)


def test_a_move_leaves_nothing_and_counts_once(account: int, settings) -> None:
    settings.SITE = replace(settings.SITE, store=replace(settings.SITE.store, bulk_rows=2, bulk_pause_seconds=0.0))
    fill(inbox(account), 5)
    before, known = usage.usage(account), inbox(account).highestmodseq
    done = move.move(inbox(account).id, [1, 2, 4, 5], archive(account).id, viewer=account, actor=ANNA)
    assert (done.source, done.target) == ((1, 2, 4, 5), (1, 2, 3, 4))
    assert done.highestmodseq == inbox(account).highestmodseq > known
    assert usage.usage(account) == before
    news = changes.since(inbox(account).id, known, account)
    assert (news.changed, news.vanished, news.complete) == ((), (1, 2, 4, 5), True)
    assert rows("SELECT DISTINCT reason FROM store_expunged") == [("moved",)]
    assert_counters(account)


def test_expunge_takes_the_deleted_only(account: int) -> None:
    fill(inbox(account), 5)
    flags.store(inbox(account).id, [1, 3, 5], FlagChange("add", Flag.DELETED), viewer=account, actor=ANNA)
    known = inbox(account).highestmodseq
    done = expunge.expunge(inbox(account).id, [1, 2, 3], actor=ANNA)
    assert done.uids == (1, 3)
    done = expunge.expunge(inbox(account).id, None, actor=ANNA)
    assert done.uids == (5,)
    assert done.highestmodseq == inbox(account).highestmodseq == known + 3
    assert changes.since(inbox(account).id, known, account).vanished == (1, 3, 5)
    assert rows("SELECT reason, user_id, user_name, client FROM store_expunged LIMIT 1") == [
        ("expunged", 7, "anna@a.test", "imap test")
    ]
    assert usage.usage(account).expunged_bytes > 0
    assert_counters(account)


def test_an_expunged_message_can_still_be_read(account: int) -> None:
    content = a_message()
    put(inbox(account), content)
    expunge.expunge(inbox(account).id, [1], only_deleted=False, actor=ANNA)
    data = fetch.message_data(inbox(account).id, [1], "content")
    assert fetch.raw(data[1]) == content
    assert b"".join(fetch.pieces(data[1])) == content


def test_a_uid_never_returns(account: int) -> None:
    fill(inbox(account), 3)
    expunge.expunge(inbox(account).id, [3], only_deleted=False, actor=ANNA)
    assert fill(inbox(account), 1) == [4]


def test_expunging_nothing_changes_nothing(account: int) -> None:
    fill(inbox(account), 2)
    known = inbox(account).highestmodseq
    assert expunge.expunge(inbox(account).id, None, actor=ANNA).uids == ()
    assert expunge.expunge(inbox(account).id, [1, 2, 9], actor=ANNA).highestmodseq == known
    assert inbox(account).highestmodseq == known


def test_below_the_floor_every_absent_uid_is_told(account: int) -> None:
    fill(inbox(account), 6)
    known = inbox(account).highestmodseq
    expunge.expunge(inbox(account).id, [1, 4, 6], only_deleted=False, actor=ANNA)
    Folder.objects.filter(pk=inbox(account).id).update(expunged_floor=known + 1)
    news = changes.since(inbox(account).id, known, account)
    assert (news.vanished, news.complete) == ((1, 4, 6), False)
    assert changes.since(inbox(account).id, known + 1, account).complete


def test_the_trace_tells_few_messages_apart_and_many_as_one(account: int) -> None:
    fill(inbox(account), 20)
    expunge.expunge(inbox(account).id, [1, 2], only_deleted=False, actor=ANNA)
    told = rows("SELECT params->>'uid', params->>'reason', params->>'by' FROM trace_event WHERE code = 'expunged' ORDER BY 1")
    assert told == [("1", "expunged", "anna@a.test"), ("2", "expunged", "anna@a.test")]
    expunge.expunge(inbox(account).id, range(3, 21), only_deleted=False, actor=ANNA, reason=Reason.RETENTION)
    assert rows("SELECT params->>'count' FROM trace_event WHERE code = 'expunged' AND params->>'reason' = 'retention'") == [
        ("18",)
    ]


def test_the_other_viewers_counts_survive_an_expunge(account: int) -> None:
    other = a_store("bert@a.test")
    folder = inbox(account)
    fill(folder, 3)
    flags.store(folder.id, [1, 2], FlagChange("add", Flag.SEEN), viewer=other, actor=ANNA)
    assert folders.by_id(folder.id, other).unseen == 1
    expunge.expunge(folder.id, [1], only_deleted=False, actor=ANNA)
    assert (folders.by_id(folder.id, other).unseen, folders.by_id(folder.id, account).unseen) == (1, 2)
