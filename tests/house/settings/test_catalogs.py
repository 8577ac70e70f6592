"""Catalogues made ready without the tools of gettext: read by gettext itself, made again when stale, beside read-only code."""

import gettext
import shutil
import subprocess
from pathlib import Path

import pytest

from mailplatform.settings import catalogs

SOURCE = """# Head
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#: some/where.py
msgid "one \\"%(name)s\\"\\n"
"and more"
msgstr "uno «%(name)s»\\n"
"e altro"

msgctxt "verb"
msgid "open"
msgstr "apri"

msgid "%(count)d domain"
msgid_plural "%(count)d domains"
msgstr[0] "%(count)d dominio"
msgstr[1] "%(count)d domini"

#, fuzzy
msgid "guessed"
msgstr "indovinato"

msgid "bare"
msgstr ""

#~ msgid "gone"
#~ msgstr "andato"
"""


@pytest.fixture
def locale(tmp_path: Path) -> Path:
    folder = tmp_path / "locale" / "it" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(SOURCE, "utf-8")
    return tmp_path / "locale"


def _it(folder: str) -> gettext.GNUTranslations:
    with open(f"{folder}/it/LC_MESSAGES/django.mo", "rb") as file:
        return gettext.GNUTranslations(file)


def test_gettext_reads_what_is_compiled(locale: Path) -> None:
    it = _it(catalogs.ready(locale, locale))
    assert it.gettext('one "%(name)s"\nand more') == "uno «%(name)s»\ne altro"
    assert it.pgettext("verb", "open") == "apri"
    assert [it.ngettext("%(count)d domain", "%(count)d domains", n) for n in (1, 2)] == ["%(count)d dominio", "%(count)d domini"]
    assert [it.gettext(one) for one in ("guessed", "bare", "gone")] == ["guessed", "bare", "gone"]


def test_a_stale_one_is_made_again_whatever_the_clock_says(locale: Path) -> None:
    catalogs.ready(locale, locale)
    source, made = locale / "it/LC_MESSAGES/django.po", locale / "it/LC_MESSAGES/django.mo"
    first = made.stat().st_ino
    catalogs.ready(locale, locale)
    assert made.stat().st_ino == first
    source.write_text(SOURCE.replace("apri", "aprire"), "utf-8")
    shutil.copystat(made, source)
    assert _it(catalogs.ready(locale, locale)).pgettext("verb", "open") == "aprire"


def test_beside_code_that_is_read_only(locale: Path, tmp_path: Path) -> None:
    folder = locale / "it" / "LC_MESSAGES"
    (folder / "django.mo").mkdir()  # nothing can take its place, for root neither
    assert catalogs.ready(locale, tmp_path / "home") == str(tmp_path / "home")
    assert _it(str(tmp_path / "home")).pgettext("verb", "open") == "apri"


def test_nowhere_to_write(locale: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (locale / "it" / "LC_MESSAGES" / "django.mo").mkdir()
    (tmp_path / "home").write_text("a file")
    assert catalogs.ready(locale, tmp_path / "home") == str(locale)
    assert "English only" in capsys.readouterr().err


def test_what_is_no_catalogue_names_its_line(locale: Path) -> None:
    source = locale / "it/LC_MESSAGES/django.po"
    source.write_text(SOURCE.replace('"bare"', "bare"), "utf-8")
    with pytest.raises(ValueError, match=r"line 2\d: not a string: bare"):
        catalogs.ready(locale, locale)


def test_the_house_has_its_own_ready() -> None:
    folder = Path(catalogs.ready(catalogs.LOCALE, catalogs.LOCALE))
    made = folder / "it" / "LC_MESSAGES" / "django.mo"
    assert _it(str(folder)).info()["language"] == "it"
    ignored = subprocess.run(["git", "check-ignore", "-q", made], cwd=folder, check=False)
    assert ignored.returncode == 0
