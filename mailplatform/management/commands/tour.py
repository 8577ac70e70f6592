"""`manage.py tour`: each claim of the README with the line that shows it, ready to be pasted, for this very instance."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import NoReverseMatch, reverse

from mailplatform.demo import tour
from mailplatform.runtime import clock
from mailplatform.settings.site import CODE
from mailplatform.supervisor.home import INSTANCES

PAGES = ("domains", "mailboxes", "aliases", "groups", "autoresponders", "networks", "sessions", "queue", "messages", "audit")


class Command(BaseCommand):
    help = "Print what there is to be seen, with a command or a link that shows it, ready to be pasted."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON array of claim, command, link, shows, exit")

    def handle(self, *args: Any, **options: Any) -> None:
        home = settings.SITE.home
        try:
            told = json.loads((home / "endpoints.json").read_text("utf-8"))
        except (OSError, ValueError):
            raise CommandError(f"nothing runs in {home}: `make up` first") from None
        if not told["accounts"]:
            raise CommandError(f"{home} has no demonstration: `make up` in an empty home makes one")
        usual = home == CODE / "var" or home.parent == INSTANCES
        where = "" if usual else f" --home {home}"
        place = tour.Place(home, f".venv/bin/python manage.py{where}", told, dict(_pages()), f"{clock.now():%H%M%S}")
        found = list(tour.lines(place))
        if options["json"]:
            self.stdout.write(json.dumps([asdict(line) for line in found], ensure_ascii=False, indent=1))
            return
        for line in found:
            self.stdout.write(f"\n{line.claim}\n    {line.command or line.link}")
        self.stdout.write("")


def _pages() -> list[tuple[str, str]]:
    """Pages of the administrators' web, those that it has: name → path."""
    found = []
    for name in PAGES:
        try:
            found.append((name, reverse(f"webadmin:{name}")))
        except NoReverseMatch:
            continue
    return found
