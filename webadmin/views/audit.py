"""The log of the administration: who changed what, when, and how it was before where that is known."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mailplatform.access.permissions import audit_for, visible_addresses
from webadmin.said import said
from webadmin.tables.audit import AuditFilter, AuditTable
from webadmin.views.timed import TimedPage


class Audit(TimedPage):
    title, here, icon = _("Log"), "audit", "log"
    lead = _("What administrators did, here and on the command line. Nothing in it can be changed or taken out.")
    table_class, filter_class = AuditTable, AuditFilter
    empty, empty_lead = _("Nothing was done yet"), _("The first change will stand here.")

    def rows(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = audit_for(self.identity).values(*AuditTable.fields)
        return rows

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.order_by("-id")

    def mark(self, row: Mapping[str, Any]) -> str:
        return str(row["id"])

    def before(self, rows: QuerySet[Any], mark: str) -> QuerySet[Any]:
        return rows.filter(pk__lt=int(mark)) if mark.isdigit() and len(mark) < 19 else rows

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        shown = rows if self.everything else self.readable(rows)
        return [row | {"words": said(row["code"])} for row in shown]

    def readable(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """What was changed, without the addresses of others that are named in it; asked for a whole page at once."""
        every = dict.fromkeys(text for row in rows for value in row["params"].values() for text in _texts(value))
        seen = set(visible_addresses(self.identity, tuple(every))[0])
        return [row | {"params": {name: _without(value, seen) for name, value in row["params"].items()}} for row in rows]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else (str(value),)


def _without(value: Any, seen: set[str]) -> Any:
    texts = _texts(value)
    shown = [text for text in texts if text in seen]
    return value if len(shown) == len(texts) else [*shown, "…"]
