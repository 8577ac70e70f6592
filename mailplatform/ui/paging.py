"""Pages of long lists: by number where a list is bounded (people, addresses), by "older than" where it grows for ever.

Counting stops at a bound, so a page of a list of a hundred thousand costs what its own rows cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

COUNTED = 10_000
PER_PAGE = 50
MOST_PAGES = 4000


@dataclass(frozen=True, slots=True)
class Numbered:
    """One page. total: how many rows there are, at most `COUNTED`; counted: whether that is all of them."""

    rows: Sequence[Any]
    number: int
    per_page: int
    total: int
    counted: bool
    more: bool

    @property
    def first(self) -> int:
        return (self.number - 1) * self.per_page + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * self.per_page + len(self.rows)

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.more else None


def numbered(rows: QuerySet[Any], asked: str, per_page: int = PER_PAGE) -> Numbered:
    """The page asked for; what is no number of a page is the first."""
    number = int(asked) if asked.isdigit() and 0 < int(asked) <= MOST_PAGES else 1
    start = (number - 1) * per_page
    found = list(rows[start : start + per_page + 1])
    if not found and number > 1:
        return numbered(rows, "1", per_page)
    more = len(found) > per_page
    if number == 1 and not more:
        total = len(found)
    elif not more:
        total = start + len(found)
    else:
        total = max(rows.order_by()[: COUNTED + 1].count(), start + per_page)
    return Numbered(found[:per_page], number, per_page, min(total, COUNTED), total <= COUNTED, more)


@dataclass(frozen=True, slots=True)
class Older:
    """One page of what is ordered by time: its rows, and the key behind which the next page begins ("" at the end)."""

    rows: Sequence[Any]
    older: str
    newest: bool
