"""Every text that people read, found where it stands: calls of gettext in Python, translate tags in templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from mailplatform.supervisor.catalogues import read

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("mailplatform", "webadmin", "webmail", "protocols")
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
_TEMPLATE = re.compile(r"\b(n?gettext)\((u?(?:'(?:[^'\\]|\\.)*'|\"\"\"(?:.|\n)*?\"\"\"|\"(?:[^\"\\]|\\.)*\"))"
                       r"(?:,\s*(u?(?:'(?:[^'\\]|\\.)*'|\"\"\"(?:.|\n)*?\"\"\"|\"(?:[^\"\\]|\\.)*\")))?")  # fmt: skip


def texts() -> dict[str, str]:
    """msgid (a plural behind a NUL) → the file it stands in."""
    found: dict[str, str] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            name = str(path.relative_to(ROOT))
            if path.suffix == ".py" and "migrations" not in path.parts:
                for text in _of_python(path.read_text("utf-8")):
                    found.setdefault(text, name)
            elif path.suffix == ".html":
                for text in _of_template(path.read_text("utf-8"), name):
                    found.setdefault(text, name)
    return found


def _of_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            given = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if given:
                yield "\0".join(given[:2]) if node.func.id.startswith("n") else given[0]


def _of_template(source: str, name: str) -> Iterator[str]:
    for kind, first, second in _TEMPLATE.findall(templatize(source, name)):
        one = ast.literal_eval(first.removeprefix("u"))
        yield f"{one}\0{ast.literal_eval(second.removeprefix('u'))}" if kind == "ngettext" and second else one


LANGUAGES = ("it",)
HOMES = {"webadmin": "webadmin/locale", "mailplatform/ui": "mailplatform/ui/locale", "mailplatform": "mailplatform/locale"}
SPOKEN = ("mailplatform/management/",)  # the command line speaks English


def wanted() -> dict[str, dict[str, str]]:
    """Folder of words → the texts that belong there, with their file."""
    found: dict[str, dict[str, str]] = {home: {} for home in HOMES.values()}
    for text, name in texts().items():
        if not name.startswith(SPOKEN):
            home = next((home for room, home in HOMES.items() if name.startswith(f"{room}/")), HOMES["mailplatform"])
            found[home][text] = name
    return found


def written(entries: dict[str, str]) -> str:
    """Entries as a .po file, in the order of their texts; an empty one waits for its translator."""
    lines = ['msgid ""', 'msgstr ""', '"Content-Type: text/plain; charset=UTF-8\\n"']
    lines += ['"Plural-Forms: nplurals=2; plural=(n != 1);\\n"']
    for key in sorted(entries, key=str.casefold):
        one, _, many = key.partition("\0")
        lines += ["", f"msgid {_quoted(one)}"]
        if many:
            forms = entries[key].split("\0") if entries[key] else ["", ""]
            lines += [f"msgid_plural {_quoted(many)}", *(f"msgstr[{at}] {_quoted(form)}" for at, form in enumerate(forms))]
        else:
            lines.append(f"msgstr {_quoted(entries[key])}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def update(more: dict[str, str] | None = None) -> None:
    """Bring every .po file up to date: new texts come in without words, those that are gone go."""
    for home, found in wanted().items():
        for language in LANGUAGES:
            path = ROOT / home / language / "LC_MESSAGES" / "words.po"
            known = read(path) if path.exists() else {}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(written({text: known.get(text) or (more or {}).get(text, "") for text in found}), "utf-8")


if __name__ == "__main__":
    update()
