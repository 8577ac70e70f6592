"""`manage.py domain_administrator`: who looks after which domains."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext

from mailplatform.directory import administrators
from mailplatform.directory.values import CLI
from mailplatform.management.output import HouseCommand, verbs


class Command(HouseCommand):
    help = "Give people domains to look after in the administrators' web, take them away, list them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        for name, meaning in (("appoint", "give somebody a domain to look after"), ("dismiss", "take a domain away again")):
            one = self.verb(verb, name, meaning)
            one.add_argument("login")
            one.add_argument("domain")
        self.verb(verb, "list", "list who looks after a domain").add_argument("domain")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            self.show_list([{"login": login} for login in administrators.administrators_of(options["domain"])], ("login",))
            return
        act = administrators.appoint if options["verb"] == "appoint" else administrators.dismiss
        left = act(options["login"], options["domain"], actor=CLI)
        words = {"login": options["login"], "domains": ", ".join(left) or gettext("no domain")}
        self.show({"login": options["login"], "domains": left}, gettext("%(login)s looks after: %(domains)s.") % words)
