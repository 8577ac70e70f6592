"""``manage.py prepare``: what ``up`` does before it starts roles, for units and containers: home, secrets, certificate, schema,
and the rights of each role's Postgres user. May be run again at any time; run it after each upgrade, before roles start.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from mailplatform.settings.process import grant, migrate
from mailplatform.supervisor import home as homes


class Command(BaseCommand):
    help = "Make ready what roles need: home, secrets, certificate, schema, rights."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rights-only", action="store_true", help="only the rights of the roles' Postgres users")

    def handle(self, *args: Any, rights_only: bool, **options: Any) -> None:
        site = settings.SITE
        if site.embedded_database:
            raise CommandError(f"{site.path} names no database: `manage.py up` prepares and starts the embedded one by itself")
        try:
            if not rights_only:
                homes.furnish(site.home, None)
                homes.furnish_sockets(site)
                self.stdout.write(f"certificate: {homes.certificate(site)}")
                done = migrate()
                self.stdout.write(f"schema: {done['database']} on Postgres {done['server']}")
            if site.has_role_users:
                if rights_only:
                    grant()
                self.stdout.write("rights: each role has what docker/postgres/roles.sql says")
        except (homes.HomeError, OperationalError) as error:
            raise CommandError(str(error).strip()) from None
