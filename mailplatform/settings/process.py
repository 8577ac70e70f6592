"""What a process of the house does first: load Django once (the nursery), and become one role (each fork).

The supervisor calls these by dotted path, since it knows no Django.
"""

from __future__ import annotations

import ipaddress
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction

from mailplatform.runtime import clock, health, log
from mailplatform.runtime.database import answers
from mailplatform.settings.database import connection_settings
from mailplatform.settings.site import CODE, server_address
from mailplatform.supervisor.services import table
from mailplatform.trace import partitions

RIGHTS = CODE / "docker" / "postgres" / "roles.sql"
HOT_TABLES = Path(__file__).with_name("hot_tables.sql")


def load_house() -> None:
    """Settings and all apps, no connection."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailplatform.settings.computed")
    django.setup()


def enter_role(role: str, number: int = -1, *, listen: bool = False) -> Callable[[], None]:
    """Be that role in logs, at the database and to whoever asks for its health. Returns what to call when it serves.

    number: which process of the role; -1 is none of them (a command), and nobody asks for its health. listen: alone in its
    container, it answers on ``[metrics] listen`` too.
    """
    site = settings.SITE
    os.environ["MAILPLATFORM_ROLE"] = role
    log.set_up(role, level=site.log.level, json_lines=site.log.format == "json")
    if site.testing.clock:
        clock.use_offset_file(site.home / "run" / "clock")
    connections.settings["default"].update(connection_settings(site.dsn_of(role), site.database, role))
    if number < 0 or role == "web":  # the web's workers are processes of their own, and begin to answer themselves
        return lambda: None
    return answer_for(role, number, listen=listen).ready


def answer_for(role: str, number: int, *, listen: bool = False) -> health.Health:
    """Begin to answer questions about this process's health. What cannot be opened is logged; the mail goes on without."""
    site = settings.SITE
    mine = health.begin(role, str(number))
    service = next((one for one in table(site) if one.name == role), None)
    if service is not None and service.connections:
        mine.needs("database", answers)
    address = server_address(site.metrics.listen) if listen and site.metrics.listen else None
    networks = [ipaddress.ip_network(text) for text in site.metrics.networks]
    try:
        site.sockets_dir.mkdir(mode=0o700, exist_ok=True)
        health.serve(mine, site.status_socket(role, number), address, networks)
    except OSError as error:
        logging.getLogger(__name__).error("nobody can ask for the health of %s %d: %s", role, number, error)
    return mine


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
    if settings.SITE.has_role_users:
        grant()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    connections.close_all()
    return {"server": version, "database": settings.DATABASES["default"]["NAME"]}


def grant() -> None:
    """Give each role's Postgres user what it needs, and nothing more; as the owner, who makes those that are missing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(RIGHTS.read_text("utf-8"))


def hot_table_statements() -> list[str]:
    """The statements of hot_tables.sql, without comments."""
    lines = [line.split("--")[0].rstrip() for line in HOT_TABLES.read_text("utf-8").splitlines()]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]
