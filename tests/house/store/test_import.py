"""Mail from files: what comes in is what was there, once, however often the import is run."""

import json
import mailbox
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from mailplatform.continuity import interchange
from mailplatform.directory import accounts as directory
from mailplatform.runtime.errors import Malformed, NotFound, NotPermitted, OverQuota
from mailplatform.store import fetch, folders, keywords
from mailplatform.store.values import Flag
from mailplatform.store.verify import verify
from tests.house.store.building import ANNA, a_store, inbox, rows
from tests.support.directory import TESTER
from tests.support.messages import a_message

FLAGS = Flag.SEEN | Flag.ANSWERED


@pytest.fixture
def account(rollback) -> int:
    return a_store()


def contents(account: int, name: str = "INBOX") -> list[bytes]:
    folder = folders.get(account, name, account)
    _, packed = fetch.load(folder.id, account)
    data = fetch.message_data(folder.id, list(packed.uids), "content")
    return [fetch.raw(data[uid]) for uid in packed.uids]


def an_mbox(path: Path, *messages: bytes) -> Path:
    box = mailbox.mbox(path)
    for content in messages:
        box.add(content)
    box.close()
    return path


def test_an_mbox_comes_in_whole_and_once(account: int, tmp_path: Path) -> None:
    sent = [a_message(subject=f"Number {n}", body="Hello\r\nFrom here on\r\n\r\n>From old\r\nbye\r\n") for n in range(5)]
    path = an_mbox(tmp_path / "old.mbox", *sent)
    told = []
    done = interchange.import_path(path, account, "INBOX", actor=ANNA, progress=lambda *state: told.append(state))
    assert (done.messages, done.failures) == (5, ())
    assert told[-1] == (5, 1.0)
    # mailbox quotes `From ` as mboxo does, which cannot tell `>From ` apart: it loses its `>`.
    assert contents(account) == [content.replace(b">From old", b"From old") for content in sent]
    again = interchange.import_path(path, account, "INBOX", actor=ANNA)
    assert again.messages == 5
    assert inbox(account).messages == 5
    interchange.import_path(path, account, "Copy", actor=ANNA)
    assert folders.get(account, "Copy", account).messages == 5
    assert verify().problems == ()
    assert rows("SELECT DISTINCT code FROM trace_event") == [("imported",)]


def test_separators_dates_and_status_of_an_mbox(account: int, tmp_path: Path) -> None:
    path = tmp_path / "mail"
    path.write_bytes(
        b"From anna@a.test Tue Mar  3 10:11:12 2026\nSubject: one\nStatus: RO\nX-Status: A\nX-Keywords: $Work, two\n\n"
        b"text\nFrom the middle of a text in 2026\n>>From deep\n\n"
        b"From - Wed Mar  4 00:00:00 2026\nSubject: two\n\nlast line without end"
    )
    assert interchange.import_path(path, account, "INBOX", actor=ANNA).messages == 2
    _, packed = fetch.load(inbox(account).id, account)
    assert list(packed.flags) == [FLAGS, 0]
    names = keywords.names(account)
    assert sorted(names[number] for number in packed.keywords[1]) == ["$Work", "two"]
    assert packed.internal_dates[0] == int(datetime(2026, 3, 3, 10, 11, 12, tzinfo=UTC).timestamp())
    first, second = contents(account)
    assert first.endswith(b"\r\n\r\ntext\r\nFrom the middle of a text in 2026\r\n>From deep\r\n")
    assert second == b"Subject: two\r\n\r\nlast line without end"


def test_a_maildir_with_its_folders_and_flags(account: int, tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp", ".Work.2026/cur", ".Work.2026/new"):
        (tmp_path / part).mkdir(parents=True)
    sent = a_message(subject="seen")
    (tmp_path / "cur" / "1.host:2,RSa").write_bytes(sent.replace(b"\r\n", b"\n"))
    os.utime(tmp_path / "cur" / "1.host:2,RSa", (1_700_000_000, 1_700_000_000))
    (tmp_path / "dovecot-keywords").write_text("0 $Label1\n1 other\n")
    (tmp_path / "new" / "2.host").write_bytes(a_message(subject="new"))
    (tmp_path / ".Work.2026" / "cur" / "3.host:2,F").write_bytes(a_message(subject="below"))
    done = interchange.import_path(tmp_path, account, "Old", actor=ANNA)
    assert done.messages == 3
    assert contents(account, "Old")[0] == sent
    _, packed = fetch.load(folders.get(account, "Old", account).id, account)
    assert list(packed.flags) == [FLAGS, 0]
    assert packed.internal_dates[0] == 1_700_000_000
    assert keywords.names(account) == {1: "$Label1"}
    assert folders.get(account, "Old/Work/2026", account).messages == 1
    # A client moved and marked a file meanwhile: it is the same message.
    (tmp_path / "new" / "2.host").rename(tmp_path / "cur" / "2.host:2,S")
    interchange.import_path(tmp_path, account, "Old", actor=ANNA)
    assert folders.get(account, "Old", account).messages == 2


def test_files_of_messages(account: int, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    sent = [a_message(subject="a"), b"not a message at all \xff\x00", b""]
    for name, content in zip(("a.eml", "b/b.EML", "c.eml"), sent, strict=True):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "notes.txt").write_text("no mail")
    an_mbox(tmp_path / "d.mbox", sent[0])
    assert interchange.import_path(tmp_path, account, "INBOX", actor=ANNA).messages == 4
    assert contents(account) == [*sent, sent[0]]
    single = tmp_path / "a.eml"
    assert interchange.import_path(single, account, "Single", actor=ANNA).messages == 1
    assert verify().problems == ()


def test_what_is_refused(account: int, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        interchange.import_path(tmp_path / "nothing", account, "INBOX", actor=ANNA)
    with pytest.raises(Malformed):
        interchange.import_path(tmp_path, account, "INBOX", actor=ANNA)
    with pytest.raises(NotPermitted, match="cannot be read by the user"):
        interchange.import_path(Path("/proc/self/mem"), account, "INBOX", actor=ANNA)
    with pytest.raises(Malformed):
        interchange.target("INBOX")
    with pytest.raises(NotFound):
        interchange.target("nobody@a.test/INBOX")
    assert interchange.target("anna@a.test") == (account, "INBOX")
    assert interchange.target("anna@a.test/inbox/Lists") == (account, "INBOX/Lists")
    directory.set_account("anna@a.test", quota_messages=2, actor=TESTER)
    path = an_mbox(tmp_path / "m.mbox", *(a_message() for _ in range(4)))
    with pytest.raises(OverQuota, match="2 messages were imported"):
        interchange.import_path(path, account, "INBOX", actor=ANNA)
    directory.set_account("anna@a.test", quota_messages=None, actor=TESTER)
    assert interchange.import_path(path, account, "INBOX", actor=ANNA).messages == 4
    assert inbox(account).messages == 4


def test_the_commands(account: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = an_mbox(tmp_path / "m.mbox", a_message(), a_message())
    call_command("store", "import", str(path), "--to", "anna@a.test/Inbox", "--json")
    assert json.loads(capsys.readouterr().out)["messages"] == 2
    call_command("store", "verify")
    assert "1 accounts, 2 messages, 2 bodies: 0 problems" in capsys.readouterr().out
    rows("UPDATE store_folder SET messages = 7 WHERE name = 'INBOX' RETURNING 1")
    with pytest.raises(SystemExit) as stopped:
        call_command("store", "verify", "--account", "anna@a.test", "--fast")
    assert stopped.value.code == 1
    assert "messages is 7 and should be 2" in capsys.readouterr().out
    call_command("store", "verify", "--repair", "counters", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["sound"] and len(told["repaired"]) == 1
