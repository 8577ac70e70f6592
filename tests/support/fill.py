"""Fills every table of a database with plausible rows, so that the planner plans as it would on a site that has grown.

Values follow from a column's type and name; foreign keys and checks are not honoured, so the database serves EXPLAIN only.
"""

import psycopg
from psycopg import sql

OWNERS = 100  # accounts among which rows are spread
FOLDERS = 500
TYPES = {
    "smallint": "(g %% 5)::smallint",
    "integer": "g",
    "bigint": "g",
    "boolean": "g %% 10 = 0",
    "text": "'x' || g",
    "character varying": "'x' || g",
    "bytea": "sha256(g::text::bytea)",
    "timestamp with time zone": "now() - g * interval '1 minute'",
    "timestamp without time zone": "localtimestamp - g * interval '1 minute'",
    "date": "current_date - g",
    "uuid": "md5(g::text)::uuid",
    "jsonb": "'{}'::jsonb",
    "double precision": "g::float8",
    "real": "g::real",
    "numeric": "g::numeric",
    "inet": "'192.0.2.1'::inet",
}

COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.atttypmod, a.attgenerated <> '' OR a.attidentity = 'a'
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'django_%' AND NOT c.relispartition
ORDER BY c.relname, a.attnum
"""
CHECKS = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conparentid = 0 AND coninhcount = 0
"""


def fill(connection: psycopg.Connection, *, rows: int) -> dict[str, int]:
    """Insert `rows` rows into each table that takes them; answers how many each has then."""
    connection.execute("SET session_replication_role = replica")  # no foreign keys
    for table, check in connection.execute(CHECKS).fetchall():
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(check)))
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind, modifier, generated in connection.execute(COLUMNS).fetchall():
        if not generated:
            tables.setdefault(table, []).append((column, _expression(column, kind, modifier)))
    counts = {}
    for table, columns in tables.items():
        statement = sql.SQL(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM generate_series(1, %s) g ON CONFLICT DO NOTHING"
        )
        names = sql.SQL(", ").join(sql.Identifier(column) for column, _ in columns)
        values = sql.SQL(", ").join(sql.SQL(expression) for _, expression in columns)
        connection.execute(statement.format(sql.Identifier(table), names, values), [rows])
        counts[table] = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()[0]
    connection.execute("ANALYZE")
    connection.execute("SET session_replication_role = origin")
    return counts


def _expression(column: str, kind: str, modifier: int) -> str:
    if kind.endswith("[]"):
        return f"'{{}}'::{kind}"
    if column in ("account_id", "owner_id", "domain_id"):
        return f"1 + g %% {OWNERS}"
    if column == "folder_id":
        return f"1 + g %% {FOLDERS}"
    if kind == "character varying" and modifier > 4:
        short = modifier < 14  # a kind or a state
        return f"left({'(g %% 5)::text' if short else TYPES[kind]}, {modifier - 4})"
    return TYPES.get(kind, "NULL")
