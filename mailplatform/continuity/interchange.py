"""Mail from files: mbox, Maildir (with its subfolders) and .eml, into a folder of an account.

Formats: RFC 4155 and mboxrd for mbox (`>From ` loses one `>`), Maildir++ for subfolders, flags from file names, Status, X-Status
and X-Keywords. The internal date is the mbox separator's, the Maildir file's, or the Date field's. Bytes stay as they are but for
line ends, which become CRLF (RFC 5322 §2.3); a message is never changed otherwise.

Each message is a unit whose id follows from (job, position), so an import that was broken off is simply run again: what came in
within the last day (`[store] arrival_seconds`) comes not twice. Known gaps: mboxcl's Content-Length is not trusted; an mbox is
read by lines, so its largest message must fit into memory.
"""

from __future__ import annotations

import getpass
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid5

from django.utils.translation import gettext

from mailplatform.directory import accounts
from mailplatform.mailflow import append, arrivals
from mailplatform.mailflow.units import Unit
from mailplatform.runtime.errors import (
    MailError,
    Malformed,
    NotFound,
    NotPermitted,
    OverQuota,
    StorageFull,
    TemporarilyUnavailable,
)
from mailplatform.standards.message import dates, headers
from mailplatform.store import folders
from mailplatform.store.values import SEPARATOR, Actor, ArrivalResult, Flag, FolderState
from mailplatform.trace.events import Direction

Progress = Callable[[int, float], None]  # messages done; share of the whole, 0 to 1

_JOBS = UUID("6f1c7e0a-7a0b-4a53-9a5e-2f3a4d1c9b10")
_OUTSTANDING = 64  # messages on their way into the store at once
_BREATH_EVERY = 200
_TRIES = 5
_SEPARATOR = re.compile(rb"From \S*[^\n]*\d{4}")
_QUOTED = re.compile(rb"^>+From ", re.MULTILINE)
_MAILDIR_FLAGS = {"F": Flag.FLAGGED, "R": Flag.ANSWERED, "S": Flag.SEEN, "T": Flag.DELETED, "D": Flag.DRAFT}
_STATUS_FLAGS = {"R": Flag.SEEN, "A": Flag.ANSWERED, "F": Flag.FLAGGED, "D": Flag.DELETED, "T": Flag.DRAFT}
_ATOM = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z^_`a-z|~\[]{1,100}")


@dataclass(frozen=True, slots=True)
class Found:
    """One message of a source. position: its name within the job, the same at every run. share: of the source, behind it."""

    position: str
    content: bytes
    folder: str = ""  # below the target
    flags: int = 0
    keywords: tuple[str, ...] = ()
    internal_date: datetime | None = None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that could not be imported."""

    position: str
    why: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; messages that were there already by the same job count as imported."""

    messages: int
    bytes: int
    failures: tuple[Failure, ...] = ()


def target(text: str) -> tuple[int, str]:
    """ADDRESS/FOLDER as (account, folder name); without a folder it is INBOX. Raises Malformed, NotFound."""
    address, _, name = text.partition(SEPARATOR)
    if "@" not in address:
        raise Malformed(gettext("%(text)r names no mailbox; write ADDRESS/FOLDER") % {"text": text}, subject="to")
    return accounts.get_account(address).id, folders.canonical(name or folders.INBOX)


def import_path(path: Path, account_id: int, folder: str, *, actor: Actor, progress: Progress | None = None) -> Imported:
    """Import what a path holds, in its order. Raises what `read` does, OverQuota, StorageFull.

    After an error what came in stays; run again, it goes on where it stopped.
    """
    job = uuid5(_JOBS, f"{path.resolve()}\0{account_id}\0{folder}")
    targets: dict[str, FolderState] = {}
    waiting: deque[tuple[Unit, int, Found, Future[ArrivalResult]]] = deque()
    done = size = 0
    failures: list[Failure] = []

    def settle() -> None:
        nonlocal done, size
        unit, octets, found, future = waiting.popleft()
        try:
            _patiently(unit, future)
        except (OverQuota, StorageFull) as error:
            words = gettext("%(error)s; %(count)d messages were imported") % {"error": error.public, "count": done}
            raise type(error)(words, subject=error.subject) from error
        except MailError as error:
            failures.append(Failure(found.position, error.public))
            return
        done, size = done + 1, size + octets
        if progress is not None:
            progress(done, found.share)
        if done % _BREATH_EVERY == 0:
            time.sleep(0.010)

    for found in read(path):
        name = SEPARATOR.join(filter(None, (folder, found.folder)))
        if name not in targets:
            targets[name] = _ensure(account_id, name, actor)
        unit = append.of_placements(
            [
                append.placement(
                    targets[name],
                    found.content,
                    flags=found.flags,
                    keywords=found.keywords,
                    internal_date=found.internal_date,
                )
            ],
            actor=actor,
            direction=Direction.IMPORTED,
            unit_id=uuid5(job, found.position),
            source=path.name,
        )
        waiting.append((unit, len(found.content), found, arrivals.put(unit)))
        while len(waiting) >= _OUTSTANDING:
            settle()
    while waiting:
        settle()
    return Imported(done, size, tuple(failures))


def _patiently(unit: Unit, future: Future[ArrivalResult]) -> ArrivalResult:
    """The result; where the store was away for a moment the same unit is put again, which doubles nothing."""
    for attempt in range(_TRIES):
        try:
            return future.result(60)
        except StorageFull:
            raise
        except TemporarilyUnavailable:
            if attempt == _TRIES - 1:
                raise
            time.sleep(0.5 * 2**attempt)
            future = arrivals.put(unit)
    raise AssertionError


def _ensure(account_id: int, name: str, actor: Actor) -> FolderState:
    try:
        return folders.get(account_id, name, account_id)
    except NotFound:
        return folders.create(account_id, name, actor=actor)


# -- sources


def read(path: Path) -> Iterator[Found]:
    """The messages of an mbox file, a Maildir, a message file, or a tree of such files.

    Raises NotFound, Malformed (nothing that we read), NotPermitted (a file this process may not read).
    """
    try:
        if path.is_file():
            yield from _file(path, path.name)
        elif (path / "cur").is_dir() or (path / "new").is_dir():
            yield from _maildir(path)
        elif path.is_dir():
            yield from _tree(path)
        else:
            raise NotFound(gettext("%(path)s is not there") % {"path": path}, subject="path")
    except OSError as error:
        who = getpass.getuser()
        words = gettext("%(path)s cannot be read by the user %(user)s: %(why)s")
        about = {"path": error.filename or path, "user": who, "why": error.strerror}
        raise NotPermitted(words % about, subject="path") from error


def _file(path: Path, position: str) -> Iterator[Found]:
    with path.open("rb") as file:
        first = file.readline(8192)
        file.seek(0)
        if _SEPARATOR.match(first):
            yield from _mbox(file, path.stat().st_size, position)
        else:
            yield _message(file.read(), position, moment=path.stat().st_mtime)


def _tree(path: Path) -> Iterator[Found]:
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in (".eml", ".mbox", ".mbx"))
    if not files:
        raise Malformed(gettext("%(path)s is no Maildir and holds no .eml or .mbox files") % {"path": path}, subject="path")
    for number, file in enumerate(files):
        for found in _file(file, str(file.relative_to(path))):
            yield _at(found, (number + found.share) / len(files))


def _mbox(file: BinaryIO, size: int, position: str) -> Iterator[Found]:
    """RFC 4155: a message begins at a `From ` line at the beginning or after an empty line."""
    lines: list[bytes] = []
    separator, number, blank = b"", 0, True
    for line in file:
        if blank and line.startswith(b"From ") and _SEPARATOR.match(line):
            if separator:
                yield _of_mbox(separator, lines, f"{position}:{number}", file.tell() / max(size, 1))
                number += 1
            separator, lines, blank = line, [], False
            continue
        blank = line in (b"\n", b"\r\n")
        lines.append(line)
    if separator:
        yield _of_mbox(separator, lines, f"{position}:{number}", 1.0)


def _of_mbox(separator: bytes, lines: list[bytes], position: str, share: float) -> Found:
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines = lines[:-1]  # the empty line before the next separator
    content = _QUOTED.sub(lambda quoted: quoted[0][1:], b"".join(lines))
    sender_and_date = separator[5:].strip().split(b" ", 1)
    moment = dates.parse(sender_and_date[1].strip()) if len(sender_and_date) == 2 else None
    return _at(_message(content, position, date=moment), share)


def _maildir(path: Path) -> Iterator[Found]:
    folders_of = [(path, "")] + [
        (one, SEPARATOR.join(filter(None, one.name.split("."))))
        for one in sorted(path.glob(".*"))
        if (one / "cur").is_dir() or (one / "new").is_dir()
    ]
    files = [
        (file, below, names)
        for one, below in folders_of
        for names in [_keyword_names(one)]
        for part in ("cur", "new")
        if (one / part).is_dir()
        for file in sorted((one / part).iterdir())
        if file.is_file() and not file.name.startswith(".")
    ]
    for number, (file, below, names) in enumerate(files, 1):
        unique, _, info = file.name.partition(":2,")
        flags = 0
        for letter in info:
            flags |= _MAILDIR_FLAGS.get(letter, 0)
        keywords = tuple(names[letter] for letter in info if letter in names) + (("$Forwarded",) if "P" in info else ())
        yield Found(
            f"{below}/{unique}",
            crlf(file.read_bytes()),
            below,
            flags,
            keywords,
            datetime.fromtimestamp(int(file.stat().st_mtime), UTC),
            number / len(files),
        )


def _keyword_names(folder: Path) -> dict[str, str]:
    """Dovecot's letters for keywords: lines `0 $Label1` mean that `a` is $Label1."""
    try:
        lines = (folder / "dovecot-keywords").read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    pairs = (line.split(" ", 1) for line in lines)
    return {chr(ord("a") + int(pair[0])): pair[1] for pair in pairs if len(pair) == 2 and pair[0].isdigit() and int(pair[0]) < 26}


def _message(content: bytes, position: str, *, date: datetime | None = None, moment: float | None = None) -> Found:
    content = crlf(content)
    flags, keywords = _status(content)
    if date is None:
        field = next((value for name, value, _, _ in _fields(content) if name.lower() == b"date"), None)
        date = dates.parse(field) if field is not None else None
    if date is None and moment is not None:
        date = datetime.fromtimestamp(int(moment), UTC)
    return Found(position, content, "", flags, keywords, date)


def _status(content: bytes) -> tuple[int, tuple[str, ...]]:
    flags = 0
    keywords: list[str] = []
    for name, value, _, _ in _fields(content):
        match name.lower():
            case b"status" | b"x-status":
                for letter in value.decode("ascii", "ignore"):
                    flags |= _STATUS_FLAGS.get(letter, 0)
            case b"x-keywords":
                keywords += [word for word in re.split(r"[\s,]+", value.decode("ascii", "ignore")) if _ATOM.fullmatch(word)]
    return flags, tuple(keywords)


def _fields(content: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    return iter(headers.fields(content[: headers.header_end(content)]))


def _at(found: Found, share: float) -> Found:
    return Found(found.position, found.content, found.folder, found.flags, found.keywords, found.internal_date, share)


def crlf(content: bytes) -> bytes:
    """The content with every line ended by CRLF; bytes that are so already stay the same."""
    if content.count(b"\n") == content.count(b"\r\n"):
        return content
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
