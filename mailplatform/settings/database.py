"""A libpq connection string → Django's DATABASES entry, with the time-outs every connection of the house carries, and what its
statements are planned for on any server: pages that are read at random cost little (an SSD, or memory), compiling a statement
of a millisecond costs more than it saves, and a parallel plan takes processes from others."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from mailplatform.settings.defaults import Database


def connection_settings(dsn: str, limits: Database, application_name: str) -> dict[str, Any]:
    """The ``default`` entry. dsn: "host=… dbname=…" or a postgresql:// URL; what it says stands over our options."""
    parts = conninfo_to_dict(dsn)
    name = parts.pop("dbname", None) or "mailplatform"
    said = str(parts.pop("options", "") or "")
    timeouts = {
        "statement_timeout": limits.statement_timeout_seconds,
        "lock_timeout": limits.lock_timeout_seconds,
        "idle_in_transaction_session_timeout": limits.idle_transaction_timeout_seconds,
    }
    planned = ["-c jit=off", "-c random_page_cost=1.1", "-c max_parallel_workers_per_gather=0"]
    options = " ".join([*planned, *(f"-c {name}={int(seconds * 1000)}" for name, seconds in timeouts.items()), said]).strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "HOST": parts.pop("host", None) or "",
        "PORT": str(parts.pop("port", None) or ""),
        "USER": parts.pop("user", None) or "",
        "PASSWORD": parts.pop("password", None) or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {
            "application_name": f"mailplatform {application_name}",
            "connect_timeout": max(1, int(limits.connect_timeout_seconds)),
            "options": options,
            # Server-side cursors (psycopg.Cursor, used by hot statements) may prepare; the ORM binds in the client.
            "prepare_threshold": 5,
            **parts,
        },
    }
