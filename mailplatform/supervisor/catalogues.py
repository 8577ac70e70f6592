"""Words in other languages: .po texts → the .mo files that gettext reads, without the tools of gettext.

A `locale/<language>/LC_MESSAGES/` folder may hold several .po files (one a part of the product); together they become its
`django.mo`. Done whenever the environment is made or looked at, and only where a text is newer; compiled files are not kept in
the repository. Standard library only. Known gap: message contexts (msgctxt) are read, obsolete and fuzzy entries left out.
"""

from __future__ import annotations

import ast
import struct
from pathlib import Path

MAGIC = 0x950412DE


class CatalogueError(Exception):
    """A .po file that cannot be read; the text names file and line."""


def compile_all(code: Path) -> int:
    """Compile what is older than its texts, under every package of ours; how many files were written."""
    written = 0
    for package in ("mailplatform", "protocols", "webadmin", "webmail"):
        for folder in sorted((code / package).glob("**/LC_MESSAGES")):
            texts = sorted(folder.glob("*.po"))
            target = folder / "django.mo"
            if not texts or (target.exists() and target.stat().st_mtime >= max(text.stat().st_mtime for text in texts)):
                continue
            entries: dict[str, str] = {}
            for text in texts:
                entries.update(read(text))
            partial = target.with_suffix(".partial")
            partial.write_bytes(compiled(entries))
            partial.replace(target)
            written += 1
    return written


def read(path: Path) -> dict[str, str]:
    """A .po file as msgid → msgstr; plural forms are joined by NUL, as a .mo file keeps them. Raises CatalogueError."""
    entries: dict[str, str] = {}
    parts: dict[str, str] = {}
    current, fuzzy = "", False

    def finish() -> None:
        nonlocal fuzzy
        if "msgid" in parts and not fuzzy:
            forms = [parts[name] for name in sorted(name for name in parts if name.startswith("msgstr"))]
            if all(forms):
                key = parts["msgid"] + (f"\0{parts['msgid_plural']}" if "msgid_plural" in parts else "")
                entries[(parts["msgctxt"] + "\4" if "msgctxt" in parts else "") + key] = "\0".join(forms)
        parts.clear()
        fuzzy = False

    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = line.strip()
        if line.startswith("#"):
            if line.startswith("#,") and "fuzzy" in line:
                finish()
                fuzzy = True
            continue
        if not line:
            finish()
            continue
        if not line.startswith('"'):
            current, _, line = line.partition(" ")
            if current in ("msgid", "msgctxt") and "msgid" in parts and not (current == "msgid" and len(parts) == 1):
                finish()
            parts[current] = ""
        try:
            parts[current] += ast.literal_eval(line)
        except (ValueError, SyntaxError, KeyError):
            raise CatalogueError(f"{path}:{number}: not a line of a .po file: {line[:60]}") from None
    finish()
    return entries


def compiled(entries: dict[str, str]) -> bytes:
    """The bytes of a .mo file."""
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items())
    count = len(pairs)
    keys_at, values_at = 28, 28 + 8 * count
    at = values_at + 8 * count
    keys, values, data = [], [], b""
    for part, table in ((0, keys), (1, values)):
        for pair in pairs:
            table += [len(pair[part]), at + len(data)]
            data += pair[part] + b"\0"
    header = struct.pack("<7I", MAGIC, 0, count, keys_at, values_at, 0, at)
    return header + struct.pack(f"<{4 * count}I", *keys, *values) + data


if __name__ == "__main__":
    compile_all(Path(__file__).resolve().parents[2])
