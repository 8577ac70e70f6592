"""Postgres and Redis from the system's packages, privately: servers that an administrator brings, for tests against those.

    python -m tests.support.debian COMMAND …

starts both in a folder of their own and runs the command (`pytest`) with MAILPLATFORM_TEST_DSN and MAILPLATFORM_TEST_VALKEY.
The cluster compares text as ICU does for American English, so that nothing leans on the byte order of the embedded one.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from mailplatform.supervisor.processes import drop_to

PLACES = Path("/usr/lib/postgresql")
REDIS = ("redis-server", "valkey-server")
OWNER = "nobody"


@dataclass(frozen=True, slots=True)
class Server:
    """A Postgres on a unix socket. dsn: its maintenance database as superuser; settings: lines of its configuration."""

    folder: Path
    version: int

    @property
    def dsn(self) -> str:
        return f"host={self.folder} user=postgres dbname=postgres"


def postgres_binaries() -> Path | None:
    """The newest Postgres of the system, 15 or later."""
    found = sorted((int(path.name), path / "bin") for path in PLACES.glob("[0-9]*") if path.name.isdigit())
    return next((path for version, path in reversed(found) if version >= 15 and (path / "postgres").exists()), None)


def redis_binary() -> str | None:
    return next((path for name in REDIS if (path := shutil.which(name))), None)


@contextlib.contextmanager
def postgres(folder: Path, *lines: str, authentication: str = "trust") -> Iterator[Server]:
    """A fresh cluster in `folder`, durable in nothing. lines: of postgresql.conf. authentication: as in pg_hba.conf."""
    binaries = postgres_binaries()
    if binaries is None:
        raise RuntimeError("no Postgres 15 or newer is installed: apt-get install postgresql")
    data = folder / "data"
    owner = pwd.getpwnam(OWNER).pw_uid if os.geteuid() == 0 else os.geteuid()
    folder.chmod(0o755)
    os.chown(folder, owner, -1)
    how = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--encoding=UTF8"]
    made = _run([str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", *how], owner)
    if made.returncode:
        raise RuntimeError(made.stderr + made.stdout)
    hba = f"local all postgres trust\nlocal all all {authentication}\nhost all all 127.0.0.1/32 {authentication}\n"
    (data / "pg_hba.conf").write_text(hba)
    ours = ["jit = off", "random_page_cost = 1.1", "max_parallel_workers_per_gather = 0"]  # as every connection of the house says
    quick = ["fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200"]
    ours += [f"unix_socket_directories = '{folder}'", "listen_addresses = ''"]
    with (data / "postgresql.conf").open("a") as conf:
        conf.write("\n".join([*quick, *ours, *lines, ""]))
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(data)], stdout=log, stderr=log, cwd=folder, preexec_fn=lambda: drop_to(owner)
        )
    server = Server(folder, int(binaries.parent.name))
    try:
        _until_it_answers(server, process)
        yield server
    finally:
        process.send_signal(2)  # SIGINT: fast shutdown
        process.wait(30)


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[Path]:
    """A private Redis; the path of its unix socket, open to every user."""
    binary, path = redis_binary(), folder / "redis.sock"
    if binary is None:
        raise RuntimeError("no Redis is installed: apt-get install redis-server")
    options = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "777", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while not path.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Redis does not start")
            time.sleep(0.01)
        yield path
    finally:
        process.terminate()
        process.wait()


def _until_it_answers(server: Server, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(server.dsn, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((server.folder / "log").read_text()) from None
            time.sleep(0.05)


def _run(command: list[str], owner: int) -> "subprocess.CompletedProcess[str]":
    kept = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env=kept, preexec_fn=lambda: drop_to(owner)
    )


def main(command: list[str]) -> int:
    binary = redis_binary()
    if binary is None:
        print("no redis-server is installed: apt-get install redis-server", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="mpd") as folder, postgres(Path(folder)) as server:
        print(f"Postgres {server.version} and {binary}", flush=True)
        environment = {**os.environ, "MAILPLATFORM_TEST_DSN": server.dsn, "MAILPLATFORM_TEST_VALKEY": binary}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
