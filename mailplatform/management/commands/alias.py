"""`manage.py alias`: addresses that lead to other addresses, here or outside, catch-alls ('*@domain'), and addresses whose
mail is thrown away."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext

from mailplatform.directory import addresses
from mailplatform.directory.values import CLI
from mailplatform.management.output import HouseCommand, verbs

_COLUMNS = ("address", "kind", "enabled", "targets")


class Command(HouseCommand):
    help = "Add, list, show, change and remove aliases; '*@domain' is what no other address of the domain answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        add = self.verb(verb, "add", "make an alias")
        add.add_argument("address", help="info@example.org, or '*@example.org' for all the rest")
        add.add_argument("targets", nargs="*", metavar="TARGET", help="addresses it leads to; outside ones make it a forward")
        add.add_argument("--to", dest="more", action="append", default=[], metavar="TARGET", help="the same, by name")
        add.add_argument("--discard", action="store_true", help="accept its mail and throw it away")
        listing = self.verb(verb, "list", "list aliases")
        listing.add_argument("--domain", default="")
        self.verb(verb, "show", "show one alias").add_argument("address")
        change = self.verb(verb, "set", "change where an alias leads")
        change.add_argument("address")
        change.add_argument("--to", dest="targets", action="append", metavar="TARGET", help="lead here and nowhere else")
        change.add_argument("--add", action="append", default=[], metavar="TARGET", help="lead here too")
        change.add_argument("--drop", action="append", default=[], metavar="TARGET", help="lead here no more")
        enabled = change.add_mutually_exclusive_group()
        enabled.add_argument("--enable", dest="enabled", action="store_true", default=None)
        enabled.add_argument("--disable", dest="enabled", action="store_false", default=None)
        self.verb(verb, "remove", "take an alias away").add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "add":
                self._add(options)
            case "list":
                self.show_list(addresses.list_addresses(domain=options["domain"]), _COLUMNS)
            case "show":
                self.show(addresses.get_address(options["address"]))
            case "set":
                self._set(options)
            case "remove":
                addresses.remove_address(options["address"], actor=CLI)
                self.show({"removed": options["address"]}, gettext("%(address)s is removed.") % {"address": options["address"]})

    def _add(self, options: dict[str, Any]) -> None:
        address, targets = options["address"], [*options["targets"], *options["more"]]
        if options["discard"]:
            info = addresses.add_discard(address, actor=CLI)
            self.show(info, gettext("Mail to %(address)s is thrown away.") % {"address": info.address})
            return
        if address.startswith("*@"):
            info = addresses.add_catch_all(address[2:], targets, actor=CLI)
        elif addresses.leads_outside(targets):
            info = addresses.add_forward(address, targets, actor=CLI)
        else:
            info = addresses.add_alias(address, targets, actor=CLI)
        self.show(
            info, gettext("%(address)s leads to %(targets)s.") % {"address": info.address, "targets": ", ".join(info.targets)}
        )

    def _set(self, options: dict[str, Any]) -> None:
        info = addresses.get_address(options["address"])
        if options["targets"] is not None or options["add"] or options["drop"]:
            info = addresses.set_targets(
                options["address"], replace=options["targets"], add=options["add"], remove=options["drop"], actor=CLI
            )
        if options["enabled"] is not None:
            info = addresses.set_address(options["address"], enabled=options["enabled"], actor=CLI)
        self.show(info, gettext("%(address)s is changed.") % {"address": info.address})
