"""`manage.py group`: one address, many members."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext, ngettext

from mailplatform.directory import groups
from mailplatform.directory.values import CLI, Posting
from mailplatform.management.output import HouseCommand, verbs

_COLUMNS = ("address", "name", "posting", "enabled", "targets")


class Command(HouseCommand):
    help = "Add, list, show, change and remove groups."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        add = self.verb(verb, "add", "make a group")
        add.add_argument("address")
        add.add_argument("members", nargs="*", metavar="MEMBER", help="addresses, here or outside")
        add.add_argument("--member", dest="more", action="append", default=[], metavar="MEMBER", help="the same, by name")
        add.add_argument("--name", default="")
        add.add_argument("--posting", default=str(Posting.ANYONE), metavar="|".join(Posting), help="who may write to it")
        listing = self.verb(verb, "list", "list groups")
        listing.add_argument("--domain", default="")
        self.verb(verb, "show", "show one group and its members").add_argument("address")
        change = self.verb(verb, "set", "change a group")
        change.add_argument("address")
        change.add_argument("--name")
        change.add_argument("--posting", metavar="|".join(Posting))
        change.add_argument("--member", dest="members", action="append", metavar="MEMBER", help="these members and no others")
        change.add_argument("--add-member", action="append", default=[], metavar="MEMBER")
        change.add_argument("--remove-member", action="append", default=[], metavar="MEMBER")
        enabled = change.add_mutually_exclusive_group()
        enabled.add_argument("--enable", dest="enabled", action="store_true", default=None)
        enabled.add_argument("--disable", dest="enabled", action="store_false", default=None)
        self.verb(verb, "remove", "take a group away; its members stay").add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "add":
                members = [*options["members"], *options["more"]]
                info = groups.add_group(options["address"], members, name=options["name"], posting=options["posting"], actor=CLI)
                words = {"address": info.address, "count": len(info.targets)}
                said = ngettext(
                    "The group %(address)s is there, with %(count)d member.",
                    "The group %(address)s is there, with %(count)d members.",
                    len(info.targets),
                )
                self.show(info, said % words)
            case "list":
                self.show_list(groups.list_groups(domain=options["domain"]), _COLUMNS)
            case "show":
                self.show(groups.get_group(options["address"]))
            case "set":
                info = groups.set_group(
                    options["address"],
                    name=options["name"],
                    posting=options["posting"],
                    enabled=options["enabled"],
                    members=options["members"],
                    add=options["add_member"],
                    remove=options["remove_member"],
                    actor=CLI,
                )
                self.show(info, gettext("The group %(address)s is changed.") % {"address": info.address})
            case "remove":
                groups.remove_group(options["address"], actor=CLI)
                words = {"address": options["address"]}
                self.show({"removed": options["address"]}, gettext("The group %(address)s is removed.") % words)
