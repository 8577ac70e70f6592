"""What is wrong with an address, in every language: no problem of standards.address is without its words."""

import ast
from pathlib import Path

import pytest
from django.utils.translation import override

from mailplatform.directory import canonical, problems
from mailplatform.runtime.errors import Malformed
from mailplatform.standards import address


def _raised() -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(Path(address.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "BadAddress":
            first = node.args[0]
            for one in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                found.add(eval(compile(ast.Expression(one), "", "eval"), vars(address)))
    return found


def test_every_problem_has_words() -> None:
    assert _raised() == problems.PROBLEMS


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "address: 'anna' is not an address: expected @ after the local part"),
        ("it", "address: 'anna' non è un indirizzo: manca la @ dopo la parte locale"),
    ],
)
def test_they_are_said_in_the_readers_language(language: str, words: str) -> None:
    with override(language), pytest.raises(Malformed) as caught:
        canonical.split("anna")
    assert caught.value.public == words


def test_what_is_not_known_stays() -> None:
    with override("it"):
        assert problems.said("something newer") == "something newer"
