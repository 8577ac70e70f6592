"""Whatever people read is in every language: the catalogues say what the sources say, whole, with the same fields."""

import re
from pathlib import Path

import pytest

from mailplatform.settings.catalogs import Entry, read
from tests.support.catalog import Word, catalogues, fields, merged, printed, words

LANGUAGES = pytest.mark.parametrize("path", [pytest.param(path, id=code) for code, path in catalogues().items()])
_KEY = re.compile(r"^(?:(?!nowhere)[a-z_]+|%\(field\)s): (?=\S)|")  # as ui.forms takes it off; "nowhere" is a network


@pytest.fixture(scope="module")
def said() -> list[Word]:
    found = words()
    assert len(found) > 600
    return found


@LANGUAGES
def test_catalogues_have_what_the_sources_say(path: Path, said: list[Word]) -> None:
    """Nothing is missing, nothing is left over: `make messages`."""
    assert [entry.key for entry in read(path)] == [entry.key for entry in merged(read(path), said)]
    assert path.read_text("utf-8") == printed(merged(read(path), said))


@LANGUAGES
def test_every_message_is_translated(path: Path) -> None:
    assert [entry.id for entry in read(path) if entry.fuzzy or not all(text.strip() for text in entry.strings)] == []


@LANGUAGES
def test_fields_stay(path: Path) -> None:
    assert [entry.id for entry in read(path) if entry.id and not _same_fields(entry)] == []


@LANGUAGES
def test_ends_stay(path: Path) -> None:
    """What stands around a sentence belongs to its place: spaces, and the name of the field an error is about."""
    odd = [entry.id for entry in read(path) if entry.id and any(_ends(text) != _ends(entry.id) for text in entry.strings)]
    assert odd == []


def _same_fields(entry: Entry) -> bool:
    if entry.plural is None:
        return fields(entry.strings[0]) == fields(entry.id)
    wanted = fields(entry.plural)  # "one domain" may have its number in a word, in either language
    return fields(entry.strings[-1]) == wanted and all(set(fields(text)) <= set(wanted) for text in entry.strings)


def _ends(text: str) -> tuple[str, str, str]:
    key = _KEY.match(text)
    assert key is not None
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :], key.group()
