"""What a change tells others: a hint on the account's channel after commit, and the trace under the message's own id."""

from django.db import transaction

from mailplatform.mailflow import arrivals
from mailplatform.store import expunge, flags, folders, move, notify, usage
from mailplatform.store.values import Flag, FlagChange, Usage
from tests.house.store.building import ANNA, a_store, fill, inbox, rows
from tests.support.house import a_house, a_unit
from tests.support.messages import a_message


def test_a_message_that_came_by_smtp_keeps_one_trace(rollback) -> None:
    a_house(1)
    unit = a_unit(["u1@a.test"], a_message())
    (placed,) = arrivals.put(unit).result(5).appended
    archive = folders.get(placed.account_id, "Archive", placed.account_id)
    moved = move.move(placed.folder_id, [placed.uid], archive.id, viewer=placed.account_id, actor=ANNA)
    expunge.expunge(archive.id, moved.target, only_deleted=False, actor=ANNA)
    codes = rows("SELECT code FROM trace_event WHERE trace_id = %s ORDER BY at", unit.trace_id)
    assert [code for (code,) in codes][-2:] == ["moved", "expunged"]


def test_hints_follow_the_commit(rollback, hints) -> None:
    account = a_store()
    fill(inbox(account), 2)
    hints.heard()
    with transaction.atomic():
        flags.store(inbox(account).id, [1], FlagChange("add", Flag.SEEN), viewer=account, actor=ANNA)
        assert hints.heard() == []
    assert hints.heard() == [(notify.CHANNEL, f"email {account}:{inbox(account).highestmodseq}")]
    flags.store(inbox(account).id, [1], FlagChange("add", Flag.SEEN), viewer=account, actor=ANNA)
    assert hints.heard() == []
    made = folders.create(account, "New", actor=ANNA)
    assert hints.heard() == [(notify.CHANNEL, f"folder {account}:{made.changed_modseq}")]


def test_usage_of_accounts_and_domains(rollback) -> None:
    account, other = a_store(), a_store("bert@a.test")
    assert usage.usage(account) == usage.usage(0) == Usage(0, 0, 0)
    fill(inbox(account), 2)
    fill(inbox(other), 1)
    expunge.expunge(inbox(account).id, [1], only_deleted=False, actor=ANNA)
    held = usage.usage_many([account, other])
    assert [held[one].messages for one in (account, other)] == [1, 1]
    assert held[account].expunged_bytes > 0
    ((domain,),) = rows("SELECT domain_id FROM directory_account WHERE id = %s", account)
    assert usage.usage_of_domain(domain) == Usage(held[account].bytes + held[other].bytes, 2, held[account].expunged_bytes)
