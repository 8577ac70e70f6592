"""Lists that grow for ever (messages, the audit): newest first, paged by "older than", never counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from mailplatform.ui.filters import Filter
from mailplatform.ui.paging import PER_PAGE, Older
from mailplatform.ui.tables import Table
from webadmin.views.base import Admin


class TimedPage(Admin):
    """table_class, filter_class, rows as of a ListPage. mark: what says where a row stands in the order, for `before`."""

    template_name = "webadmin/timed.html"
    table_class: type[Table]
    filter_class: type[Filter]
    per_page = PER_PAGE
    empty: Any = ""
    empty_lead: Any = ""

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def before(self, rows: QuerySet[Any], mark: str) -> QuerySet[Any]:
        """What is older than the mark; all of it for a mark that is none."""
        raise NotImplementedError

    def mark(self, row: Mapping[str, Any]) -> str:
        raise NotImplementedError

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        raise NotImplementedError

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        return rows

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        chosen = self.filter_class(request.GET, queryset=self.rows(), request=request)
        mark = request.GET.get("before", "")
        rows = self.before(chosen.qs, mark) if mark else chosen.qs
        found = list(self.ordered(rows)[: self.per_page + 1])
        shown = found[: self.per_page]
        older = self.mark(shown[-1]) if len(found) > self.per_page else ""
        table = self.table_class(self.records(shown), request=None)
        return self.show(table=table, page=Older(shown, older, newest=not mark), filter=chosen, sort="", narrowed=chosen.active)
