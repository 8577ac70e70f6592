"""The rollback fixture's inside: every thread sees the test's one connection, whose transaction is never committed.

What the code under test does in `transaction.atomic()` becomes a savepoint, and its on_commit callbacks run when that
savepoint is released, as they would at commit. Bridges and committers take turns on one lock, for one connection can
hold only one savepoint stack; tests of real concurrency use the `real` fixture.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from mailplatform.runtime.committer import Committer
from mailplatform.runtime.database import Bridge


@contextlib.contextmanager
def one_transaction(monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseDatabaseWrapper]:
    """A transaction that all threads share and that is rolled back at the end."""
    connection = connections["default"]
    connection.inc_thread_sharing()
    monkeypatch.setattr(connections, "_connections", SimpleNamespace(default=connection))
    _callbacks_at_release(connection, monkeypatch)
    _take_turns(monkeypatch)
    block = transaction.Atomic(using="default", savepoint=True, durable=False)
    block._from_testcase = True  # type: ignore[attr-defined]  # lets atomic(durable=True) nest in it
    block.__enter__()
    try:
        yield connection
    finally:
        connection.run_on_commit = []
        connection.set_rollback(True)
        block.__exit__(None, None, None)
        connection.dec_thread_sharing()


def _callbacks_at_release(connection: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    release, register = connection.savepoint_commit, connection.on_commit

    def savepoint_commit(sid: str) -> None:
        release(sid)
        if not connection.savepoint_ids:
            waiting, connection.run_on_commit = connection.run_on_commit, []
            for _, callback, *_ in waiting:
                callback()

    def on_commit(callback: Callable[[], Any], robust: bool = False) -> None:
        if connection.savepoint_ids:
            register(callback, robust)
        else:
            callback()

    monkeypatch.setattr(connection, "savepoint_commit", savepoint_commit)
    monkeypatch.setattr(connection, "on_commit", on_commit)


def _take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = threading.RLock()
    run = Bridge._run

    def run_in_turn(self: Bridge, *args: Any) -> Any:
        with turn:
            return run(self, *args)

    def put(self: Committer[Any], unit: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def commit() -> None:
            with turn:
                self._run([(unit, future)], patient=True)

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            commit()
        else:
            threading.Thread(target=commit, name="commit-in-test", daemon=True).start()
        return future

    monkeypatch.setattr(Bridge, "_run", run_in_turn)
    monkeypatch.setattr(Committer, "put", put)
