"""`manage.py network`: named networks, and who may come in from which of them."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext

from mailplatform.access import networks
from mailplatform.access.admission import PROTOCOLS
from mailplatform.access.networks import ALL
from mailplatform.access.subjects import EVERYONE, Whose
from mailplatform.directory.values import CLI
from mailplatform.management.output import HouseCommand, verbs

_COLUMNS = ("name", "cidrs", "used_by", "description")
_RULE_COLUMNS = ("level", "subject", "protocol", "networks")


class Command(HouseCommand):
    help = "Name networks, and say from which of them a user, a group, a domain or everybody may come in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        add = self.verb(verb, "add", "name a network")
        add.add_argument("name")
        add.add_argument("cidrs", nargs="+", metavar="CIDR", help="192.0.2.0/24, 2001:db8::/32, or an address")
        add.add_argument("--description", default="")
        self.verb(verb, "list", "list networks")
        self.verb(verb, "show", "show one network and who uses it").add_argument("name")
        change = self.verb(verb, "set", "change a network")
        change.add_argument("name")
        change.add_argument("--cidr", dest="cidrs", action="append", metavar="CIDR", help="these and no others")
        change.add_argument("--add", action="append", default=[], metavar="CIDR")
        change.add_argument("--remove", action="append", default=[], metavar="CIDR")
        change.add_argument("--description")
        _force(change)
        self.verb(verb, "remove", "take away a network that nobody uses").add_argument("name")
        rules = self.verb(verb, "rules", "list the rules: who may come in from where")
        _whose(rules, required=False)
        allow = self.verb(verb, "allow", "let somebody in from a network; others then no longer do, for these protocols")
        clear = self.verb(verb, "clear", "take rules of somebody away")
        for one in (allow, clear):
            _whose(one)
            words = f"{', '.join(PROTOCOLS)}, or {ALL}: those that no other rule of theirs names"
            one.add_argument("--protocol", dest="protocols", action="append", default=[], help=words)
            _force(one)
        allow.add_argument("--network", dest="networks", action="append", required=True, help="its name, anywhere, or nowhere")
        clear.add_argument("--network", dest="networks", action="append", default=[], help="only rules that name this one")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "add":
                info = networks.add_network(options["name"], options["cidrs"], description=options["description"], actor=CLI)
                self.show(info, gettext("The network %(name)s is there.") % {"name": info.name})
            case "list":
                self.show_list(networks.list_networks(), _COLUMNS)
            case "show":
                self.show(networks.get_network(options["name"]))
            case "set":
                given = {name: options[name] for name in ("cidrs", "add", "remove", "description", "force")}
                info = networks.set_network(options["name"], **given, actor=CLI)
                self.show(info, gettext("The network %(name)s is changed.") % {"name": info.name})
            case "remove":
                networks.remove_network(options["name"], actor=CLI)
                words = gettext("The network %(name)s is removed.") % {"name": options["name"]}
                self.show({"removed": options["name"]}, words)
            case "rules":
                self.show_list(networks.list_rules(_named(options)), _RULE_COLUMNS)
            case "allow" | "clear":
                act = networks.allow if options["verb"] == "allow" else networks.clear
                whose = _named(options) or EVERYONE
                rules = act(whose, options["networks"], options["protocols"], actor=CLI, force=options["force"])
                self.show_list(rules, _RULE_COLUMNS)


def _whose(parser: ArgumentParser, *, required: bool = True) -> None:
    which = parser.add_mutually_exclusive_group(required=required)
    which.add_argument("--user", metavar="ADDRESS")
    which.add_argument("--group", metavar="ADDRESS", help="its members, those of groups in it as well")
    which.add_argument("--domain", metavar="NAME", help="those whose login is in it")
    which.add_argument("--everyone", action="store_true", help="all of the organisation")


def _force(parser: ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="even if no administrator can come in to the web any more")


def _named(options: dict[str, Any]) -> Whose | None:
    if options["everyone"]:
        return EVERYONE
    return next((Whose(level, options[level]) for level in ("user", "group", "domain") if options[level]), None)
