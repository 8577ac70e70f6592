"""How the store runs its hot statements: the .sql files of this room on a psycopg cursor with server-side binding and
prepared plans, over Django's own connection, so that they share the caller's transaction with the ORM.

Invariant: errors come out as Django's (the bridge knows those), never as the driver's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection

from mailplatform.runtime import sqlfiles


def run(name: str, params: Mapping[str, Any] | None = None, *, binary: bool = False) -> list[tuple[Any, ...]]:
    """Run store/sql/<name>.sql and return all its rows. binary: results in the binary format, for packed columns."""
    return execute(sqlfiles.load("mailplatform.store", name), params, binary=binary)


def count(name: str, params: Mapping[str, Any] | None = None) -> int:
    """Run store/sql/<name>.sql and return how many rows it changed."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sqlfiles.load("mailplatform.store", name), params, prepare=True)
        return cursor.rowcount


def execute(
    statement: str, params: Mapping[str, Any] | None = None, *, binary: bool = False, prepare: bool = True
) -> list[tuple[Any, ...]]:
    """Run a statement that was composed (search) or read from a file."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, params, prepare=prepare, binary=binary)
        return cursor.fetchall() if cursor.description else []
