"""What administrators did is said in words: no code of the audit, and no name of what changed, without its own."""

import ast
from collections.abc import Iterator

from mailplatform.directory.values import AddressKind
from tests.architecture.source import files, tree
from webadmin.said import CODES, PARAMS

NEVER = {
    (AddressKind.DISCARD, ".targets_changed"),
    *((AddressKind.ACCOUNT, end) for end in (".added", ".changed", ".removed", ".targets_changed")),
}


def _calls() -> Iterator[tuple[str, list[str]]]:
    """Each code written into the audit, with the names of what is written beside it."""
    for path in files("mailplatform"):
        source = path.read_text("utf-8")
        if "mailplatform.audit" not in source:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("record", "audit", "Entry"):
                names = [word.arg for word in node.keywords if word.arg and word.arg not in ("actor", "params")]
                yield from ((code, names) for code in _codes(node.args[:1]))


def _codes(first: list[ast.expr]) -> Iterator[str]:
    for one in first:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value
        elif isinstance(one, ast.JoinedStr):
            end = str(one.values[-1].value) if isinstance(one.values[-1], ast.Constant) else ""
            yield from (f"{kind}{end}" for kind in AddressKind if (kind, end) not in NEVER)


def test_every_code_has_words() -> None:
    codes = {code for code, _names in _calls()}
    assert len(codes) > 30
    assert sorted(codes - set(CODES)) == []


def test_every_name_has_words() -> None:
    assert sorted({name for _code, names in _calls() for name in names} - set(PARAMS)) == []
