"""Doors pass values: no rows, no signals of our own, and a reply for every error the house knows."""

import ast
import importlib
from collections.abc import Iterator

import pytest

from mailplatform.runtime.errors import MailError
from tests.architecture.source import PRODUCT, files, name, tree

DOORS = ("protocols", "webadmin", "webmail")
ERROR_MAPS = {"mailplatform.ui.errors": "STATUS", "protocols.smtp.errors": "REFUSALS", "protocols.imap.errors": "REPLIES"}


def _attributes(*folders: str) -> Iterator[tuple[str, ast.Attribute]]:
    for path in files(*folders):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute):
                yield f"{name(path)}:{node.lineno}", node


def test_no_door_asks_a_table() -> None:
    assert [where for where, node in _attributes(*DOORS) if node.attr == "objects"] == []


def test_nothing_is_wired_by_signals() -> None:
    imports = [
        f"{name(path)}:{node.lineno}"
        for path in files(*PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("django.db.models.signals", "django.dispatch"))
    ]
    assert imports == []


def _family(root: type[MailError]) -> Iterator[type[MailError]]:
    for child in root.__subclasses__():
        yield child
        yield from _family(child)


@pytest.mark.parametrize(("module", "table"), ERROR_MAPS.items())
def test_every_error_has_a_reply_at_every_door(module: str, table: str) -> None:
    replies = getattr(importlib.import_module(module), table)
    of_the_house = {error for error in _family(MailError) if error.__module__.startswith(("mailplatform.", "protocols."))}
    assert of_the_house
    assert sorted(error.__name__ for error in of_the_house - set(replies)) == []
