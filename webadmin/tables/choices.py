"""What several filters share: the search field, the domains somebody may choose from, how an address is looked for."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mailplatform.access.permissions import domains_for
from mailplatform.ui.fields import Select
from mailplatform.ui.filters import Filter

SEARCH = forms.TextInput(attrs={"type": "search", "placeholder": _("Search"), "autocomplete": "off"})


def own_domains(request: HttpRequest) -> list[tuple[str, str]]:
    """The domains of who asks that have addresses of their own."""
    rows = domains_for(request.web.identity).filter(alias_of=None).order_by("name")  # type: ignore[attr-defined]
    return [(name, name) for name in rows.values_list("name", flat=True)]


def written(text: str) -> Q:
    """Addresses that look like this: "ann" anywhere in the local part, "ann@exa" on both sides of the @."""
    before, at, after = text.strip().lower().rpartition("@")
    if at:
        return Q(localpart__endswith=before, domain__name__startswith=after)
    return Q(localpart__contains=after)


class AddressFilter(Filter):
    """Of a list of addresses: q and domain. also: a further column that q looks in."""

    also = "name"

    q = django_filters.CharFilter(method="search", label=_("Search"), widget=SEARCH)
    domain = django_filters.ChoiceFilter(field_name="domain__name", label=_("Domain"), empty_label=_("All"), widget=Select)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = own_domains(self.request)
        self.filters["domain"].extra["choices"] = choices
        if len(choices) < 2:
            del self.filters["domain"]

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(written(value) | Q(**{f"{self.also}__icontains": value.strip()}))
