"""`manage.py organisation`: what holds for all people of the house, such as the language we write to them in."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext

from mailplatform.access import verifiers
from mailplatform.directory import organisations
from mailplatform.directory.values import CLI, Language
from mailplatform.management.output import HouseCommand, verbs

_COLUMNS = ("name", "language", "time_zone", "scram_for_passwords", "domains", "users")


class Command(HouseCommand):
    help = "List, show and change organisations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        self.verb(verb, "list", "list organisations")
        self.verb(verb, "show", "show one").add_argument("name", nargs="?", default="", help="without it: the first")
        change = self.verb(verb, "set", "change one")
        change.add_argument("name", nargs="?", default="", help="without it: the first")
        change.add_argument("--time-zone", default="", metavar="ZONE", help="of dates that people write, like Europe/Rome")
        change.add_argument("--language", metavar="|".join(Language), help="of reports and other mail of ours")

        change.add_argument(
            "--scram-for-passwords",
            choices=("on", "off"),
            help="let chosen passwords, too, be proved by SCRAM-SHA-256 without being sent (app passwords always can be); "
            "whoever steals the database can then try words against them faster than against argon2id",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "list":
                self.show_list(organisations.list_organisations(), _COLUMNS)
            case "show":
                self.show(organisations.get_organisation(options["name"]))
            case "set":
                self._set(options["name"], options["language"], options["scram_for_passwords"], options["time_zone"])

    def _set(self, name: str, language: str | None, scram: str | None, time_zone: str) -> None:
        words = ""
        info = organisations.get_organisation(name)
        if language is not None or time_zone:
            info = organisations.set_organisation(info.name, language=language, time_zone=time_zone, actor=CLI)
            words = gettext("The organisation %(name)s is changed.")
        if scram is not None:
            info = verifiers.keep_for_passwords(scram == "on", organisation=info.name, actor=CLI)
            words = f"{words} {_scram_words(scram == 'on')}".strip()
        self.show(info, words % {"name": info.name})


def _scram_words(on: bool) -> str:
    if not on:
        return gettext("Passwords of %(name)s are proved by sending them under TLS only; their verifiers are erased.")
    return gettext(
        "Passwords of %(name)s may be proved by SCRAM-SHA-256: each gets a verifier when it is set, or at its next sign-in. "
        "Whoever steals the database can try words against verifiers faster than against argon2id."
    )
