"""`store verify` finds what is broken, says where, and repairs only what it is asked to."""

import pytest
from django.db import connection

from mailplatform.directory.values import CLI
from mailplatform.runtime.errors import NotFound
from mailplatform.store import expunge, flags, move, packs
from mailplatform.store.folders import get
from mailplatform.store.values import Flag, FlagChange
from mailplatform.store.verify import repair_counters, verify
from tests.house.store.building import ANNA, a_store, fill, inbox, put, rows
from tests.support.messages import a_message


def execute(statement: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


@pytest.fixture
def account(rollback) -> int:
    """A store in which something of everything has happened."""
    account = a_store()
    other = a_store("bert@a.test")
    fill(inbox(account), 5, keywords=["$Label"])
    put(inbox(account), a_message(message_id="<one@a.test>"), a_message(headers={"References": "<one@a.test>"}))
    archive = get(account, "Archive", account)
    move.copy(inbox(account).id, [1, 2], archive.id, viewer=account, actor=ANNA)
    move.move(inbox(account).id, [3], archive.id, viewer=account, actor=ANNA)
    expunge.expunge(inbox(account).id, [4], only_deleted=False, actor=ANNA)
    flags.store(inbox(account).id, [5], FlagChange("add", Flag.SEEN), viewer=other, actor=ANNA)
    return account


def found(**options: object) -> list[tuple[str, str]]:
    return [(one.kind, one.detail) for one in verify(**options).problems]


def test_a_sound_store_is_found_sound(account: int) -> None:
    told = []
    report = verify(progress=lambda *state: told.append(state))
    assert report.problems == ()
    assert (report.accounts, report.entries, report.blobs) == (2, 8, 7)
    assert told[-1] == ("blobs", 7, 7)
    assert verify(account_id=account, fast=True).problems == ()
    with pytest.raises(NotFound):
        verify(account_id=0)


@pytest.mark.parametrize(
    ("damage", "kind", "words"),
    [
        ("UPDATE store_folder SET messages = messages + 1, unseen = 0 WHERE name = 'INBOX'", "counter", "messages is"),
        ("UPDATE store_folder SET uidnext = 2 WHERE name = 'INBOX'", "counter", "uidnext is 2"),
        ("UPDATE store_folder SET highestmodseq = 2 WHERE name = 'INBOX'", "counter", "highestmodseq is 2"),
        ("UPDATE store_accountstate SET bytes = bytes + 1", "usage", "bytes is"),
        ("UPDATE store_accountstate SET expunged_bytes = 0", "usage", "expunged bytes is 0"),
        ("UPDATE store_accountstate SET modseq = 3", "usage", "modseq is 3"),
        ("UPDATE store_accountstate SET next_keyword = 1", "usage", "next keyword"),
        ("UPDATE store_entry SET size = size + 1", "entry", "wrong size"),
        ("UPDATE store_entry SET thread_id = 0", "entry", "wrong thread"),
        ("UPDATE store_entry SET flags = flags + 64", "entry", "unknown flags"),
        ("UPDATE store_entry SET modseq = 50", "modseq", "two entries share it"),
        ("DELETE FROM store_keyword", "keyword", "no name"),
        ("UPDATE store_viewerstate SET unseen = 5", "viewer", "unseen differs by 5"),
        ("UPDATE store_message SET blob_id = NULL", "entry", "has no bytes"),
        ("DELETE FROM store_expunged", "message", "no entry names it"),
        ("UPDATE store_blob SET data = substr(data, 1, 30)", "blob", "cannot be unpacked"),
        ("UPDATE store_blob SET hash = sha256(hash)", "blob", "not those of its hash"),
    ],
)
def test_damage_is_found(account: int, damage: str, kind: str, words: str) -> None:
    execute(damage)
    assert any(one == kind and words in detail for one, detail in found()), found()


def test_a_pack_that_is_gone_or_cut(rollback, settings) -> None:
    account = a_store()
    put(inbox(account), a_message(body=bytes(range(256)) * 2000))
    ((name,),) = rows("SELECT name FROM store_pack")
    assert found() == []
    path = packs.folder() / name
    data = path.read_bytes()
    path.write_bytes(data[:-10])
    assert [kind for kind, detail in found(fast=True) if "ends before" in detail] == ["blob"]
    path.write_bytes(data[:-10] + b"0123456789")
    assert found(fast=True) == []
    assert [kind for kind, _ in found()] == ["blob"]
    path.unlink()
    assert [kind for kind, detail in found(fast=True) if "not there" in detail] == ["blob"]


def test_counters_are_repaired_when_asked_and_the_audit_tells(account: int) -> None:
    execute("UPDATE store_folder SET messages = messages + 3, size = 0 WHERE account_id = %s", account)
    execute("UPDATE store_accountstate SET bytes = 0, messages = 99 WHERE account_id = %s", account)
    repaired = repair_counters(account, actor=CLI)
    assert len(repaired) > 3
    assert found() == []
    ((code, told),) = rows("SELECT code, params FROM audit_auditrow WHERE code LIKE 'store.%%'")
    assert code == "store.counters_repaired"
    assert "bytes is 0" in str(told)
    assert repair_counters(account, actor=CLI) == []
