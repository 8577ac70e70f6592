"""What every administrative command shares: words or JSON out, one sentence for what was refused, sizes people write.

With `--json` a command prints one document and nothing else: an object or an array, or
`{"error": {"code", "field", "message"}}`. Exit codes: 0 done, 1 refused, 2 not understood.
"""

import dataclasses
import json
import re
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterable, Sequence
from datetime import datetime
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext

from mailplatform.runtime import pubsub
from mailplatform.runtime.database import lost, unavailable
from mailplatform.runtime.errors import MailError, Malformed, TemporarilyUnavailable
from mailplatform.runtime.log import printable

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_UNLIMITED = ("none", "unlimited", "-")


class Printable:
    """A stream for lines in which others have their say (subjects, replies, names): they cannot steer the terminal."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> Any:
        return self._stream.write(printable(text, lines=True))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class HouseCommand(BaseCommand):
    """A command of nouns and verbs; `handle` raises MailError where it is refused."""

    requires_system_checks: tuple[str, ...] = ()

    def verb(self, verbs: Any, name: str, meaning: str) -> ArgumentParser:
        """One verb of the command, which takes --json as all do."""
        parser: ArgumentParser = verbs.add_parser(name, help=meaning, description=meaning)
        parser.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
        return parser

    def execute(self, *args: Any, **options: Any) -> Any:
        self.as_json = bool(options.get("json"))
        if not self.as_json:
            options["stdout"] = Printable(options.get("stdout") or sys.stdout)
        try:
            done = super().execute(*args, **options)
            pubsub.flush()
            return done
        except MailError as error:
            self._refuse(error)
        except (OperationalError, InterfaceError) as error:
            if not lost(error):
                raise
            self._refuse(TemporarilyUnavailable(gettext("the database cannot be reached"), private=unavailable(error).private))

    def show(self, value: Any, sentence: str = "") -> None:
        """Print one thing: as JSON, or as a sentence, or as lines of field and value."""
        if self.as_json:
            self.stdout.write(as_json(value))
        elif sentence:
            self.stdout.write(sentence)
        else:
            for field, content in as_plain(value).items():
                self.stdout.write(f"{field.replace('_', ' ')}: {as_text(content)}")

    def show_list(self, values: Iterable[Any], columns: Sequence[str]) -> None:
        """Print many things: as a JSON array, or as a table of these columns."""
        plain = [as_plain(value) for value in values]
        if self.as_json:
            self.stdout.write(as_json(plain))
            return
        for line in table(
            [column.replace("_", " ") for column in columns], [[row[column] for column in columns] for row in plain]
        ):
            self.stdout.write(line)

    def _refuse(self, error: MailError) -> None:
        if self.as_json:
            said = {"code": code_of(error), "field": error.subject, "message": error.public}
            self.stdout.write(as_json({"error": said}))
        else:
            self.stderr.write(f"{error.public}" if not error.private else f"{error.public} ({error.private})")
        sys.exit(1)


def verbs(parser: ArgumentParser) -> Any:
    """The place for a command's verbs; one must be given."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.add_subparsers(dest="verb", required=True, metavar="VERB")


def code_of(error: MailError) -> str:
    """The error's class as a word: AlreadyExists → already_exists."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def as_plain(value: Any) -> dict[str, Any]:
    """A frozen value, or a mapping, as a mapping."""
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else dict(value)


def as_json(value: Any) -> str:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    return json.dumps(value, ensure_ascii=False, indent=2, default=_json_value)


def as_text(content: Any) -> str:
    """A value as a cell: nothing for None, yes or no, moments to the second."""
    if content is None:
        return ""
    if isinstance(content, bool):
        return gettext("yes") if content else gettext("no")
    if isinstance(content, datetime):
        return content.isoformat(sep=" ", timespec="seconds")
    if isinstance(content, list | tuple):
        return ", ".join(as_text(item) for item in content)
    return str(content)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Lines of a table in columns as wide as their widest cell."""
    cells = [[cell.upper() for cell in head], *([as_text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def size(text: str, field: str) -> int | None:
    """Bytes from "50G", "500 MiB", "1.5g", "1024"; None from "none". Raises Malformed naming the field."""
    if text.strip().lower() in _UNLIMITED:
        return None
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if match is None:
        words = gettext("%(field)s: %(text)r is not a size; write 500M, 50G or none")
        raise Malformed(words % {"field": field, "text": text}, subject=field)
    return int(float(match[1]) * _UNITS[match[2].upper()]) if "." in match[1] else int(match[1]) * _UNITS[match[2].upper()]


def count(text: str, field: str) -> int | None:
    """A whole number; None from "none". Raises Malformed naming the field."""
    if text.strip().lower() in _UNLIMITED:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text.strip()):
        words = gettext("%(field)s: %(text)r is not a whole number")
        raise Malformed(words % {"field": field, "text": text}, subject=field)
    return int(text)


def password_from_stdin() -> str:
    """The first line of standard input; asked for without echo at a terminal. Raises Malformed when it is not UTF-8."""
    if sys.stdin.isatty():
        return getpass(gettext("Password: "))
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise Malformed(gettext("password: not UTF-8"), subject="password") from error


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
