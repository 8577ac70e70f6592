"""The words of the sources and the catalogue of each language: ``make messages`` brings the second up to the first.

Read are `_()`, `gettext`, `ngettext`, `pgettext` and `npgettext` (lazy or not) of Python files, by their syntax tree, and
`translate`, `blocktranslate` and `_()` of templates, as Django itself turns them into calls. New messages come in empty,
those no source has go, an English sentence that changed is a new message: nothing is ever guessed, nothing is fuzzy.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

from mailplatform.settings.catalogs import LOCALE, Entry, read
from tests.architecture.source import PRODUCT, ROOT, files, name, tree

MARKED = ("mailplatform/directory/problems.py",)  # words that are marked, and asked for by a variable
CALLS = {"_": "i", "gettext": "i", "ngettext": "ip", "pgettext": "ci", "npgettext": "cip"}
_STRING = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CALL = re.compile(rf"\b(_|n?p?gettext)\(({_STRING}(?:, {_STRING})*)")
_FIELD = re.compile(r"%\((\w+)\)[-#0+ ]*\d*(?:\.\d+)?[a-zA-Z]|%[sdrf]|\{\w*\}")


@dataclass(slots=True)
class Word:
    """One message of the sources, and the files that say it."""

    id: str
    plural: str | None
    context: str | None
    where: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.id


class NotLiteral(ValueError):
    """A call whose words only a running program would know."""


def _of_python(path: Path) -> Iterator[dict[str, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if roles := CALLS.get(called.removesuffix("_lazy").removesuffix("_noop")):
                texts = [one.value if isinstance(one, ast.Constant) else None for one in node.args[: len(roles)]]
                if len(texts) < len(roles) or not all(isinstance(text, str) for text in texts):
                    if name(path) in MARKED:
                        continue
                    raise NotLiteral(f"{name(path)}:{node.lineno}: {ast.unparse(node)}")
                yield dict(zip(roles, map(str, texts), strict=True))


def _of_template(path: Path) -> Iterator[dict[str, str]]:
    for called, strings in _CALL.findall(templatize(path.read_text("utf-8"), name(path))):
        texts = [str(ast.literal_eval(one)) for one in re.findall(_STRING, strings)]
        yield dict(zip(CALLS[called], texts, strict=True))


def words() -> list[Word]:
    """Every message of the sources, in the order of the files that say it first."""
    found: dict[tuple[str | None, str], Word] = {}
    templates = [path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("templates/**/*.html"))]
    sources = [(path, _of_python) for path in files(*PRODUCT)] + [(path, _of_template) for path in templates]
    for path, extract in sources:
        for one in extract(path):
            word = found.setdefault((one.get("c"), one["i"]), Word(one["i"], one.get("p"), one.get("c")))
            word.plural = word.plural if word.plural is not None else one.get("p")
            word.where.add(name(path))
    return list(found.values())


def fields(text: str) -> list[str]:
    """The places where something is put in, sorted: %(name)s, %s, {name}."""
    return sorted(match.group(1) or match.group() for match in _FIELD.finditer(text))


def catalogues() -> dict[str, Path]:
    """The catalogue of each language."""
    return {path.parts[-3]: path for path in sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))}


def merged(entries: list[Entry], said: list[Word]) -> list[Entry]:
    """The catalogue as it should be: its head, then the sources' messages with what is translated already."""
    known = {entry.key: entry for entry in entries}
    out = [known[(None, "")]]
    for word in said:
        old = known.get(word.key, Entry())
        count = 1 if word.plural is None else 2
        strings = [*old.strings, *[""] * count][:count]
        notes = [line for line in old.comments if not line.startswith("#:")]
        where = [f"#: {one}" for one in sorted(word.where)]
        out.append(Entry(word.id, word.plural, word.context, strings, notes + where))
    return out


def printed(entries: list[Entry]) -> str:
    """A catalogue as text, a message a paragraph, no line broken."""
    return "\n".join("\n".join(_lines(entry)) + "\n" for entry in entries)


def _lines(entry: Entry) -> Iterator[str]:
    yield from entry.comments
    if entry.context is not None:
        yield f"msgctxt {_quoted(entry.context)}"
    yield f"msgid {_quoted(entry.id)}"
    if entry.plural is None:
        yield f"msgstr {_quoted(entry.strings[0], head=not entry.id)}"
    else:
        yield f"msgid_plural {_quoted(entry.plural)}"
        for number, text in enumerate(entry.strings):
            yield f"msgstr[{number}] {_quoted(text)}"


def _quoted(text: str, *, head: bool = False) -> str:
    if head:
        return "\n".join(['""', *(_quoted(line) for line in text.splitlines(keepends=True))])
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def main() -> None:
    said = words()
    for language, path in catalogues().items():
        entries = merged(read(path), said)
        path.write_text(printed(entries), "utf-8")
        missing = [entry.id for entry in entries if not all(entry.strings)]
        print(f"{language}: {len(said)} messages, {len(missing)} without a translation")
        for one in missing:
            print(f"  {one}")


if __name__ == "__main__":
    main()
