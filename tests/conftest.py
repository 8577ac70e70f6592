"""Fixtures of the whole suite. Which database a test wants, it says by name:

- `rollback`: the usual one. One connection for all threads, one transaction, nothing is left behind.
- `real`: a database of the test's own, where commits, locks and isolation are real.
- `valkey`: a Valkey of the session, emptied before the test; a test may stop and start it.
- `house`: the doors in process over a `real` database and `valkey`.

Tests that ask for none of them cannot reach a database at all.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from mailplatform.runtime import pubsub
from tests.support import doors
from tests.support import valkey as valkey_server
from tests.support.database import Databases, close_everywhere, server, track_connections
from tests.support.hints import Hints
from tests.support.sharing import one_transaction


@dataclass(frozen=True, slots=True)
class Real:
    """A database of one test. `dsn` serves other processes and plain psycopg connections."""

    name: str
    dsn: str


@pytest.fixture(scope="session")
def databases(django_db_blocker) -> Iterator[Databases]:
    """The server with its migrated template."""
    track_connections()
    with server() as dsn, django_db_blocker.unblock():
        made = Databases(dsn)
        made.ensure_template()
        yield made


@pytest.fixture(scope="session")
def rollback_database(databases: Databases) -> Iterator[str]:
    name = databases.clone("rollback")
    yield name
    close_everywhere()
    databases.drop(name)


@pytest.fixture
def rollback(
    databases: Databases, rollback_database: str, django_db_blocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BaseDatabaseWrapper]:
    """The shared connection, inside a transaction that is rolled back after the test."""
    with django_db_blocker.unblock():
        if connections.settings["default"]["NAME"] != rollback_database:
            databases.use(rollback_database)
        with one_transaction(monkeypatch) as connection:
            yield connection


@pytest.fixture
def real(databases: Databases, django_db_blocker) -> Iterator[Real]:
    """A database of its own, dropped after the test."""
    name = databases.clone("real")
    with django_db_blocker.unblock():
        databases.use(name)
        yield Real(name, databases.dsn_of(name))
        close_everywhere()
    databases.drop(name)


@pytest.fixture(scope="session")
def valkey_session() -> Iterator[valkey_server.Valkey]:
    with tempfile.TemporaryDirectory(prefix="mpv") as folder, valkey_server.valkey(Path(folder)) as running:
        yield running


@pytest.fixture
def valkey(valkey_session: valkey_server.Valkey) -> valkey_server.Valkey:
    """An empty Valkey, running."""
    if valkey_session.process is None:
        valkey_session.start()
    valkey_session.client().flushall()
    return valkey_session


@pytest.fixture
def hints(valkey: valkey_server.Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hints]:
    """`hints.heard()`: what this process has published over a real Valkey."""
    site = settings.SITE
    patient = replace(site.redis, url=valkey.url, timeout_seconds=5.0)
    monkeypatch.setattr(settings, "SITE", replace(site, redis=patient))
    monkeypatch.setattr(pubsub, "_publisher", None)
    listening = Hints(valkey.url)
    yield listening
    listening.close()


@pytest.fixture
def house(real: Real, valkey: valkey_server.Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[doors.House]:
    """SMTP and IMAP on loopback. `house.open(address)` makes an account, `house.reader(address)` reads it."""
    site = doors.a_site(tmp_path, valkey.url)
    monkeypatch.setattr(settings, "SITE", site)
    monkeypatch.setattr(pubsub, "_publisher", None)
    with doors.running(site) as running:
        yield running
