"""Filters: what a list is narrowed by stands in its URL, so a view can be kept, sent and gone back to.

What is on shows as chips above the list, each with a link that takes it off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import django_filters
from django.http import QueryDict

from mailplatform.ui.forms import Form


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the query string without it."""

    label: str
    value: str
    without: str


class FilterForm(Form):
    """The form of a filter: nothing is required."""


class Filter(django_filters.FilterSet):
    """Declare filters; `q`, where there is one, is the search field."""

    class Meta:
        form = FilterForm

    def chips(self) -> Iterator[Chip]:
        if not self.form.is_bound or not self.form.is_valid():
            return
        for name, value in self.form.cleaned_data.items():
            if name == "q" or value in (None, "", []):
                continue
            bound = self.form[name]
            yield Chip(str(bound.label), self._written(name, value), without(self.data, name))

    def _written(self, name: str, value: Any) -> str:
        choices = dict(getattr(self.form.fields[name], "choices", ()))
        return str(choices.get(value, choices.get(str(value), value)))

    @property
    def active(self) -> bool:
        return any(self.data.get(name) for name in self.filters)


def without(data: Any, *names: str) -> str:
    """The query string of a list without these, and from its first page."""
    left = QueryDict(mutable=True)
    for key, values in data.lists() if hasattr(data, "lists") else ():
        if key not in names and key != "page":
            left.setlist(key, values)
    return "?" + left.urlencode()
