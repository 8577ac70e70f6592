"""Every event can be told, in every language, with just the parameters it may carry."""

import string

import pytest

from mailplatform.trace import words
from mailplatform.trace.events import CODE_PARAMS, Code


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_every_code_is_rendered(code: Code, language: str) -> None:
    sentence = words.LANGUAGES[language][code]
    named = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
    named = {"reply" if name in ("said", "why") else name for name in named}
    assert named == CODE_PARAMS[code]
    told = words.render(code, {name: f"[{name}]" for name in CODE_PARAMS[code]}, language)
    assert all(f"[{name}]" in told for name in named)
    assert words.MISSING in words.render(code, {}, language)


def test_every_language_has_all_that_another_has() -> None:
    for table in (words.LANGUAGES, words.ENDS, words.VALUES):
        first, *others = table.values()
        assert all(one.keys() == first.keys() for one in others)


def test_what_says_nothing_is_left_out() -> None:
    params = {"recipient": "x@b.test", "host": "b.test", "number": 1, "stage": "dns", "reply": "no answer from the name servers"}
    assert words.render(Code.DELAYED, params) == (
        "attempt 1 for x@b.test at b.test was put off while looking up its address; reason: no answer from the name servers"
    )
    assert words.render(Code.DELAYED, params | {"stage": "rcpt", "reply": "451 later"}).endswith("it said: 451 later")


def test_no_code_lacks_its_parameters() -> None:
    assert set(CODE_PARAMS) == set(Code)


def test_a_code_of_another_version_is_shown_as_it_stands() -> None:
    assert words.render("teleported", {"to": "Mars"}) == "teleported to=Mars"
