"""`manage.py mailbox`: accounts, as people call them, with their passwords and app passwords."""

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext, ngettext

from mailplatform.access import credentials, sending
from mailplatform.access.sending import SendingLimits
from mailplatform.access.values import Scope
from mailplatform.directory import accounts
from mailplatform.directory.names import names_of
from mailplatform.directory.quotas import limits
from mailplatform.directory.values import CLI, AccountKind, AccountState, Language, Pop3Delete, Role
from mailplatform.mailflow.accounts import close_account, open_account, open_accounts
from mailplatform.mailflow.limits import in_force
from mailplatform.management.csvfile import read_accounts
from mailplatform.management.output import HouseCommand, as_plain, count, password_from_stdin, size, verbs
from mailplatform.runtime.errors import Conflict, Malformed
from mailplatform.store.usage import usage

_COLUMNS = ("address", "name", "kind", "role", "state", "quota_bytes")
_APP_COLUMNS = ("label", "scopes", "created_at", "last_used_at", "last_used_from", "last_used_protocol")


class Command(HouseCommand):
    help = "Add, list, show, change and close mailboxes; set passwords and app passwords; say who sends as whom, and how much."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        add = self.verb(verb, "add", "open one mailbox, or all of a CSV file")
        add.add_argument("address", nargs="?", help="u1@example.org")
        add.add_argument(
            "--from-csv", metavar="FILE", help="columns address, name, quota, kind, role, password …; '-' reads input"
        )
        add.add_argument("--skip-existing", action="store_true", help="with --from-csv: pass over addresses that exist")
        add.add_argument("--kind", default=str(AccountKind.PERSONAL), metavar="|".join(AccountKind))
        self._password(add)
        self._columns(add)
        listing = self.verb(verb, "list", "list mailboxes")
        listing.add_argument("--domain", default="")
        listing.add_argument("--open", action="store_true", help="without the closed ones")
        self.verb(verb, "show", "show one mailbox").add_argument("address")
        change = self.verb(verb, "set", "change a mailbox")
        change.add_argument("address")
        change.add_argument("--state", metavar="|".join(AccountState), help="active brings a closed one back")
        change.add_argument("--pop3-delete", metavar="|".join(Pop3Delete), help="what becomes of mail that a POP3 client deletes")
        self._password(change)
        self._columns(change)
        self.verb(verb, "remove", "close a mailbox: nothing is lost, and set --state active undoes it").add_argument("address")
        app = self.verb(verb, "app-password", "passwords for single programs").add_subparsers(
            dest="app_verb", required=True, metavar="VERB"
        )
        draw = self.verb(app, "add", "draw a new one and show it once")
        draw.add_argument("address")
        draw.add_argument("--label", required=True, help="what it is for")
        draw.add_argument("--scope", action="append", default=[], metavar="|".join(Scope), help="only for this protocol")
        self.verb(app, "list", "list them, without their secrets").add_argument("address")
        take = self.verb(app, "remove", "take one away; who came in by it is put out")
        take.add_argument("address")
        take.add_argument("--label", required=True)
        self._sending(verb)

    def _sending(self, verb: Any) -> None:
        send = self.verb(verb, "send-as", "addresses somebody may send as beside their own").add_subparsers(
            dest="send_verb", required=True, metavar="VERB"
        )
        for name, meaning in (("add", "grant one"), ("remove", "take one away")):
            one = self.verb(send, name, meaning)
            one.add_argument("address", help="the mailbox")
            one.add_argument("as_address", metavar="AS", help="sales@example.org, or *@example.org for all of a domain")
        self.verb(send, "list", "list them, own addresses included").add_argument("address")
        most = self.verb(verb, "send-limits", "how much somebody may send; without options, show it")
        most.add_argument("address")
        for name in SendingLimits.__slots__:
            most.add_argument(f"--{name.replace('_', '-')}", metavar="N", help="none follows the site")

    def _password(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--password-stdin", action="store_true", help="the password is the first line of standard input")
        how.add_argument("--generate-password", action="store_true", help="draw a password and print it")

    def _columns(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", help="the name of the person or of the mailbox")
        parser.add_argument("--role", metavar="|".join(Role))
        parser.add_argument("--language", metavar="|".join(Language), help="of our mail to them; '' follows the organisation")
        parser.add_argument("--quota", dest="quota_bytes", metavar="SIZE", help="50G; none follows the domain")
        parser.add_argument("--quota-messages", metavar="N")
        parser.add_argument("--max-message-size", metavar="SIZE")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "add" if options["from_csv"]:
                self._add_many(options)
            case "add":
                self._add(options)
            case "list":
                self.show_list(accounts.list_accounts(domain=options["domain"], closed=not options["open"]), _COLUMNS)
            case "show":
                self._show_one(options["address"])
            case "set":
                self._set(options)
            case "remove":
                info = close_account(options["address"], actor=CLI)
                words = gettext(
                    "%(address)s is closed; its mail is kept, and `mailbox set %(address)s --state active` opens it again."
                )
                self.show(info, words % {"address": info.address})
            case "app-password":
                self._app_password(options)
            case "send-as":
                self._send_as(options)
            case "send-limits":
                self._send_limits(options)

    def _add(self, options: dict[str, Any]) -> None:
        if not options["address"]:
            raise Malformed(gettext("address: give one, or --from-csv FILE"), subject="address")
        password = self._given(options)
        columns = {"role": str(Role.EMPLOYEE), "name": "", **_columns(options)}
        info = open_account(options["address"], password=password, kind=options["kind"], actor=CLI, **columns)
        words = gettext("The mailbox %(address)s is open.") % {"address": info.address}
        if password is None and info.user_id is not None:
            words += " " + gettext("It has no password yet, so nobody can sign in.")
        self._show_with(info, words, password if options["generate_password"] else None)

    def _add_many(self, options: dict[str, Any]) -> None:
        if options["address"]:
            raise Malformed(gettext("address: stands in the file, not beside --from-csv"), subject="address")
        defaults = {"kind": options["kind"], **_columns(options)}
        rows, passwords = read_accounts(options["from_csv"], skip_existing=options["skip_existing"], defaults=defaults)
        common = self._given(options)
        shared = credentials.hashed(common) if common is not None else None
        encoded: list[str | None] = []
        for done, (row, password) in enumerate(zip(rows, passwords, strict=True), 1):
            own = credentials.hashed(password, login=row.address) if password else shared
            encoded.append(own if row.kind == AccountKind.PERSONAL else None)
            if password and done % 100 == 0:
                self._progress(gettext("%(done)d of %(all)d passwords hashed") % {"done": done, "all": len(rows)})

        def opened(done: int) -> None:
            self._progress(gettext("%(done)d of %(all)d mailboxes open") % {"done": done, "all": len(rows)})

        total = open_accounts(rows, encoded=encoded, progress=opened, actor=CLI)
        words = ngettext("%(count)d mailbox is open.", "%(count)d mailboxes are open.", total) % {"count": total}
        self._show_with({"opened": total}, words, common if options["generate_password"] else None)

    def _show_one(self, address: str) -> None:
        info = accounts.get_account(address)
        held, may = usage(info.id), limits([info.id])[info.id]
        self.show(
            {
                **as_plain(info),
                "used_bytes": held.bytes,
                "used_messages": held.messages,
                "quota_bytes_in_force": may.quota_bytes,
                "quota_messages_in_force": may.quota_messages,
            }
        )

    def _set(self, options: dict[str, Any]) -> None:
        address = options["address"]
        info = accounts.get_account(address)
        password = self._given(options)
        if password is not None and info.user_id is None:
            raise Conflict(gettext("password: only a personal mailbox has one"), subject="password")
        changes = _columns(options)
        if options["state"] is not None:
            changes["state"] = options["state"]
        if options["pop3_delete"] is not None:
            changes["pop3_delete"] = options["pop3_delete"]
        if changes:
            info = accounts.set_account(address, actor=CLI, **changes)
        if password is not None and info.user_id is not None:
            credentials.set_password(info.user_id, password, actor=CLI)
        words = gettext("%(address)s is changed.") % {"address": info.address}
        self._show_with(info, words, password if options["generate_password"] else None)

    def _app_password(self, options: dict[str, Any]) -> None:
        info = accounts.get_account(options["address"])
        if info.user_id is None:
            raise Conflict(gettext("address: only a personal mailbox has app passwords"), subject="address")
        words = {"address": info.address, "label": options.get("label", "")}
        match options["app_verb"]:
            case "add":
                drawn = credentials.add_app_password(info.user_id, options["label"], scopes=options["scope"], actor=CLI)
                sentence = gettext("App password %(label)s of %(address)s, shown this once:") % words
                self.show({**words, "password": drawn}, f"{sentence} {drawn}")
            case "list":
                self.show_list(credentials.list_app_passwords(info.user_id), _APP_COLUMNS)
            case "remove":
                credentials.remove_app_password(info.user_id, options["label"], actor=CLI)
                self.show({"removed": options["label"]}, gettext("App password %(label)s of %(address)s is gone.") % words)

    def _send_as(self, options: dict[str, Any]) -> None:
        info, user_id = self._sender(options["address"])
        match options["send_verb"]:
            case "add":
                written = sending.grant(user_id, options["as_address"], actor=CLI)
                words = gettext("%(address)s may send as %(as)s.") % {"address": info.address, "as": written}
                self.show({"address": info.address, "granted": written}, words)
            case "remove":
                written = sending.revoke(user_id, options["as_address"], actor=CLI)
                words = gettext("%(address)s may no longer send as %(as)s.") % {"address": info.address, "as": written}
                self.show({"address": info.address, "removed": written}, words)
            case "list":
                rows = [{"send_as": own, "granted": False} for own in sorted(names_of(info.id).addresses)]
                rows += [{"send_as": other, "granted": True} for other in sorted(sending.granted(user_id))]
                self.show_list(rows, ("send_as", "granted"))

    def _send_limits(self, options: dict[str, Any]) -> None:
        _, user_id = self._sender(options["address"])
        given = {name: options[name] for name in SendingLimits.__slots__ if options[name] is not None}
        if given:
            counted = {name: count(text, name) for name, text in given.items()}
            sending.set_limits(user_id, replace(sending.limits_of(user_id), **counted), actor=CLI)
        own = sending.limits_of(user_id)
        self.show(in_force(own))

    def _sender(self, address: str) -> tuple[accounts.AccountInfo, int]:
        info = accounts.get_account(address)
        if info.user_id is None:
            raise Conflict(gettext("address: only a personal mailbox has somebody who sends"), subject="address")
        return info, info.user_id

    def _given(self, options: dict[str, Any]) -> str | None:
        if options["generate_password"]:
            return credentials.generated()
        return password_from_stdin() if options["password_stdin"] else None

    def _show_with(self, value: Any, sentence: str, password: str | None) -> None:
        if password is None:
            self.show(value, sentence)
        else:
            self.show({**as_plain(value), "password": password}, f"{sentence} {gettext('Password:')} {password}")

    def _progress(self, words: str) -> None:
        if not self.as_json:
            self.stderr.write(words)


def _columns(options: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {field: options[field] for field in ("name", "role", "language") if options[field] is not None}
    for field in ("quota_bytes", "max_message_size"):
        if options[field] is not None:
            columns[field] = size(options[field], field)
    if options["quota_messages"] is not None:
        columns["quota_messages"] = count(options["quota_messages"], "quota_messages")
    return columns
