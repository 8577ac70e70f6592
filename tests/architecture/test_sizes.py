"""A file one can read in a sitting; a document one can read at all."""

import ast

import pytest

from tests.architecture.source import AROUND, PRODUCT, ROOT, files, name, tree

CODE, TESTS = 500, 600
DOCUMENTS = {"ARCHITECTURE.md": 350, "CONTRIBUTING.md": 200}


def _too_long(limit: int, *folders: str) -> list[str]:
    sizes = ((name(path), len(path.read_text("utf-8").splitlines())) for path in files(*folders))
    return [f"{path}: {lines} lines" for path, lines in sizes if lines > limit]


def test_files_of_the_product() -> None:
    assert _too_long(CODE, *PRODUCT) == []


def test_files_around_it() -> None:
    assert _too_long(TESTS, *AROUND) == []


@pytest.mark.parametrize(("document", "limit"), DOCUMENTS.items())
def test_documents(document: str, limit: int) -> None:
    assert len((ROOT / document).read_text("utf-8").splitlines()) <= limit


def test_no_file_is_a_drawer() -> None:
    drawers = {"utils.py", "helpers.py", "misc.py", "managers.py", "lib.py", "common.py"}
    assert [name(path) for path in files(*PRODUCT) if path.name in drawers] == []


def test_every_module_says_what_it_is() -> None:
    told = [path for path in files(*PRODUCT) if path.name not in ("__init__.py", "apps.py")]
    assert [name(path) for path in told if ast.get_docstring(tree(path)) is None] == []


def test_packages_are_empty() -> None:
    full = [path for path in files(*PRODUCT) if path.name == "__init__.py" and path.read_text("utf-8").strip()]
    assert [name(path) for path in full if path.parent.name != "models"] == []
