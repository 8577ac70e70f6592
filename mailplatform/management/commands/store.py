"""`manage.py store`: prove that what is kept is whole, repair counters when asked, take mail in from files."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from mailplatform.continuity import interchange
from mailplatform.directory import accounts
from mailplatform.directory.values import CLI
from mailplatform.mailflow import arrivals
from mailplatform.management.output import HouseCommand, verbs
from mailplatform.store import verify
from mailplatform.store.values import Actor

_TELL_EVERY = 0.2  # seconds, at a terminal; elsewhere a line now and then
_LINE_EVERY = 5.0


class Command(HouseCommand):
    help = "Verify the mail store, and import mail from mbox, Maildir and .eml files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        check = self.verb(verb, "verify", "prove that every message has its bytes and every counter is right; repairs nothing")
        check.add_argument("--account", default="", metavar="ADDRESS", help="this mailbox only")
        check.add_argument("--fast", action="store_true", help="do not read all bytes and compute their hashes anew")
        check.add_argument("--repair", choices=["counters"], help="set counters that are wrong to what the rows say (audited)")
        take = self.verb(verb, "import", "take mail in from an mbox file, a Maildir, an .eml file or a folder of such")
        take.add_argument("path", type=Path)
        take.add_argument("--to", required=True, metavar="ADDRESS/FOLDER", help="where it goes; without /FOLDER into INBOX")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "verify":
            self._verify(options)
        else:
            self._import(options)

    def _verify(self, options: dict[str, Any]) -> None:
        line = _Line()
        account_id = accounts.get_account(options["account"]).id if options["account"] else None
        report = verify.verify(account_id=account_id, fast=options["fast"], progress=line.verified)
        line.end()
        repaired: list[str] = []
        if options["repair"]:
            wrong = sorted(
                {one.account_id for one in report.problems if one.account_id and one.kind in ("counter", "usage", "viewer")}
            )
            for one in wrong:
                repaired += [f"{problem.subject}: {problem.detail}" for problem in verify.repair_counters(one, actor=CLI)]
            report = verify.verify(account_id=account_id, fast=True)
        if self.as_json:
            self.show(
                {
                    "sound": not report.problems,
                    "accounts": report.accounts,
                    "entries": report.entries,
                    "blobs": report.blobs,
                    "problems": list(report.problems),
                    "repaired": repaired,
                }
            )
        else:
            for sentence in repaired:
                self.stdout.write(gettext("repaired: ") + sentence)
            for problem in report.problems:
                self.stdout.write(f"{problem.subject}: {problem.detail}")
            counts = {
                "accounts": report.accounts,
                "entries": report.entries,
                "blobs": report.blobs,
                "problems": len(report.problems),
            }
            self.stdout.write(
                gettext("%(accounts)d accounts, %(entries)d messages, %(blobs)d bodies: %(problems)d problems") % counts
            )
        if report.problems:
            sys.exit(1)

    def _import(self, options: dict[str, Any]) -> None:
        account_id, folder = interchange.target(options["to"])
        line = _Line()
        try:
            done = interchange.import_path(
                options["path"], account_id, folder, actor=Actor(name=CLI.name, client="import"), progress=line.imported
            )
        finally:
            line.end()
            arrivals.drain(5.0)
        if self.as_json:
            self.show(done)
        else:
            for failure in done.failures:
                self.stderr.write(f"{failure.position}: {failure.why}")
            words = gettext("%(messages)d messages imported, %(bytes)d bytes, %(failures)d failed")
            self.stdout.write(words % {"messages": done.messages, "bytes": done.bytes, "failures": len(done.failures)})
        if done.failures:
            sys.exit(1)


class _Line:
    """One line on standard error that tells how far the work is."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._told = time.monotonic()
        self._started = self._told
        self._open = False

    def verified(self, what: str, done: int, total: int) -> None:
        self._tell(f"{what}: {done} of {total}")

    def imported(self, done: int, share: float) -> None:
        rate = done / max(time.monotonic() - self._started, 0.001)
        self._tell(
            gettext("%(done)d messages, %(share)d %%, %(rate)d a second") % {"done": done, "share": share * 100, "rate": rate}
        )

    def _tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told < (_TELL_EVERY if self._terminal else _LINE_EVERY):
            return
        self._told = now
        sys.stderr.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        sys.stderr.flush()
        self._open = self._terminal

    def end(self) -> None:
        if self._open:
            sys.stderr.write("\r\x1b[K")
            self._open = False
