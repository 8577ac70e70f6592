"""Hot statements use indexes: each .sql file is EXPLAINed over filled tables, and a scan of a whole table is refused.

A file's header says `-- explain: {"name": value, …}`: sample parameters as one line of JSON (bytes as {"hex": "00ff"}, a
moment so many seconds ago as {"ago": 60}).
A scan that is wanted says so: `-- scans: <table>: <reason>`.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mailplatform.runtime import sqlfiles
from tests.architecture.source import PRODUCT, ROOT, name
from tests.support.fill import fill

FILES = sorted(path for folder in PRODUCT for path in (ROOT / folder).rglob("sql/*.sql"))
BIG = 5_000


@pytest.fixture(scope="module")
def filled(databases, django_db_blocker):
    """A database where every table of ours has thousands of rows; (connection, rows a table)."""
    database = databases.clone("explain")
    with psycopg.connect(databases.dsn_of(database), autocommit=True) as connection:
        yield connection, fill(connection, rows=10_000)
    databases.drop(database)


def _headers(path: Path, word: str) -> list[str]:
    lines = path.read_text("utf-8").splitlines()
    return [line.split(":", 1)[1].strip() for line in lines if line.startswith(f"-- {word}:")]


def _sample(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"hex"}:
        return bytes.fromhex(value["hex"])
    if isinstance(value, dict) and set(value) == {"ago"}:
        return datetime.now(UTC) - timedelta(seconds=value["ago"])
    return [_sample(item) for item in value] if isinstance(value, list) else value


def _scanned(plan: dict[str, Any]) -> set[str]:
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found.union(*(_scanned(child) for child in plan.get("Plans", ())))


def test_there_are_statements() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_statement_scans_a_big_table(path: Path, filled) -> None:
    connection, rows = filled
    samples = _headers(path, "explain")
    assert len(samples) == 1, "the header needs one line '-- explain: {…}'"
    params = {key: _sample(value) for key, value in json.loads(samples[0]).items()}
    package = ".".join(path.parent.parent.relative_to(ROOT).parts)
    statement = sqlfiles.load(package, path.stem)
    (plans,) = connection.execute("EXPLAIN (FORMAT JSON) " + statement, params).fetchone()
    allowed = {line.split(":")[0].strip() for line in _headers(path, "scans")}
    scanned = {table for plan in plans for table in _scanned(plan["Plan"])}
    assert {table for table in scanned if rows.get(table, 0) >= BIG} - allowed == set()
