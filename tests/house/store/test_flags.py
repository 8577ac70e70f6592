"""STORE and UNCHANGEDSINCE. RFC 9051 §6.4.6, RFC 7162 §3.1.3."""

from dataclasses import replace

import pytest

from mailplatform.runtime.errors import LimitReached, NotFound
from mailplatform.store import changes, fetch, flags, folders, keywords
from mailplatform.store.models import Folder
from mailplatform.store.values import EntryRow, Flag, FlagChange, Stored
from tests.house.store.building import ANNA, a_store, assert_counters, fill, inbox


@pytest.fixture
def account(rollback) -> int:
    return a_store()


def store(account: int, uids: object, change: FlagChange, **more: object) -> Stored:
    return flags.store(inbox(account).id, uids, change, viewer=account, actor=ANNA, **more)


def row(account: int, uid: int) -> EntryRow:
    (found,) = [one for one in changes.since(inbox(account).id, 0, account).changed if one.uid == uid]
    return found


def test_each_changed_entry_takes_a_modseq_of_its_own(account: int) -> None:
    fill(inbox(account), 4)
    before = inbox(account).highestmodseq
    done = store(account, [3, 1, 2, 99], FlagChange("add", Flag.SEEN | Flag.FLAGGED))
    assert [one.uid for one in done.changed] == [1, 2, 3]
    assert [one.modseq for one in done.changed] == [before + 1, before + 2, before + 3]
    assert done.highestmodseq == inbox(account).highestmodseq == before + 3
    assert inbox(account).unseen == 1
    assert_counters(account)


def test_what_is_so_already_is_not_rewritten(account: int) -> None:
    fill(inbox(account), 3)
    store(account, [1], FlagChange("add", Flag.SEEN, ("$Forwarded",)))
    before = inbox(account).highestmodseq
    done = store(account, [1], FlagChange("add", Flag.SEEN, ("$forwarded",)))
    assert done == Stored((), (), before)
    done = store(account, [1, 2], FlagChange("add", Flag.SEEN))
    assert [one.uid for one in done.changed] == [2]
    assert inbox(account).highestmodseq == before + 1


def test_set_replaces_and_remove_takes_away(account: int) -> None:
    fill(inbox(account), 1)
    store(account, [1], FlagChange("set", Flag.DRAFT | Flag.DELETED, ("one", "Two")))
    names = keywords.names(account)
    assert [names[number] for number in row(account, 1).keywords] == ["one", "Two"]
    assert inbox(account).deleted == 1
    store(account, [1], FlagChange("remove", Flag.DELETED, ("ONE", "never")))
    assert [names[number] for number in row(account, 1).keywords] == ["Two"]
    assert row(account, 1).flags == Flag.DRAFT
    store(account, [1], FlagChange("set"))
    assert (row(account, 1).flags, row(account, 1).keywords) == (0, ())
    assert len(keywords.names(account)) == 2
    assert_counters(account)


def test_keywords_come_back_with_the_packed_folder(account: int) -> None:
    fill(inbox(account), 3)
    store(account, [2], FlagChange("add", 0, ("a", "b")))
    _, packed = fetch.load(inbox(account).id, account)
    assert dict(packed.keywords) == {2: (1, 2)}


def test_unchangedsince_spares_what_is_newer(account: int) -> None:
    fill(inbox(account), 4)
    seen = inbox(account).highestmodseq
    store(account, [2], FlagChange("add", Flag.ANSWERED))
    done = store(account, [1, 2, 3], FlagChange("add", Flag.SEEN), unchangedsince=seen)
    assert [one.uid for one in done.changed] == [1, 3]
    assert done.modified == (2,)
    assert row(account, 2).flags == Flag.ANSWERED
    done = store(account, [1, 2], FlagChange("add", Flag.SEEN), unchangedsince=0)
    assert (done.changed, done.modified) == ((), (1, 2))


def test_a_bulk_change_goes_in_short_transactions(account: int, settings) -> None:
    settings.SITE = replace(settings.SITE, store=replace(settings.SITE.store, bulk_rows=7, bulk_pause_seconds=0.0))
    fill(inbox(account), 20)
    done = store(account, range(1, 21), FlagChange("add", Flag.FLAGGED))
    assert [one.uid for one in done.changed] == list(range(1, 21))
    assert len({one.modseq for one in done.changed}) == 20
    assert_counters(account)


def test_a_folder_that_is_gone(account: int) -> None:
    gone = folders.create(account, "Gone", actor=ANNA)
    folders.delete(account, "Gone", actor=ANNA)
    with pytest.raises(NotFound):
        flags.store(gone.id, [1], FlagChange("add", 1), viewer=account, actor=ANNA)


def test_keywords_have_an_end(account: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "KEYWORDS_AN_ACCOUNT", 2)
    fill(inbox(account), 1)
    store(account, [1], FlagChange("add", 0, ("a", "b")))
    with pytest.raises(LimitReached):
        store(account, [1], FlagChange("add", 0, ("a", "c")))
    assert len(row(account, 1).keywords) == 2


def test_another_viewer_has_a_seen_of_their_own(account: int) -> None:
    other = a_store("bert@a.test")
    folder = inbox(account)
    fill(folder, 3)

    def seen_by(viewer: int) -> list[int]:
        state, packed = fetch.load(folder.id, viewer)
        assert state.unseen == sum(1 for one in packed.flags if not one & Flag.SEEN)
        return [uid for uid, one in zip(packed.uids, packed.flags, strict=True) if one & Flag.SEEN]

    known = folders.by_id(folder.id, other).highestmodseq
    done = flags.store(folder.id, [1, 2], FlagChange("add", Flag.SEEN | Flag.FLAGGED), viewer=other, actor=ANNA)
    assert [(one.uid, one.flags) for one in done.changed] == [(1, Flag.SEEN | Flag.FLAGGED), (2, Flag.SEEN | Flag.FLAGGED)]
    assert (seen_by(account), seen_by(other)) == ([], [1, 2])
    news = changes.since(folder.id, known, other)
    assert [(one.uid, one.flags) for one in news.changed] == [(1, 5), (2, 5)]
    assert all(one.modseq > known for one in news.changed)
    flags.store(folder.id, [1, 3], FlagChange("add", Flag.SEEN), viewer=account, actor=ANNA)
    assert (seen_by(account), seen_by(other)) == ([1, 3], [1, 2])
    flags.store(folder.id, [1], FlagChange("remove", Flag.SEEN), viewer=other, actor=ANNA)
    assert (seen_by(account), seen_by(other)) == ([1, 3], [2])
    assert_counters(account)


def test_a_shared_seen_is_everybodys(account: int) -> None:
    other = a_store("bert@a.test")
    folder = inbox(account)
    Folder.objects.filter(pk=folder.id).update(seen_shared=True)
    fill(folder, 1)
    flags.store(folder.id, [1], FlagChange("add", Flag.SEEN), viewer=other, actor=ANNA)
    assert inbox(account).unseen == 0
