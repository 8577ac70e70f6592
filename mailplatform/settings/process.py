"""What a process of the house does first: load Django once (the nursery), and become one role (each fork).

The supervisor calls these by dotted path, since it knows no Django.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from mailplatform.runtime import clock, log
from mailplatform.trace import partitions

HOT_TABLES = Path(__file__).with_name("hot_tables.sql")


def load_house() -> None:
    """Settings and all apps, no connection."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailplatform.settings.computed")
    django.setup()


def enter_role(role: str) -> None:
    """Be that role in logs and in pg_stat_activity."""
    os.environ["MAILPLATFORM_ROLE"] = role
    log.set_up(role, level=settings.SITE.log.level, json_lines=settings.SITE.log.format == "json")
    if settings.SITE.testing.clock:
        clock.use_offset_file(settings.SITE.home / "run" / "clock")
    connections.settings["default"]["OPTIONS"]["application_name"] = f"mailplatform {role}"


def migrate() -> dict[str, Any]:
    """Bring the schema up to date, and tell autovacuum about hot tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '10s'")
        cursor.execute("SET statement_timeout = 0")
    call_command("migrate", interactive=False, verbosity=1)
    partitions.ensure()
    with connection.cursor() as cursor:
        for statement in hot_table_statements():
            cursor.execute(statement)
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    connections.close_all()
    return {"server": version, "database": settings.DATABASES["default"]["NAME"]}


def hot_table_statements() -> list[str]:
    """The statements of hot_tables.sql, without comments."""
    lines = [line.split("--")[0].rstrip() for line in HOT_TABLES.read_text("utf-8").splitlines()]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]
