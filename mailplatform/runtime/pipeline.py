"""Several statements in one round trip, prepared once a connection: libpq's pipeline mode over Django's own connection.

A commit of arrivals is a dozen statements whose results are wanted two or three times only. psycopg's own pipeline mode
sends each statement by itself and dumps each value anew, which cost more than the statements; here all is written at once.

Statements have psycopg's ``%(name)s`` parameters; each is to be cast where its type is not plain (``%(now)s::timestamptz``).
Arrays are those of runtime.arrays, sent in binary form, so that their class must be the parameter's type.

Invariants: the caller's transaction is the one that Django opened (BEGIN is sent with the first statement, as psycopg would);
after an error everything that was sent has been read, and the connection is as usable as after any failed statement.

psycopg says DEALLOCATE ALL after a rollback when it had prepared something itself. Then the next pipeline fails with
SQLSTATE 26000 (FORGOTTEN); the statements are prepared anew when the transaction is run again, which is the caller's part.
"""

from __future__ import annotations

import re
import select
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from psycopg import errors, pq
from psycopg.adapt import Transformer

from mailplatform.runtime import arrays

FORGOTTEN = "26000"
_PARAMETER = re.compile(r"%\((\w+)\)s")
_BINARY, _TEXT = pq.Format.BINARY, pq.Format.TEXT
_prepared: weakref.WeakKeyDictionary[Any, dict[str, bytes]] = weakref.WeakKeyDictionary()


@cache
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with $1, $2 …, and the names in that order; a name used twice is one parameter."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1], len(names) + 1)}"

    return _PARAMETER.sub(number, statement).encode(), tuple(names)


class Result:
    """The rows of one statement, once its pipeline has ended."""

    __slots__ = ("_pipeline", "result")

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.result: pq.abc.PGresult | None = None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows, as Python values."""
        assert self.result is not None, "the pipeline has not ended"
        if not self.result.ntuples:
            return []
        transformer = Transformer(self._pipeline.raw)
        transformer.set_pgresult(self.result)
        return transformer.load_rows(0, self.result.ntuples, tuple)


class Pipeline:
    """Statements on their way. Use ``pipelined()``."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw
        self._pgconn = raw.pgconn
        self._known = _prepared.setdefault(raw, {})
        self._sent: list[tuple[Result | None, str, bytes]] = []  # result (None: of a PREPARE), statement, its name

    def execute(self, statement: str, params: Mapping[str, Any] | None = None) -> Result:
        """Send a statement; its rows can be read when the pipeline has ended."""
        text, names = _numbered(statement)
        name = self._known.get(statement)
        if name is None:
            name = f"p{len(self._known)}".encode()
            self._known[statement] = name
            self._pgconn.send_prepare(name, text)
            self._sent.append((None, statement, name))
        values: list[bytes | None] = []
        formats: list[pq.Format] = []
        for key in names:
            value, form = _dumped(params[key] if params else None)
            values.append(value)
            formats.append(form)
        self._pgconn.send_query_prepared(name, values, formats)
        result = Result(self)
        self._sent.append((result, statement, name))
        return result

    def begin(self) -> None:
        """Enter pipeline mode, in a transaction where Django wants one."""
        self._pgconn.enter_pipeline_mode()
        if not self.raw.autocommit and self._pgconn.transaction_status == pq.TransactionStatus.IDLE:
            self._pgconn.send_query_params(b"BEGIN", None)
            self._sent.append((Result(self), "BEGIN", b""))

    def end(self) -> None:
        """Read every result. Raises the first statement's error as psycopg's."""
        error: Exception | None = None
        self._pgconn.pipeline_sync()
        self._flush()
        for result, statement, _ in self._sent:
            found = self._next()
            if found.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED):
                if result is None:
                    self._known.pop(statement, None)  # it was not prepared after all
                if found.status == pq.ExecStatus.FATAL_ERROR and error is None:
                    error = errors.error_from_result(found, encoding="utf-8")
            elif result is not None:
                result.result = found
        self._next(separator=True)
        self._sent.clear()
        self._pgconn.exit_pipeline_mode()
        if isinstance(error, errors.InvalidSqlStatementName):
            self._known.clear()
        if error is not None:
            raise error

    def _next(self, *, separator: bool = False) -> pq.abc.PGresult:
        """The next statement's result; each is followed by an end mark, but for the synchronisation point."""
        found = self._get()
        if found is None:
            raise errors.OperationalError("the connection was lost in the middle of a pipeline")
        if not separator:
            self._get()
        return found

    def _get(self) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            self._wait(select.POLLIN)
            self._pgconn.consume_input()
        return self._pgconn.get_result()

    def _flush(self) -> None:
        while self._pgconn.flush():
            if self._wait(select.POLLIN | select.POLLOUT) & select.POLLIN:
                self._pgconn.consume_input()

    def _wait(self, events: int) -> int:
        """Wait for the socket, without the interpreter's lock."""
        poll = select.poll()
        poll.register(self._pgconn.socket, events)
        return poll.poll()[0][1]


def _dumped(value: Any) -> tuple[bytes | None, pq.Format]:
    if value is None:
        return None, _TEXT
    if (packed := arrays.dumped(value)) is not None:
        return packed, _BINARY
    match value:
        case bool():
            return (b"t" if value else b"f"), _TEXT
        case int():
            return str(value).encode(), _TEXT
        case str():
            return value.encode(), _TEXT
        case datetime():
            return value.isoformat().encode(), _TEXT
        case UUID():
            return str(value).encode(), _TEXT
        case bytes():
            return value, _BINARY
    raise TypeError(f"a pipeline takes no {type(value).__name__}; arrays are those of runtime.arrays")


@contextmanager
def pipelined() -> Iterator[Pipeline]:
    """Statements run inside are sent together; their rows can be read afterwards. Errors come out as Django's."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        pipeline = Pipeline(connection.connection)
        pipeline.begin()
        try:
            yield pipeline
        except BaseException:
            try:
                pipeline.end()
            except psycopg.Error:
                pass  # what went wrong first is what is told
            raise
        pipeline.end()
