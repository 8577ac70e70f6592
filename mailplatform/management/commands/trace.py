"""`manage.py trace`: what became of a message, one line an event, and where it stands for each recipient."""

import json
import re
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailplatform.runtime import clock
from mailplatform.runtime.log import printable
from mailplatform.trace import search, words
from mailplatform.trace.ends import ends

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Command(BaseCommand):
    help = "Show the life of a message: who sent it, what was decided, where it went, what happened to it since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--id", default="", help="the trace id, as the 250 reply and the Received field show it")
        parser.add_argument("--message-id", default="", help="the Message-ID, with or without < >")
        parser.add_argument("--from", dest="reverse_path", default="", help="the envelope sender")
        parser.add_argument("--to", dest="forward_path", default="", help="the envelope recipient")
        parser.add_argument("--since", default="", help="2026-11-24, 2026-11-24T10:00, or 30m, 4h, 2d ago")
        parser.add_argument("--limit", type=int, default=search.LIMIT, help="at most so many transactions")
        parser.add_argument("--language", default=words.FALLBACK, choices=sorted(words.LANGUAGES))
        parser.add_argument("--json", action="store_true", help="print one JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        if not any(options[name] for name in ("id", "message_id", "reverse_path", "forward_path", "since")):
            raise CommandError("give at least one of --id, --message-id, --from, --to, --since")
        lives = search.find(
            trace_id=options["id"].strip().lower(),
            message_id=options["message_id"],
            reverse_path=options["reverse_path"],
            forward_path=options["forward_path"],
            since=_moment(options["since"], clock.now()) if options["since"] else None,
            limit=options["limit"],
        )
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(life, options["language"]) for life in lives], default=str, indent=2))
            return
        if not lives:
            raise CommandError("no message fits")
        for life in lives:
            self._print(life, options["language"])

    def _print(self, life: search.Life, language: str) -> None:
        began = life.began.isoformat(sep=" ", timespec="milliseconds") if life.began else ""
        self._say(f"{life.trace_id}  {began}")
        for row in life.recipients:
            verdict = f"{row['verdict']} ({row['reason']})" if row["reason"] else row["verdict"]
            self._say(f"  <{row['reverse_path']}> → <{row['forward_path']}>  {row['direction']}, {verdict}, {row['size']} octets")
        if life.recipients:
            first = life.recipients[0]
            for label, key in (("Message-ID", "message_id"), ("Subject", "subject"), ("Client", "client")):
                if first[key]:
                    self._say(f"  {label}: {first[key]}")
        for event in life.events:
            at = event.at.astimezone(UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
            self._say(f"  {at}  {event.words(language)}")
        for one in ends(life.events):
            self._say(f"  → {one.words(language)}")
        self._say("")

    def _say(self, line: str) -> None:
        """A line in which peers have their say."""
        self.stdout.write(printable(line))


def _as_json(life: search.Life, language: str) -> dict[str, Any]:
    events = [{"at": e.at.isoformat(), "code": e.code, "params": e.params, "words": e.words(language)} for e in life.events]
    rows = [row | {"at": row["at"].isoformat()} for row in life.recipients]
    stand = [
        {"recipient": one.recipient, "via": one.via, "code": one.code, "at": one.at.isoformat(), "told": one.told}
        | {"words": one.words(language)}
        for one in ends(life.events)
    ]
    return {"trace_id": life.trace_id, "began": life.began, "recipients": rows, "events": events, "ends": stand}


def _moment(text: str, now: datetime) -> datetime:
    """A date, a date and time (UTC unless it says otherwise), or how long ago. Raises CommandError."""
    ago = re.fullmatch(r"(\d{1,5})([mhdw])", text)
    if ago:
        return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--since: {text!r} is neither a date, a date and time, nor like 30m, 4h, 2d") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
