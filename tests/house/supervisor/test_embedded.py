"""The embedded servers: made once, started again after anything, reached by their owner only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mailplatform.supervisor.embedded import EmbeddedError, Postgres
from mailplatform.supervisor.processes import identify
from mailplatform.supervisor.valkey import Valkey
from tests.house.supervisor.toys import until


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mpe"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    made = Postgres(folder, owner=owner, sockets=folder / "s")  # durable: one test kills it
    made.start()
    yield made
    made.stop(immediate=True)


def family(pid: int) -> list[int]:
    said = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [pid, *map(int, said.split())]


def test_life_of_a_cluster(postgres):
    postgres.ensure_database()
    postgres.ensure_database()
    house = psycopg.connect(f"host={postgres.sockets} user=mailplatform dbname=mailplatform")
    shown = {name: house.execute(f"SHOW {name}").fetchone()[0] for name in ("data_checksums", "wal_level", "archive_mode", "jit")}
    assert shown == {"data_checksums": "on", "wal_level": "replica", "archive_mode": "on", "jit": "off"}
    assert house.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
    house.execute("CREATE TABLE kept (n int)")
    house.execute("INSERT INTO kept VALUES (1)")
    house.commit()
    # all processes at once, as a power cut would
    before = postgres.process
    for pid in family(before.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    until(lambda: not before.alive())
    began = time.monotonic()
    after = postgres.start()
    assert after != before and time.monotonic() - began < postgres.retry_seconds + 5
    with psycopg.connect(f"host={postgres.sockets} user=mailplatform dbname=mailplatform") as again:
        assert again.execute("SELECT n FROM kept").fetchone() == (1,)
    # a second starter finds it running
    other = Postgres(postgres.root.parent, owner=postgres.owner, sockets=postgres.sockets)
    assert other.start() == after
    postgres.stop()
    assert not after.alive() and other.running() is None


def test_a_cluster_of_another_major_version_is_refused(folder):
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    made = Postgres(folder, owner=owner, durable=False, retry_seconds=0)
    made.start()
    made.stop(immediate=True)
    (made.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError, match=r"is of Postgres 12, the installed server is \d+: run pg_upgrade first"):
        made.start()


def test_what_postgres_complains_of_is_told(folder):
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    made = Postgres(folder, owner=owner, durable=False, retry_seconds=0)
    made.start()
    made.stop(immediate=True)
    (made.root / "local.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        made.start()


def test_valkey_keeps_and_comes_again(folder):
    made = Valkey(folder / "valkey", folder / "v.sock")
    first = made.start()
    assert made.answers() and made.start() == first
    os.kill(first.pid, signal.SIGKILL)
    made._child.wait()
    assert not made.answers()
    second = made.start()
    assert second != first and made.answers()
    made.stop()
    assert not identify(second.pid).alive()
