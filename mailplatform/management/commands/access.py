"""`manage.py access`: would somebody come in, and why (not); who is kept waiting after wrong passwords."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import ngettext

from mailplatform.access import explain, failures
from mailplatform.access.admission import PROTOCOLS
from mailplatform.directory.values import CLI
from mailplatform.management.output import HouseCommand, verbs

_COLUMNS = ("login", "network", "state", "failures", "last_at", "last_address", "last_protocol", "shut_until")


class Command(HouseCommand):
    help = "Explain whether somebody could sign in; list and clear lock-outs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        test = self.verb(verb, "test", "would this user come in from there by this protocol, their password being right; and why")
        test.add_argument("user", metavar="USER")
        test.add_argument("--from", dest="address", required=True, metavar="IP", help="the client's address")
        test.add_argument("--protocol", required=True, help=", ".join(PROTOCOLS))
        lockouts = self.verb(verb, "lockouts", "wrong passwords of late").add_subparsers(
            dest="lockout_verb", required=True, metavar="VERB"
        )
        self.verb(lockouts, "list", "who is throttled, who is locked out").add_argument("--user", default="", metavar="ADDRESS")
        clear = self.verb(lockouts, "clear", "forget wrong passwords, and open what they shut")
        which = clear.add_mutually_exclusive_group(required=True)
        which.add_argument("--user", default="", metavar="ADDRESS")
        which.add_argument("--network", default="", metavar="NETWORK", help="as `list` writes it")
        which.add_argument("--all", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "test":
            answer = explain.explain(options["user"], client_address=options["address"], protocol=options["protocol"])
            self.show(answer, explain.words(answer))
        elif options["lockout_verb"] == "list":
            self.show_list(failures.list_failures(options["user"]), _COLUMNS)
        else:
            done = failures.clear_failures(login=options["user"], network=options["network"], actor=CLI)
            words = ngettext("%(count)d count is forgotten.", "%(count)d counts are forgotten.", done)
            self.show({"cleared": done}, words % {"count": done})
