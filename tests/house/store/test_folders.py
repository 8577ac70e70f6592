"""Folders: names, defaults, renaming, deleting. RFC 9051 §5.1, §6.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.runtime.errors import AlreadyExists, Malformed, NotFound, NotPermitted
from mailplatform.store import expunge, fetch, folders, subscriptions
from mailplatform.store.values import SpecialUse
from tests.house.store.building import ANNA, a_store, assert_counters, fill, inbox


def names(account_id: int) -> list[str]:
    return [folder.name for folder in folders.list_folders(account_id, account_id)]


def test_a_new_account_has_its_folders_and_their_uses(rollback) -> None:
    account = a_store()
    found = folders.list_folders(account, account)
    assert [folder.name for folder in found] == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]
    assert found[0].special_use is SpecialUse.INBOX
    assert len({folder.uidvalidity for folder in found}) == 6
    folders.ensure_default(account)
    assert folders.list_folders(account, account) == found


def test_many_accounts_are_opened_at_once(rollback) -> None:
    accounts = [a_store(f"u{number}@a.test") for number in range(3)]
    folders.ensure_default_many(accounts)
    assert [len(names(account)) for account in accounts] == [6, 6, 6]


def test_inbox_is_one_name_in_any_case_and_others_are_not(rollback) -> None:
    account = a_store()
    assert folders.get(account, "inBox", account).name == "INBOX"
    folders.create(account, "inbox/Lists", actor=ANNA)
    assert folders.get(account, "Inbox/Lists", account).name == "INBOX/Lists"
    with pytest.raises(NotFound):
        folders.get(account, "sent", account)


@given(st.text(max_size=40))
def test_a_canonical_name_stays_what_it_is(name: str) -> None:
    try:
        once = folders.canonical(name)
    except Malformed:
        return
    assert folders.canonical(once) == once
    assert all(once.split("/"))


def test_a_dotless_i_makes_no_inbox() -> None:
    assert folders.canonical("\u0131nbox") == "\u0131nbox"


def test_names_are_one_spelling_of_unicode(rollback) -> None:
    account = a_store()
    folders.create(account, "Cafe\u0301", actor=ANNA)
    assert folders.get(account, "Caf\u00e9", account).name == "Caf\u00e9"


@pytest.mark.parametrize("name", ["", "/", "a//b", "/a", "a/", "a\x00b", "a\x7f", "a\u2028b", "x" * 1001, "/".join("a" * 33)])
def test_names_that_no_folder_can_have(rollback, name: str) -> None:
    account = a_store()
    with pytest.raises(Malformed):
        folders.create(account, name, actor=ANNA)
    with pytest.raises(NotFound):
        folders.get(account, name, account)


def test_parents_are_made_too(rollback) -> None:
    account = a_store()
    made = folders.create(account, "Projects/2026/Alpha", actor=ANNA)
    assert made.name == "Projects/2026/Alpha"
    assert {"Projects", "Projects/2026"} < set(names(account))
    with pytest.raises(AlreadyExists):
        folders.create(account, "Projects/2026", actor=ANNA)


def test_a_special_use_is_given_once(rollback) -> None:
    account = a_store()
    with pytest.raises(AlreadyExists):
        folders.create(account, "Wastebasket", special_use=SpecialUse.TRASH, actor=ANNA)
    folders.delete(account, "Trash", actor=ANNA)
    assert folders.create(account, "Wastebasket", special_use=SpecialUse.TRASH, actor=ANNA).special_use is SpecialUse.TRASH


def test_a_deleted_folder_is_gone_at_once_and_its_uids_never_return(rollback) -> None:
    account = a_store()
    first = folders.create(account, "Old", actor=ANNA)
    folders.create(account, "Old/Child", actor=ANNA)
    fill(first, 3)
    folders.delete(account, "Old", actor=ANNA)
    assert "Old" not in names(account) and "Old/Child" in names(account)
    with pytest.raises(NotFound):
        fetch.load(first.id, account)
    again = folders.create(account, "Old", actor=ANNA)
    assert again.id != first.id
    assert again.uidvalidity > first.uidvalidity
    assert expunge.drain(5.0)
    assert_counters(account)
    assert len(fetch.message_data(first.id, [1, 2, 3], "summary")) == 3


def test_inbox_stays(rollback) -> None:
    account = a_store()
    with pytest.raises(NotPermitted):
        folders.delete(account, "inbox", actor=ANNA)


def test_children_are_renamed_with_their_parent(rollback) -> None:
    account = a_store()
    for name in ("a/b/c", "ab"):
        folders.create(account, name, actor=ANNA)
    before = folders.get(account, "a/b", account)
    folders.rename(account, "a", "x/y", actor=ANNA)
    assert {"x", "x/y", "x/y/b", "x/y/b/c", "ab"} < set(names(account))
    after = folders.get(account, "x/y/b", account)
    assert (after.id, after.uidvalidity) == (before.id, before.uidvalidity)
    assert after.changed_modseq > before.changed_modseq
    with pytest.raises(AlreadyExists):
        folders.rename(account, "ab", "x/y", actor=ANNA)
    with pytest.raises(Malformed):
        folders.rename(account, "x/y", "x/y/z", actor=ANNA)


def test_a_tree_moves_up_into_the_name_of_its_deleted_parent(rollback) -> None:
    account = a_store()
    folders.create(account, "a/a/a", actor=ANNA)
    folders.delete(account, "a", actor=ANNA)
    folders.rename(account, "a/a", "a", actor=ANNA)
    assert {"a", "a/a"} < set(names(account))
    assert "a/a/a" not in names(account)


def test_renaming_inbox_moves_its_messages(rollback) -> None:
    account = a_store()
    fill(inbox(account), 5)
    folders.create(account, "INBOX/Lists", actor=ANNA)
    folders.rename(account, "INBOX", "Before", actor=ANNA)
    assert inbox(account).messages == 0
    assert folders.get(account, "Before", account).messages == 5
    assert "INBOX/Lists" in names(account)
    assert_counters(account)


def test_subscriptions_and_recent(rollback) -> None:
    account = a_store()
    folders.subscribe(account, "Junk", False)
    assert not folders.get(account, "Junk", account).subscribed
    folder = inbox(account)
    fill(folder, 2)
    assert folders.claim_recent(folder.id) == 1
    assert folders.claim_recent(folder.id) == 3


def test_a_deleted_folder_leaves_its_name_subscribed(rollback) -> None:
    account = a_store()
    folders.create(account, "Work/Plans", actor=ANNA)
    folders.delete(account, "Work/Plans", actor=ANNA)
    assert "Work/Plans" in folders.subscriptions(account)
    folders.subscribe(account, "Work/Plans", False)
    assert "Work/Plans" not in folders.subscriptions(account)
    folders.subscribe(account, "Work/Plans", True)
    assert "Work/Plans" in folders.subscriptions(account)
    with pytest.raises(NotFound):
        folders.subscribe(account, "Never", True)
    folders.create(account, "Work/Plans", actor=ANNA)
    assert folders.get(account, "Work/Plans", account).subscribed
    folders.subscribe(account, "Work/Plans", False)
    folders.delete(account, "Work/Plans", actor=ANNA)
    assert "Work/Plans" not in folders.subscriptions(account)


def test_a_renamed_tree_stays_subscribed_under_both_names(rollback) -> None:
    account = a_store()
    folders.create(account, "Work/Plans", actor=ANNA)
    folders.create(account, "Work/Quiet", actor=ANNA)
    folders.subscribe(account, "Work/Quiet", False)
    folders.rename(account, "Work", "Done", actor=ANNA)
    ours = [name for name in folders.subscriptions(account) if name.startswith(("Work", "Done"))]
    assert ours == ["Done", "Done/Plans", "Work", "Work/Plans"]
    folders.rename(account, "Done", "Work", actor=ANNA)
    assert not folders.get(account, "Work/Quiet", account).subscribed
    ours = [name for name in folders.subscriptions(account) if name.startswith(("Work", "Done"))]
    assert ours == ["Done", "Done/Plans", "Work", "Work/Plans"]


def test_lost_names_are_bounded(rollback, monkeypatch) -> None:
    account = a_store()
    monkeypatch.setattr(subscriptions, "MOST", 3)
    for number in range(5):
        folders.create(account, f"n{number}", actor=ANNA)
        folders.delete(account, f"n{number}", actor=ANNA)
    assert subscriptions.lost(account) == ("n2", "n3", "n4")
