"""One word for one thing: the glossary of ARCHITECTURE.md, kept in identifiers."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import AROUND, PRODUCT, ROOT, files, name, tree

# What the standards call a mailbox is a Folder here; IMAP, JMAP and what people read on screens keep the word.
MAILBOX_AT_HOME = (
    "protocols/imap/",
    "protocols/jmap/",
    "mailplatform/management/",
    "webadmin/",
    "webmail/",
    "tests/",
    "benchmarks/",
)
BANNED = {
    "mod_seq": "modseq",
    "uid_next": "uidnext",
    "next_uid": "uidnext",
    "uid_validity": "uidvalidity",
    "highest_modseq": "highestmodseq",
    "highest_mod_seq": "highestmodseq",
    "mail_from": "reverse_path",
    "rcpt_to": "forward_path",
    "queue_id": "trace_id",
    "tenant": "organisation",
    "organization": "organisation",
    "msg_id": "message_id",
}
DRAWERS = re.compile(r"(Manager|Helper|Util|Utils)$")


@cache
def _identifiers(path: Path) -> tuple[tuple[str, int], ...]:
    """Every name that the file gives or uses, with its first line."""
    first: dict[str, int] = {}
    for word, line in _names(path):
        first.setdefault(word, line)
    return tuple(first.items())


def _names(path: Path) -> Iterator[tuple[str, int]]:
    """Names of the standard library's modules, `mailbox` among them, stay out."""
    imported = {
        alias.asname or alias.name for node in ast.walk(tree(path)) if isinstance(node, ast.Import) for alias in node.names
    }
    for node in ast.walk(tree(path)):
        match node:
            case ast.Name(id=word) if word not in imported:
                yield word, node.lineno
            case (
                ast.Attribute(attr=word) | ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word) | ast.ClassDef(name=word)
            ):
                yield word, node.lineno
            case ast.arg(arg=word):
                yield word, node.lineno
            case ast.keyword(arg=str(word)):
                yield word, node.value.lineno


def _found(path: Path, part: str) -> list[str]:
    return [f"{name(path)}:{line} {word}" for word, line in _identifiers(path) if part in word.lower()]


def test_a_mailbox_is_a_folder() -> None:
    elsewhere = [path for path in files(*PRODUCT) if not name(path).startswith(MAILBOX_AT_HOME)]
    assert [hit for path in elsewhere for hit in _found(path, "mailbox")] == []


@pytest.mark.parametrize(("banned", "ours"), BANNED.items())
def test_one_word_for_one_thing(banned: str, ours: str) -> None:
    whole = re.compile(rf"(^|_){banned}($|_)", re.IGNORECASE)
    hits = [
        f"{name(p)}:{line} {word} (we write {ours})"
        for p in files(*PRODUCT, *AROUND)
        for word, line in _identifiers(p)
        if whole.search(word)
    ]
    assert hits == []


def test_no_class_is_a_drawer() -> None:
    classes = [(path, node) for path in files(*PRODUCT) for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
    assert [f"{name(path)} {node.name}" for path, node in classes if DRAWERS.search(node.name)] == []


def test_functions_are_verbs_without_do() -> None:
    functions = [
        (path, node)
        for path in files(*PRODUCT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [f"{name(path)} {node.name}" for path, node in functions if node.name.lstrip("_").startswith("do_")] == []


def test_the_glossary_names_what_is_banned() -> None:
    glossary = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert all(ours in glossary for ours in BANNED.values())
