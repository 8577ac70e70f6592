"""`manage.py organisation`: what holds for all people of the house, such as the language we write to them in."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext

from mailplatform.directory import organisations
from mailplatform.directory.values import CLI, Language
from mailplatform.management.output import HouseCommand, verbs

_COLUMNS = ("name", "language", "domains", "users")


class Command(HouseCommand):
    help = "List, show and change organisations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        self.verb(verb, "list", "list organisations")
        self.verb(verb, "show", "show one").add_argument("name", nargs="?", default="", help="without it: the first")
        change = self.verb(verb, "set", "change one")
        change.add_argument("name", nargs="?", default="", help="without it: the first")
        change.add_argument("--language", required=True, metavar="|".join(Language), help="of reports and other mail of ours")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "list":
                self.show_list(organisations.list_organisations(), _COLUMNS)
            case "show":
                self.show(organisations.get_organisation(options["name"]))
            case "set":
                info = organisations.set_organisation(options["name"], language=options["language"], actor=CLI)
                self.show(info, gettext("The organisation %(name)s is changed.") % {"name": info.name})
