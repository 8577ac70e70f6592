"""`manage.py autoresponder`: automatic answers of an account, such as a vacation's (RFC 3834)."""

import re
import sys
from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from mailplatform.delivery import autoresponders
from mailplatform.delivery.autoresponders import MOST_TEXT, AutoresponderInfo
from mailplatform.delivery.values import Audience, Words
from mailplatform.directory import accounts, languages, organisations
from mailplatform.directory.values import CLI, Language
from mailplatform.management.output import HouseCommand, verbs
from mailplatform.runtime.errors import Malformed

_COLUMNS = ("address", "enabled", "starts_at", "ends_at", "days", "audience")


class Command(HouseCommand):
    help = "Set, show, list and turn off automatic answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verb = verbs(parser)
        change = self.verb(verb, "set", "answer automatically; dates, texts and the rest are as said here and as defaults say")
        change.add_argument("address")
        change.add_argument(
            "--from", dest="begin", metavar="DATE", help="first day, or YYYY-MM-DDTHH:MM; the organisation's time"
        )
        change.add_argument("--until", metavar="DATE", help="last day, or the moment")
        change.add_argument("--language", default="", metavar="|".join(Language), help="of these texts; without it, the owner's")
        change.add_argument("--subject", default="", help="without it, Auto: and the subject of the message")
        change.add_argument("--text-file", default="", metavar="FILE", help="UTF-8; - reads standard input")
        change.add_argument("--outside-subject", default="", help="for senders outside; without it, the same")
        change.add_argument("--outside-text-file", default="", metavar="FILE")
        change.add_argument("--days", type=int, default=7, help="a sender is answered once in so many days")
        whom = change.add_mutually_exclusive_group()
        for audience in (Audience.INSIDE, Audience.OUTSIDE):
            whom.add_argument(f"--{audience}-only", dest="audience", action="store_const", const=audience)
        self.verb(verb, "show", "show one").add_argument("address")
        self.verb(verb, "off", "answer no more; the texts stay").add_argument("address")
        self.verb(verb, "list", "list all")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["verb"]:
            case "set":
                self._set(options)
            case "show":
                self.show(autoresponders.get_autoresponder(options["address"]))
            case "off":
                info = autoresponders.turn_off(options["address"], actor=CLI)
                self.show(info, gettext("%(address)s answers no more.") % {"address": info.address})
            case "list":
                self.show_list(autoresponders.list_autoresponders(), _COLUMNS)

    def _set(self, options: dict[str, Any]) -> None:
        account = accounts.get_account(options["address"])
        zone = next(ZoneInfo(one.time_zone) for one in organisations.list_organisations() if one.id == account.organisation_id)
        texts = [options["subject"], _text(options["text_file"]), options["outside_subject"], _text(options["outside_text_file"])]
        words = []
        if any(texts):
            language = options["language"] or languages.of_accounts([account.id])[account.id]
            words = [Words(str(language), *texts)]
        info = autoresponders.set_autoresponder(
            options["address"],
            starts_at=moment(options["begin"], zone, "from"),
            ends_at=moment(options["until"], zone, "until", last=True),
            days=options["days"],
            audience=options["audience"] or Audience.EVERYONE,
            words=words,
            actor=CLI,
        )
        self.show(info, said(info, zone))


def said(info: AutoresponderInfo, zone: ZoneInfo) -> str:
    """What is set, in a sentence."""
    parts = [gettext("%(address)s answers automatically") % {"address": info.address}]
    if info.starts_at:
        parts.append(gettext("from %(at)s") % {"at": f"{info.starts_at.astimezone(zone):%Y-%m-%d %H:%M}"})
    if info.ends_at:
        parts.append(gettext("until %(at)s") % {"at": f"{info.ends_at.astimezone(zone):%Y-%m-%d %H:%M}"})
    parts.append(gettext("each sender once in %(days)d days (%(zone)s)") % {"days": info.days, "zone": zone.key})
    return ", ".join(parts) + "."


def moment(text: str | None, zone: ZoneInfo, field: str, *, last: bool = False) -> datetime | None:
    """A day's beginning, or with `last` its end, or a moment, in that time zone. Raises Malformed."""
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text) + timedelta(days=last)
            return datetime.combine(day, time(), zone)
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        message = gettext("%(field)s: %(text)r is no date; write 2026-12-24, or 2026-12-24T12:00")
        raise Malformed(message % {"field": field, "text": text[:40]}, subject=field) from None


def _text(name: str) -> str:
    if not name:
        return ""
    try:
        data = sys.stdin.buffer.read(4 * MOST_TEXT + 1) if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8").strip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(
            gettext("text: %(name)s cannot be read: %(why)s") % {"name": name, "why": error}, subject="text"
        ) from None
