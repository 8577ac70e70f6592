"""The ledger of standards and the code say the same: what the code cites is promised, what is promised is cited."""

import re

import pytest

from tests.architecture.source import PRODUCT, files, name, table

CITED = re.compile(r"RFCs? ((?:\d{3,5}(?:, | and |/)?)+)")
DONE = ("Yes", "Partial")
OPEN = ("Planned", "No", "Background")


def _cited() -> dict[str, str]:
    """RFC number → one place that cites it."""
    found: dict[str, str] = {}
    for path in files(*PRODUCT, migrations=True):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for match in CITED.finditer(line):
                for rfc in re.findall(r"\d+", match[1]):
                    found.setdefault(rfc, f"{name(path)}:{number}")
    return found


@pytest.fixture(scope="module")
def ledger() -> dict[str, list[str]]:
    rows = table("STANDARDS.md", "Ledger")
    assert len({row[0] for row in rows}) == len(rows), "a standard stands twice"
    return {row[0].removeprefix("RFC "): row for row in rows}


def test_what_the_code_cites_stands_in_the_ledger(ledger) -> None:
    assert sorted(f"RFC {rfc} ({where})" for rfc, where in _cited().items() if rfc not in ledger) == []


def test_what_the_ledger_promises_is_cited(ledger) -> None:
    cited = _cited()
    assert sorted(rfc for rfc, row in ledger.items() if row[2] in DONE and rfc.isdigit() and rfc not in cited) == []


def test_the_status_is_one_of_five_words(ledger) -> None:
    assert [row for row in ledger.values() if row[2] not in DONE + OPEN] == []


def test_a_partial_standard_says_what_is_missing(ledger) -> None:
    assert [rfc for rfc, row in ledger.items() if row[2] == "Partial" and not row[4]] == []
