"""The project's own sources, as the architecture tests read them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("mailplatform", "protocols", "webadmin", "webmail")
AROUND = ("tests", "benchmarks")


def files(*folders: str, migrations: bool = False) -> Iterator[Path]:
    """The Python files of these folders, by path."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if migrations or "migrations" not in path.parts:
                yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def table(document: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading of a Markdown document, without its header; code marks dropped."""
    lines = iter((ROOT / document).read_text("utf-8").splitlines())
    for line in lines:
        if line.startswith("#") and line.lstrip("# ").strip() == heading:
            break
    else:
        raise AssertionError(f"{document} has no heading {heading!r}")
    rows = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")])
        elif rows or line.startswith("#"):
            break
    return rows[2:]
