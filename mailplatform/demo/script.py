"""The content's own format, read into values; pure.

A file holds threads; a thread holds messages, the first of which gives it its subject::

    == Preventivo finestre | anna: Clienti/Edil Verdi | bruno: Projects/Via Roma
    @ 61d 09:12 giulia -> anna; bruno | pdf: Capitolato | kw: Urgente
    Text up to the next line that begins with @ or ==.

    @ +2h10m anna -> giulia
    ...

The moment is so many days before now at a time of day (UTC), or a while after the message before. Behind ``;`` stand copies (Cc).
``every: 7d x 12`` makes a series: twelve messages, seven days apart, each a thread of its own; in its subject, text and options
``{n}`` counts, ``{date}`` is the day, ``{one|two|three}`` takes its turn. A thread's folders hold what is older than some days.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

_WHEN = re.compile(r"(?:(\d+)d (\d\d):(\d\d)|\+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?)$")
_HEAD = re.compile(r"@ (?P<when>\d+d \d\d:\d\d|\+\w+) (?P<author>\w+) -> (?P<to>[^;|]*)(?:;(?P<cc>[^|]*))?(?P<options>\|.*)?$")
_EVERY = re.compile(r"(\d+)d x (\d+)$")
_TURN = re.compile(r"\{([^{}]*\|[^{}]*)\}")


class BadScript(ValueError):
    """The content is not written as it should be; the text names file and line."""


@dataclass(frozen=True, slots=True)
class Written:
    """One message as the content says it. thread: what is the same for all of a thread; number: its place there, from 0.

    at: days before now and time of day, or a pause after the message before. options: name → value.
    """

    thread: str
    number: int
    subject: str
    at: str
    author: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    options: dict[str, str]
    text: str
    folders: dict[str, str]
    back_days: int = 0  # of a series: so many days later than `at` says


def threads(name: str, text: str) -> Iterator[list[Written]]:
    """The threads of one file, in their order. Raises BadScript."""
    found: list[Written] = []
    folders: dict[str, str] = {}
    subject, number = "", 0
    for place, part in enumerate(re.split(r"^(?=== |@ )", text, flags=re.MULTILINE)):
        head, _, body = part.partition("\n")
        if head.startswith("== "):
            if found:
                yield from _unrolled(found)
            subject, *given = [piece.strip() for piece in head[3:].split(" | ")]
            folders = dict(_pair(name, piece) for piece in given)
            found, number = [], number + 1
        elif head.startswith("@ "):
            match = _HEAD.match(head)
            if match is None or _WHEN.match(match["when"]) is None or not subject:
                raise BadScript(f"{name}, part {place}: {head}")
            options = dict(
                _pair(name, piece) for piece in (match["options"] or "").removeprefix("|").split(" | ") if piece.strip()
            )
            written = (match["when"], match["author"], _names(match["to"]), _names(match["cc"]), options, body.strip("\n"))
            found.append(Written(f"{name}.{number}", len(found), subject, *written, folders))
        elif part.strip():
            raise BadScript(f"{name}: text before the first thread: {head}")
    if found:
        yield from _unrolled(found)


def moments(thread: list[Written], now: datetime) -> list[datetime]:
    """When each message of a thread was sent; never later than now."""
    at = now
    found: list[datetime] = []
    for one in thread:
        match = _WHEN.match(one.at)
        assert match is not None
        if match[1]:
            day = (now - timedelta(days=int(match[1]) - one.back_days)).date()
            at = datetime(day.year, day.month, day.day, int(match[2]), int(match[3]), (len(found) * 7) % 60, tzinfo=UTC)
        else:
            at += timedelta(days=int(match[4] or 0), hours=int(match[5] or 0), minutes=int(match[6] or 0), seconds=17)
        at = min(at, now - timedelta(minutes=3) + timedelta(seconds=len(found)))
        found.append(at)
    return found


def dated(text: str, n: int, at: datetime) -> str:
    """A series' text with its count, its day and whose turn it is."""
    text = _TURN.sub(lambda match: (turns := match[1].split("|"))[n % len(turns)], text)
    return text.replace("{n}", str(n + 1)).replace("{date}", f"{at:%Y-%m-%d}")


def _unrolled(found: list[Written]) -> Iterator[list[Written]]:
    """The thread, or the threads of a series."""
    every = found[0].options.get("every", "")
    if not every:
        yield found
        return
    match = _EVERY.match(every)
    if match is None or len(found) != 1:
        raise BadScript(f"{found[0].thread}: every: {every}")
    for n in range(int(match[2])):
        yield [replace(found[0], thread=f"{found[0].thread}.{n}", back_days=n * int(match[1]))]


def _names(given: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (given or "").split(",") if word.strip())


def _pair(name: str, piece: str) -> tuple[str, str]:
    key, _, value = piece.strip().partition(":")
    if not key:
        raise BadScript(f"{name}: {piece}")
    return key.strip(), value.strip()
