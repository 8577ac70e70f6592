"""Hot statements of who and what exists: .sql files on a psycopg cursor with server-side binding and prepared plans, over
Django's own connection, so that they share the caller's transaction. Planning one of them costs more than running it."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection

from mailplatform.runtime import sqlfiles


def run(package: str, name: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run <package>/sql/<name>.sql and return its rows. Raises Django's database errors, which the bridge knows."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(sqlfiles.load(package, name), params, prepare=True).fetchall()
