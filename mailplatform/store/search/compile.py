"""Queries about entries, turned into one SQL condition over store_entry.

Only what stands in the narrow row is compiled here (uids, flags, keywords, dates, size, modseq, and all their combinations);
what is inside messages is looked through by store.search.find. Values are always parameters, never text of the statement.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from mailplatform.store import keywords
from mailplatform.store.search import query as q

_SELECT = """
SELECT e.uid
FROM store_entry AS e
LEFT JOIN store_seen AS s ON s.folder_id = e.folder_id AND s.viewer_id = %(viewer)s AND s.uid = e.uid
WHERE e.folder_id = %(folder)s AND {condition}
ORDER BY e.uid
"""
_PLAIN = """
SELECT e.uid
FROM store_entry AS e
WHERE e.folder_id = %(folder)s AND {condition}
ORDER BY e.uid
"""
_OWN_FLAGS = "(CASE WHEN s.seen IS NULL THEN e.flags WHEN s.seen THEN e.flags | 1::smallint ELSE e.flags & ~1::smallint END)"


class Condition:
    """Collects a condition's text and its parameters."""

    def __init__(self, account_id: int, viewer: int | None, now: datetime) -> None:
        """viewer: another viewer whose own \\Seen counts, or None where the entry's bits are right."""
        self.params: dict[str, Any] = {}
        self._account_id = account_id
        self._viewer = viewer
        self._now = now

    def value(self, value: Any, cast: str) -> str:
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"%({name})s::{cast}"

    def of(self, query: q.Query) -> str:
        """The condition of a tree for which `compiles` is true."""
        match query:
            case q.All():
                return "true"
            case q.And(queries):
                return "(" + " AND ".join(map(self.of, queries)) + ")" if queries else "true"
            case q.Or(queries):
                return "(" + " OR ".join(map(self.of, queries)) + ")" if queries else "false"
            case q.Not(inner):
                return f"NOT ({self.of(inner)})"
            case q.Uids(ranges):
                return self._uids(ranges)
            case q.Flagged(bits, present):
                flags = "e.flags" if self._viewer is None else _OWN_FLAGS
                wanted = self.value(bits, "smallint")
                return f"({flags} & {wanted}) = {wanted if present else '0'}"
            case q.HasKeyword(name, present):
                numbers = self.value(keywords.numbers(self._account_id, [name]), "integer[]")
                return f"{'' if present else 'NOT '}(e.keywords && {numbers})"
            case q.Internal(when, day):
                start = self.value(datetime.combine(day, time(), UTC), "timestamptz")
                end = self.value(datetime.combine(day, time(), UTC) + timedelta(days=1), "timestamptz")
                return {
                    q.When.BEFORE: f"e.internal_date < {start}",
                    q.When.ON: f"(e.internal_date >= {start} AND e.internal_date < {end})",
                    q.When.SINCE: f"e.internal_date >= {start}",
                }[when]
            case q.Larger(octets):
                return f"e.size > {self.value(octets, 'bigint')}"
            case q.Smaller(octets):
                return f"e.size < {self.value(octets, 'bigint')}"
            case q.ModSeq(modseq):
                column = "e.modseq" if self._viewer is None else "greatest(e.modseq, s.modseq)"
                return f"{column} >= {self.value(modseq, 'bigint')}"
            case q.Younger(seconds):
                return f"e.internal_date > {self.value(self._now - timedelta(seconds=seconds), 'timestamptz')}"
            case q.Older(seconds):
                return f"e.internal_date <= {self.value(self._now - timedelta(seconds=seconds), 'timestamptz')}"
        raise AssertionError(query)

    def _uids(self, ranges: tuple[tuple[int, int], ...]) -> str:
        if len(ranges) == 1:
            return f"e.uid BETWEEN {self.value(ranges[0][0], 'bigint')} AND {self.value(ranges[0][1], 'bigint')}"
        multirange = "{" + ",".join(f"[{low},{high}]" for low, high in ranges) + "}"
        return f"e.uid <@ {self.value(multirange, 'int8multirange')}"

    def statement(self, query: q.Query, folder_id: int) -> tuple[str, dict[str, Any]]:
        """The whole statement: the uids of a folder's entries that fit, ascending."""
        condition = self.of(query)
        params = self.params | {"folder": folder_id}
        if self._viewer is None:
            return _PLAIN.format(condition=condition), params
        return _SELECT.format(condition=condition), params | {"viewer": self._viewer}


def compiles(query: q.Query) -> bool:
    """Whether the narrow row answers this tree."""
    return not any(isinstance(leaf, q.Text | q.Header | q.Sent) for leaf in q.leaves(query))
