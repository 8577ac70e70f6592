"""Several processes put at once; one is killed; the database's backends are killed. What was acknowledged is there, once."""

import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import psycopg
from django.db import connection

from tests.support.house import a_house, assert_sound, rows

ROOT = Path(__file__).resolve().parents[3]


class Putter:
    """One process of tests.support.putter, and the lines it has printed."""

    def __init__(self, dsn: str, seed: int, number: int, addresses: list[str]) -> None:
        self.lines: list[list[str]] = []
        self.some = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.putter", str(seed), str(number), *addresses],
            cwd=ROOT,
            env={**os.environ, "MAILPLATFORM_TEST_DSN": dsn},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.split())
            if len(self.lines) >= 30:
                self.some.set()
        self.some.set()

    def end(self) -> int:
        code = self.process.wait(120)
        self._reader.join(10)
        return code


def acknowledged(putters: list[Putter]) -> Counter:
    return Counter((message_id, int(folder)) for putter in putters for message_id, _, folder in putter.lines)


def in_store() -> Counter:
    found = rows("SELECT m.message_id, e.folder_id FROM store_entry e JOIN store_message m ON m.id = e.message_id")
    return Counter((message_id, folder) for message_id, folder in found)


def assert_uids_without_gap() -> None:
    assert rows("SELECT folder_id FROM store_entry GROUP BY folder_id HAVING max(uid) <> count(*) OR min(uid) <> 1") == []
    assert rows("SELECT f.id FROM store_folder f WHERE f.uidnext <> f.messages + 1") == []


def test_processes_number_together(real) -> None:
    addresses = a_house(3)
    putters = [Putter(real.dsn, seed, 80, addresses) for seed in range(3)]
    assert [putter.end() for putter in putters] == [0, 0, 0]
    told = [(int(folder), int(uid)) for putter in putters for _, uid, folder in putter.lines]
    assert len(told) == len(set(told))
    assert acknowledged(putters) == in_store()
    assert_uids_without_gap()
    assert_sound()


def test_a_killed_process_loses_nothing_that_it_acknowledged(real) -> None:
    addresses = a_house(3)
    putters = [Putter(real.dsn, seed, 250, addresses) for seed in range(2)]
    assert putters[0].some.wait(60)
    putters[0].process.kill()
    for putter in putters:
        putter.end()
    kept, told = in_store(), acknowledged(putters)
    assert told <= kept
    assert max(kept.values()) == 1
    assert len(kept - told) <= 2 * 20  # what was under way in the one that died
    assert_uids_without_gap()
    assert_sound()


def test_killed_backends_double_and_lose_nothing(real) -> None:
    addresses = a_house(3)
    putters = [Putter(real.dsn, seed, 250, addresses) for seed in range(2)]
    assert all(putter.some.wait(60) for putter in putters)
    connection.close()
    with psycopg.connect(real.dsn, autocommit=True) as other:
        for _ in range(8):
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'mailplatform%'"
            )
            threading.Event().wait(0.05)
    assert [putter.end() for putter in putters] == [0, 0]
    assert acknowledged(putters) == in_store()
    assert max(in_store().values()) == 1
    assert_uids_without_gap()
    assert_sound()
