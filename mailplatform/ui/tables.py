"""Tables: columns that know what they show. On a phone a row is a card, so each cell carries its column's name.

A table gets the rows of one page, in order: sorting and paging are the database's, never the table's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import ngettext
from django_tables2.data import TableListData

from mailplatform.ui import sizes
from mailplatform.ui.templatetags import ui

DASH = "–"


class PageRows(TableListData):
    """Rows of one page, which nobody sorts again."""

    def order_by(self, aliases: Any) -> None:
        return None


class Table(tables.Table):
    """orders: column → the fields it sorts by. Columns without an entry are not sorted by."""

    orders: Mapping[str, Sequence[str]] = {}
    default_order = ""

    class Meta:
        template_name = "ui/table.html"
        attrs = {"class": "table"}

    def __init__(self, data: Sequence[Mapping[str, Any]], **options: Any) -> None:
        super().__init__(PageRows(list(data)), **options)
        for column in self.columns:
            column.column.orderable = column.name in self.orders


class LinkColumn(tables.Column):
    """A value that leads to its page. view: a URL name; args: the row's keys for it; under: a key shown below, small."""

    def __init__(self, view: str, args: Sequence[str], *, under: str = "", **options: Any) -> None:
        super().__init__(**options)
        self._view, self._args, self._under = view, args, under
        self.attrs.setdefault("td", {})["class"] = "main"

    def render(self, value: Any, record: Mapping[str, Any]) -> SafeString:
        where = reverse(self._view, args=[record[name] for name in self._args])
        under = record.get(self._under) if self._under else ""
        below = format_html('<span class="under">{}</span>', under) if under else ""
        return format_html('<a href="{}">{}</a>{}', where, value, below)


class BadgeColumn(tables.Column):
    """A word of a closed list: words: value → (text, tone); tones: good, warn, bad, plain."""

    def __init__(self, words: Mapping[Any, tuple[Any, str]], **options: Any) -> None:
        super().__init__(**options)
        self._words = words

    def render(self, value: Any) -> SafeString:
        text, tone = self._words.get(value, (value, "plain"))
        return badge(text, tone)


class SizeColumn(tables.Column):
    """Bytes."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("empty_values", ())
        super().__init__(**options)
        self.attrs.setdefault("td", {})["class"] = "number"
        self.attrs.setdefault("th", {})["class"] = "number"

    def render(self, value: int | None) -> str:
        return sizes.shown(value) if value is not None else DASH


class CountColumn(tables.Column):
    def __init__(self, **options: Any) -> None:
        options.setdefault("empty_values", ())
        super().__init__(**options)
        self.attrs.setdefault("td", {})["class"] = "number"
        self.attrs.setdefault("th", {})["class"] = "number"

    def render(self, value: int | None) -> str:
        return sizes.number(value) if value is not None else DASH


class MeterColumn(tables.Column):
    """How much of a limit is used: `used` and `limit` are keys of the row, in bytes or, with `counts`, in pieces."""

    def __init__(self, used: str, limit: str, *, counts: bool = False, **options: Any) -> None:
        options.setdefault("empty_values", ())
        options.setdefault("accessor", used)
        super().__init__(**options)
        self._used, self._limit, self._counts = used, limit, counts

    def render(self, record: Mapping[str, Any]) -> SafeString:
        return ui.bar(record[self._used] or 0, record[self._limit], counts=self._counts)


class WhenColumn(tables.Column):
    """A moment, said in the reader's own words and exactly in the title."""

    def render(self, value: datetime) -> SafeString:
        return ui.when(value)


class ListColumn(tables.Column):
    """Several values: the first few, and how many more there are."""

    def __init__(self, *, most: int = 3, **options: Any) -> None:
        options.setdefault("empty_values", ())
        super().__init__(**options)
        self._most = most

    def render(self, value: Sequence[str] | None) -> Any:
        if not value:
            return DASH
        shown = format_html_join("", '<span class="item">{}</span>', ((one,) for one in value[: self._most]))
        left = len(value) - self._most
        words = ngettext("and %(count)d more", "and %(count)d more", left) % {"count": left}
        more = format_html('<span class="more">{}</span>', words) if left > 0 else ""
        return format_html('<span class="items">{}{}</span>', shown, more)


def badge(text: Any, tone: str = "plain") -> SafeString:
    return format_html('<span class="badge {}">{}</span>', tone, text)
