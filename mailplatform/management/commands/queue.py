"""`manage.py queue`: what waits to be delivered, here and outside, and what people do about it."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext, ngettext

from mailplatform.directory.values import CLI
from mailplatform.mailflow import upkeep
from mailplatform.management.output import HouseCommand, as_json, as_plain, verbs
from mailplatform.transport import queue
from mailplatform.transport.queue import Chosen

_COLUMNS = ("id", "state", "recipient", "sender", "destination", "attempts", "due_at", "reason")


class Command(HouseCommand):
    help = "List, show, retry, hold, release and delete what waits in the queue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        listing = self.verb(verb, "list", "list what waits, oldest first")
        listing.add_argument("ids", nargs="*", metavar="ID", help="numbers of items, or trace ids")
        listing.add_argument("--limit", type=int, default=queue.MOST)
        _filters(listing)
        self.verb(verb, "show", "show one item, or all of one message").add_argument("id")
        for name, meaning in (
            ("retry", "try again now what waits for its time"),
            ("hold", "keep items from being tried"),
            ("release", "let held items go"),
            ("delete", "take items out; nobody is told"),
        ):
            command = self.verb(verb, name, meaning)
            command.add_argument("ids", nargs="*", metavar="ID", help="numbers of items, or trace ids")
            command.add_argument("--all", action="store_true", help="everything that fits nothing else")
            _filters(command)
            if name == "hold":
                command.add_argument("--why", default="", help="the reason, for those who find it")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "list":
                self.show_list(queue.list_items(_chosen(options), limit=options["limit"]), _COLUMNS)
            case "show":
                self._show(options["id"])
            case "retry":
                done = queue.retry(_chosen(options), actor=CLI)
                upkeep.wake()
                self._done(done, ngettext("%(count)d item is tried now.", "%(count)d items are tried now.", done))
            case "hold":
                done = queue.hold(_chosen(options), options["why"], actor=CLI)
                self._done(done, ngettext("%(count)d item is held.", "%(count)d items are held.", done))
            case "release":
                done = queue.release(_chosen(options), actor=CLI)
                upkeep.wake()
                self._done(done, ngettext("%(count)d item is released.", "%(count)d items are released.", done))
            case "delete":
                done = queue.delete(_chosen(options), actor=CLI)
                self._done(done, ngettext("%(count)d item is deleted.", "%(count)d items are deleted.", done))

    def _show(self, text: str) -> None:
        found = queue.get(text)
        if self.as_json:
            self.stdout.write(as_json([as_plain(item) for item in found]))
            return
        for item in found:
            self.show(item)
            self.stdout.write("")
        self.stdout.write(gettext("manage.py trace --id %(trace_id)s tells the rest.") % {"trace_id": found[0].trace_id})

    def _done(self, count: int, words: str) -> None:
        self.show({"items": count}, words % {"count": count})


def _filters(parser: ArgumentParser) -> None:
    parser.add_argument("--destination", default="", help="a domain, or a smart host")
    parser.add_argument("--sender", default="", help="an address, @domain, or <> for reports")
    parser.add_argument("--reason", default="", help="a part of what was said last, or of the hold's reason")
    parser.add_argument("--state", default="", help="ready, leased, deferred or held")


def _chosen(options: dict[str, Any]) -> Chosen:
    given = (options["destination"], options["sender"], options["reason"], options["state"])
    return Chosen(tuple(options["ids"]), *given, everything=options.get("all", False))
