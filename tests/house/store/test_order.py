"""Commit order is modseq order: with real commits, whoever has read n never finds something below n later.

Four writers (deliveries, flag changes, moves, expunges) over three folders of one account, and followers that read the
change feed of each folder all the while.
"""

import random
import threading
import time

import pytest
from django.db import connection

from mailplatform.runtime.errors import TemporarilyUnavailable
from mailplatform.store import changes, expunge, fetch, flags, folders, move
from mailplatform.store.values import EntryRow, Flag, FlagChange
from mailplatform.store.verify import verify
from tests.house.store.building import ANNA, a_store, assert_counters, fill, put, rows
from tests.support.messages import a_message

SECONDS = 4.0
WRITERS = 4


class Writer(threading.Thread):
    """Does one thing after the other, whatever comes to mind, until told to stop."""

    def __init__(self, account: int, names: list[str], seed: int, stop: threading.Event) -> None:
        super().__init__(name=f"writer-{seed}")
        self.account, self.names, self.stop = account, names, stop
        self.chance = random.Random(seed)
        self.done = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.act()
                self.done += 1
        except BaseException as error:
            self.failure = error
        finally:
            connection.close()

    def act(self) -> None:
        folder = folders.get(self.account, self.chance.choice(self.names), self.account)
        uids = [self.chance.randrange(1, max(folder.uidnext, 2)) for _ in range(5)]
        match self.chance.randrange(6):
            case 0 | 1:
                try:
                    put(folder, a_message(body="x" * self.chance.randrange(2000)))
                except TemporarilyUnavailable:
                    pass  # patience ran out on a slow machine; nothing was promised
            case 2 | 3:
                change = FlagChange(self.chance.choice(["add", "remove"]), self.chance.choice(list(Flag)))
                flags.store(folder.id, uids, change, viewer=self.account, actor=ANNA)
            case 4:
                other = folders.get(self.account, self.chance.choice(self.names), self.account)
                move.move(folder.id, uids[:2], other.id, viewer=self.account, actor=ANNA)
            case 5:
                expunge.expunge(folder.id, uids[:1], only_deleted=False, actor=ANNA)


class Follower(threading.Thread):
    """Holds a folder's entries by the feed alone, and refuses whatever comes late."""

    def __init__(self, account: int, folder_id: int, stop: threading.Event) -> None:
        super().__init__(name=f"follower-{folder_id}")
        self.account, self.folder_id, self.stop = account, folder_id, stop
        self.known = 0
        self.entries: dict[int, EntryRow] = {}
        self.reads = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.follow()
        except BaseException as error:
            self.failure = error
        finally:
            connection.close()

    def follow(self) -> None:
        news = changes.since(self.folder_id, self.known, self.account)
        assert news.folder.highestmodseq >= self.known
        for row in news.changed:
            assert self.known < row.modseq <= news.folder.highestmodseq, "a modseq came late"
            self.entries[row.uid] = row
        for uid in news.vanished:
            self.entries.pop(uid, None)
        assert len(self.entries) == news.folder.messages, "the feed and the counter are of one moment"
        self.known = news.folder.highestmodseq
        self.reads += 1


@pytest.mark.parametrize("seed", [1])
def test_no_lower_modseq_ever_appears_late(real, seed: int) -> None:
    account = a_store()
    names = ["INBOX", "Archive", "Sent"]
    for name in names:
        fill(folders.get(account, name, account), 10)
    ids = [folders.get(account, name, account).id for name in names]
    stop = threading.Event()
    followers = [Follower(account, folder_id, stop) for folder_id in ids]
    writers = [Writer(account, names, seed * 10 + number, stop) for number in range(WRITERS)]
    for thread in (*followers, *writers):
        thread.start()
    end, looked = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        assert verify().problems == ()  # of one moment, whatever goes on
        looked += 1
    stop.set()
    for thread in (*writers, *followers):
        thread.join(30)
        assert not thread.is_alive()
        assert thread.failure is None, f"{thread.name}: {thread.failure!r}"
    assert sum(writer.done for writer in writers) > 20
    assert looked > 0
    for follower in followers:
        follower.follow()
        _, packed = fetch.load(follower.folder_id, account)
        assert {uid: (row.flags, row.modseq) for uid, row in follower.entries.items()} == {
            uid: (packed.flags[index], packed.modseqs[index]) for index, uid in enumerate(packed.uids)
        }
    numbers = [row[0] for row in rows("SELECT modseq FROM store_entry UNION ALL SELECT modseq FROM store_expunged")]
    assert len(numbers) == len(set(numbers)), "each change has a number of its own"
    assert_counters(account)
