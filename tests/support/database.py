"""Databases for tests: one migrated template, and clones of it.

Migrating takes seconds and a clone some 50 ms, so the migrations run once into a template named for the hash of all
migration files; every test run clones it. The server is the one of MAILPLATFORM_TEST_DSN, else the embedded Postgres,
started in a folder of its own under the system's temporary directory and kept for the next run.
"""

import contextlib
import fcntl
import hashlib
import itertools
import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mailplatform.supervisor.embedded import Postgres

ROOT = Path(__file__).resolve().parents[2]
DSN_VARIABLE = "MAILPLATFORM_TEST_DSN"
TEMPLATES_KEPT = 4
_LOCK_KEY = 7_320_001  # any number that all test runs agree on


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The DSN of a server where databases may be made; ends it afterwards if it was started here."""
    dsn = os.environ.get(DSN_VARIABLE)
    if dsn:
        yield dsn
        return
    home = Path(tempfile.gettempdir()) / f"mailplatform-tests-{os.getuid()}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
    home.mkdir(mode=0o755, exist_ok=True)
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None  # Postgres refuses root
    postgres = Postgres(home, owner=owner, durable=False)
    with open(home / "users", "a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        with open(home / "starting", "a") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            postgres.start()
        try:
            yield postgres.dsn
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                postgres.stop()
            except BlockingIOError:
                pass  # another run still uses it


def migrations_hash() -> str:
    """A name for the schema: the hash of every migration file of the project."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "mailplatform").glob("*/migrations/*.py")):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class Databases:
    """Makes, clones and drops databases on one server, and points Django at them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.template = f"mp_template_{migrations_hash()}"
        self._numbers = itertools.count(1)

    def admin(self) -> psycopg.Connection:
        return psycopg.connect(self.dsn, autocommit=True)

    def dsn_of(self, name: str) -> str:
        return make_conninfo(self.dsn, dbname=name)

    def ensure_template(self) -> None:
        """Migrate the template unless a finished one is there."""
        with self.admin() as admin:
            admin.execute("SELECT pg_advisory_lock(%s)", [_LOCK_KEY])
            if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [self.template]).fetchone():
                return
            self._drop_stale_templates(admin)
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.template)))
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(self.template)))
            self.use(self.template)
            call_command("migrate", verbosity=0, interactive=False)
            connections.close_all()
            admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(self.template)))

    def clone(self, purpose: str) -> str:
        """A database like the template; its name. Drop it with `drop`."""
        name = f"mp_{purpose}_{os.getpid()}_{next(self._numbers)}"
        with self.admin() as admin:
            strategy = sql.SQL(" STRATEGY file_copy") if admin.info.server_version >= 150000 else sql.SQL("")
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(self.template))
            admin.execute(statement + strategy)
        return name

    def drop(self, name: str) -> None:
        with self.admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def use(self, name: str) -> None:
        """Point Django's default connection, in every thread, at this database; connections open now are closed."""
        close_everywhere()
        fields = conninfo_to_dict(self.dsn)
        connections.settings["default"].update(
            NAME=name,
            HOST=fields.get("host", ""),
            PORT=str(fields.get("port", "")),
            USER=fields.get("user", ""),
            PASSWORD=fields.get("password", ""),
        )

    def _drop_stale_templates(self, admin: psycopg.Connection) -> None:
        rows = admin.execute(
            "SELECT datname FROM pg_database WHERE datistemplate AND datname LIKE 'mp_template_%' ORDER BY oid DESC"
        )
        for (name,) in rows.fetchall()[TEMPLATES_KEPT - 1 :]:
            admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(name)))
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


_opened: list[BaseDatabaseWrapper] = []


def track_connections() -> None:
    """Remember every connection that any thread opens, so that `close_everywhere` can close them between tests."""
    create = connections.create_connection

    def tracked(alias: str) -> BaseDatabaseWrapper:
        connection = create(alias)
        _opened.append(connection)
        return connection

    connections.create_connection = tracked  # type: ignore[method-assign]


def close_everywhere() -> None:
    """Close the connections of all threads; a thread that goes on opens a new one, at the database in use then."""
    connections.close_all()  # this thread's may be older than the tracking
    for connection in _opened:
        connection.inc_thread_sharing()
        with contextlib.suppress(Exception):
            connection.close()
        connection.dec_thread_sharing()
