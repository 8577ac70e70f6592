"""`manage.py domain`: the names this house receives mail for."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext

from mailplatform.directory import domains
from mailplatform.directory.values import CLI
from mailplatform.management.output import HouseCommand, count, size, verbs

_COLUMNS = ("name", "alias_of", "enabled", "accounts", "addresses", "quota_bytes", "max_message_size")
_SIZES = ("quota_bytes", "account_quota_bytes", "max_message_size")
_COUNTS = ("quota_messages", "account_quota_messages", "max_recipients")


class Command(HouseCommand):
    help = "Add, list, show, change and remove the domains this house receives mail for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        add = self.verb(verb, "add", "receive mail for a domain")
        add.add_argument("name", help="the domain, such as example.org")
        add.add_argument("--alias-of", metavar="DOMAIN", help="another name for this domain: the same addresses")
        self._limits(add)
        self.verb(verb, "list", "list all domains")
        self.verb(verb, "show", "show one domain").add_argument("name")
        change = self.verb(verb, "set", "change what holds for a domain")
        change.add_argument("name")
        enabled = change.add_mutually_exclusive_group()
        enabled.add_argument("--enable", dest="enabled", action="store_true", default=None, help="receive mail again")
        enabled.add_argument("--disable", dest="enabled", action="store_false", default=None, help="refuse its mail as unknown")
        self._limits(change)
        self.verb(verb, "remove", "stop receiving for a domain that nothing lives in").add_argument("name")

    def _limits(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quota", dest="quota_bytes", metavar="SIZE", help="all its mailboxes together: 500G, none")
        parser.add_argument("--quota-messages", metavar="N", help="messages in all its mailboxes together")
        parser.add_argument("--mailbox-quota", dest="account_quota_bytes", metavar="SIZE", help="each mailbox without its own")
        parser.add_argument("--mailbox-quota-messages", dest="account_quota_messages", metavar="N")
        parser.add_argument("--max-message-size", metavar="SIZE", help="refuse larger mail to it")
        parser.add_argument("--max-recipients", metavar="N", help="recipients of one message")
        parser.add_argument("--separator", dest="subaddress_separator", metavar="CHAR", help="anna+detail: '+'; '' for none")
        parser.add_argument("--description", metavar="TEXT")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "add":
                info = domains.add_domain(options["name"], alias_of=options["alias_of"], actor=CLI, **_changes(options))
                self.show(info, gettext("The domain %(name)s is there.") % {"name": info.name})
            case "list":
                self.show_list(domains.list_domains(), _COLUMNS)
            case "show":
                self.show(domains.get_domain(options["name"]))
            case "set":
                info = domains.set_domain(options["name"], actor=CLI, **_changes(options))
                self.show(info, gettext("The domain %(name)s is changed.") % {"name": info.name})
            case "remove":
                domains.remove_domain(options["name"], actor=CLI)
                self.show({"removed": options["name"]}, gettext("The domain %(name)s is removed.") % {"name": options["name"]})


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for field in _SIZES:
        if options[field] is not None:
            changes[field] = size(options[field], field)
    for field in _COUNTS:
        if options[field] is not None:
            changes[field] = count(options[field], field)
    for field in ("subaddress_separator", "description", "enabled"):
        if options.get(field) is not None:
            changes[field] = options[field]
    return changes
