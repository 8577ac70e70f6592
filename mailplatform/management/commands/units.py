"""``manage.py units``: listed here for ``manage.py help``; manage.py runs it before Django exists (supervisor/commands.py)."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from mailplatform.supervisor.commands import main


class Command(BaseCommand):
    help = "Write systemd units from the service table."

    def run_from_argv(self, argv: list[str]) -> None:
        sys.exit(main(argv))

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(main(["manage.py", "units", *args]))
