"""Every text that people read in the webs is there in every language, with the same places for values in it."""

import re

import pytest
from django.utils import translation

from mailplatform.supervisor.catalogues import compile_all, compiled, read
from tests.support.words import LANGUAGES, ROOT, wanted

PLACE = re.compile(r"%\((\w+)\)[sdr]")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("home", sorted(wanted()))
def test_no_text_is_without_words(home: str, language: str) -> None:
    path = ROOT / home / language / "LC_MESSAGES" / "words.po"
    known, texts = read(path), wanted()[home]
    missing = [f"{name}: {text!r}" for text, name in texts.items() if not known.get(text)]
    assert missing == [], "python -m tests.support.words brings them into the .po file; then write their words"
    assert sorted(set(known) - set(texts) - {""}) == []
    for text in texts:
        one, *many = text.split("\0")
        for form, said in zip((one, *many), known[text].split("\0"), strict=True):
            assert set(PLACE.findall(said)) == set(PLACE.findall(form)) or many, text


def test_django_reads_what_we_compile() -> None:
    compile_all(ROOT)
    with translation.override("it"):
        assert translation.gettext("Add mailbox") == "Aggiungi casella"
        words = translation.ngettext("%(count)d message is held.", "%(count)d messages are held.", 3)
        assert words % {"count": 3} == "3 messaggi trattenuti."
        assert translation.gettext("address: %(address)s exists already") == "address: %(address)s esiste già"


def test_a_text_file_is_read_as_gettext_does(tmp_path) -> None:
    path = tmp_path / "one.po"
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n#: here\nmsgid "a\\"b"\n"c"\nmsgstr "d\\n"\n\n'
        '#, fuzzy\nmsgid "no"\nmsgstr "nein"\nmsgid "one"\nmsgid_plural "many"\nmsgstr[0] "eins"\nmsgstr[1] "viele"\n\n'
        '#~ msgid "old"\n#~ msgstr "alt"\n\nmsgctxt "x"\nmsgid "one"\nmsgstr "1"\n\nmsgid "empty"\nmsgstr ""\n'
    )
    assert read(path) == {
        "": "Content-Type: text/plain; charset=UTF-8\n",
        'a"bc': "d\n",
        "one\0many": "eins\0viele",
        "x\4one": "1",
    }
    assert compiled(read(path))[:4] == b"\xde\x12\x04\x95"
