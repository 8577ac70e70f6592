"""`manage.py sessions`: who is connected now, from where and doing what, and how to end it."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext, ngettext

from mailplatform.access import living
from mailplatform.directory.values import CLI
from mailplatform.management.output import HouseCommand, verbs
from mailplatform.runtime.errors import Malformed

_COLUMNS = (
    "id",
    "protocol",
    "state",
    "login",
    "folder",
    "client",
    "tls",
    "address",
    "since",
    "seen_at",
    "octets_in",
    "octets_out",
)


class Command(HouseCommand):
    help = "List the connections that live now, of all processes and machines, and end them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        listing = self.verb(verb, "list", "list connections, the oldest first")
        listing.add_argument("--user", default="", metavar="ADDRESS")
        listing.add_argument("--protocol", default="", help="imap, pop3, submission, web ...")
        end = self.verb(verb, "end", "end connections, each with its protocol's goodbye")
        which = end.add_mutually_exclusive_group(required=True)
        which.add_argument("--id", dest="ids", action="append", type=int, metavar="N", help="this one, as `list` calls it")
        which.add_argument("--user", "--all-of", dest="user", metavar="ADDRESS", help="all of a user")
        end.add_argument("--protocol", default="", help="with --user: only these")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            self.show_list(living.list_sessions(login=options["user"], protocol=options["protocol"]), _COLUMNS)
            return
        if options["ids"]:
            if options["protocol"]:
                raise Malformed(gettext("protocol: goes with --user"), subject="protocol")
            done = living.end_sessions(options["ids"], actor=CLI)
        else:
            done = living.end_all(options["user"], protocol=options["protocol"], actor=CLI)
        words = ngettext("%(count)d session is told to end.", "%(count)d sessions are told to end.", done)
        self.show({"ended": done}, words % {"count": done})
