"""The words of other languages, made ready for gettext: ``locale/<language>/LC_MESSAGES/django.po`` → ``django.mo``.

Only .po files are kept. Every process, when it reads its settings, compares the digest of each .po with the one behind
its .mo (gettext reads by offsets and never sees what follows) and compiles where they differ: no tools of gettext are
needed, no time stamp is trusted, and any number of processes may do it at once. Where the code cannot be written to,
the .mo stands in the home. An image is built with ``python -m mailplatform.settings.catalogs``.

Kept: the file formats of GNU gettext. Known gap: a home and code that can both not be written to speak English.
"""

from __future__ import annotations

import ast
import hashlib
import os
import struct
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

LOCALE = Path(__file__).resolve().parents[1] / "locale"
_FORM = b"1"  # part of the digest: raised when what compile() writes changes


@dataclass(slots=True)
class Entry:
    """One message of a catalogue. ``strings`` has one translation, or one for each plural form."""

    id: str = ""
    plural: str | None = None
    context: str | None = None
    strings: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str | None, str]:
        """What makes it one of a kind."""
        return self.context, self.id

    @property
    def fuzzy(self) -> bool:
        """Marked as a guess that nobody has read yet."""
        return any(line.startswith("#,") and "fuzzy" in line for line in self.comments)


def read(path: Path) -> list[Entry]:
    """The messages of a .po file, its head (the empty id) among them; obsolete ones (``#~``) are left out.

    Raises ValueError with the line that is no .po."""
    entries: list[Entry] = []
    entry, slot = Entry(), ""
    for number, line in enumerate([*path.read_text("utf-8").splitlines(), ""], 1):
        word, _, rest = line.strip().partition(" ")
        if slot.startswith("msgstr") and (not word or word in ("msgctxt", "msgid") or word.startswith("#")):
            entries.append(entry)
            entry, slot = Entry(), ""
        if word.startswith("#") and not word.startswith("#~"):
            entry.comments.append(line.strip())
        elif word.startswith("msg"):
            slot = word
            _put(entry, slot, _unquoted(rest, path, number), first=True)
        elif word.startswith('"'):
            _put(entry, slot, _unquoted(line.strip(), path, number), first=False)
    return entries


def _put(entry: Entry, slot: str, text: str, *, first: bool) -> None:
    match slot:
        case "msgctxt":
            entry.context = (entry.context or "") + text
        case "msgid":
            entry.id += text
        case "msgid_plural":
            entry.plural = (entry.plural or "") + text
        case _ if first:
            entry.strings.append(text)
        case _:
            entry.strings[-1] += text


def _unquoted(text: str, path: Path, number: int) -> str:
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        raise ValueError(f"{path}, line {number}: not a string: {text}") from None


def compile(entries: list[Entry]) -> bytes:
    """The .mo of these messages: what is translated and not fuzzy, sorted by id, without a hash table."""
    pairs = []
    for entry in entries:
        if all(entry.strings) and (not entry.fuzzy or not entry.id):
            name = entry.id if entry.context is None else f"{entry.context}\x04{entry.id}"
            name = name if entry.plural is None else f"{name}\x00{entry.plural}"
            pairs.append((name.encode(), "\x00".join(entry.strings).encode()))
    pairs.sort()
    table, start = 28, 28 + 16 * len(pairs)
    heads: list[tuple[int, int]] = []
    body = b""
    for side in (0, 1):
        for pair in pairs:
            heads.append((len(pair[side]), start + len(body)))
            body += pair[side] + b"\x00"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), table, table + 8 * len(pairs), 0, table + 16 * len(pairs))
    return head + b"".join(struct.pack("<2I", *one) for one in heads) + body


def ready(locale: Path, spare: Path) -> str:
    """The folder gettext is to read: `locale` with every .mo as its .po wants it, or `spare` where `locale` is read-only."""
    sources = sorted(locale.glob("*/LC_MESSAGES/*.po"))
    for folder in (locale, spare):
        if all(_is_ready(source, folder / source.relative_to(locale).with_suffix(".mo")) for source in sources):
            return str(folder)
    print(f"catalogs: neither {locale} nor {spare} can be written to; English only", file=sys.stderr)
    return str(locale)


def _is_ready(source: Path, target: Path) -> bool:
    text = source.read_bytes()
    digest = hashlib.sha256(_FORM + text).digest()
    try:
        if target.read_bytes().endswith(digest):
            return True
    except OSError:
        pass
    compiled = compile(read(source)) + digest
    name = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".mo", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(compiled)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except OSError:
        if name:
            os.unlink(name)
        return False
    return True


if __name__ == "__main__":
    print(ready(LOCALE, LOCALE))
