"""`manage.py route`: smart hosts for mail to outside, by the sender's domain, the recipient's, or both."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext

from mailplatform.directory.values import CLI
from mailplatform.management.output import HouseCommand, password_from_stdin, verbs
from mailplatform.transport import routes

_COLUMNS = ("name", "sender_domain", "recipient_domain", "host", "port", "tls", "login")


class Command(HouseCommand):
    help = "Add, list and remove routes; a password is read from standard input and never shown."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        add = self.verb(verb, "add", "make a route; what waits is led anew")
        add.add_argument("name")
        add.add_argument("--host", default="", help="the smart host; without one mail goes by MX after all")
        add.add_argument("--port", type=int, default=0, help="usual: 25, 587 or 465")
        add.add_argument("--sender-domain", default="", help="for mail from this domain only")
        add.add_argument("--recipient-domain", default="", help="for mail to this domain only")
        add.add_argument("--tls", default="may", metavar="|".join(routes.TLS))
        add.add_argument("--login", default="", help="sign in there; the password is read from standard input")
        add.add_argument("--auth-without-tls", action="store_true", help="the password may travel in clear")
        add.add_argument("--retry-after", default="", metavar="5m,30m,2h", help="pauses of its own before each new attempt")
        self.verb(verb, "list", "list routes")
        self.verb(verb, "remove", "take a route away").add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "add":
                names = ("host", "port", "sender_domain", "recipient_domain", "tls", "login", "auth_without_tls")
                password = password_from_stdin() if options["login"] else ""
                given = {name: options[name] for name in names} | {"retry_after": routes.pauses(options["retry_after"])}
                info = routes.add_route(options["name"], password=password, actor=CLI, **given)
                self.show(info, gettext("The route %(name)s is there.") % {"name": info.name})
            case "list":
                self.show_list(routes.list_routes(), _COLUMNS)
            case "remove":
                routes.remove_route(options["name"], actor=CLI)
                words = {"name": options["name"]}
                self.show({"removed": options["name"]}, gettext("The route %(name)s is removed.") % words)
