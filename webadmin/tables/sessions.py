"""The list of living connections."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_tables2 import Column

from mailplatform.ui.tables import DASH, BadgeColumn, SizeColumn, Table, WhenColumn
from webadmin.words import PROTOCOLS, SESSION_STATES


class UnderColumn(Column):
    """A value, with another key of its row below it, small: eleven columns would not fit."""

    def __init__(self, under: str, **options: Any) -> None:
        super().__init__(**options)
        self._under = under

    def render(self, value: str, record: Mapping[str, Any]) -> SafeString:
        under = record.get(self._under) or (gettext("without TLS") if self._under == "tls" else "")
        return format_html('{}<span class="under">{}</span>', value, under)


class StateColumn(UnderColumn):
    def render(self, value: str, record: Mapping[str, Any]) -> SafeString:
        return super().render(str(SESSION_STATES.get(value, value)), record)


class EndColumn(Column):
    """The way out."""

    def render(self, value: int, record: Mapping[str, Any]) -> SafeString | str:
        if not record["may"]:
            return DASH
        words = gettext("End"), gettext("the session of %(login)s") % {"login": record["login"] or record["address"]}
        where = f"{reverse('webadmin:sessions-end')}?id={value}"
        return format_html('<a class="button small warn" href="{}">{}<span class="unseen"> {}</span></a>', where, *words)


class SessionTable(Table):
    login = Column(verbose_name=_("Who"), attrs={"td": {"class": "main"}}, default=_("not signed in"))
    protocol = BadgeColumn(PROTOCOLS, verbose_name=_("By"))
    state = StateColumn("folder", verbose_name=_("State"), default=DASH)
    client = Column(verbose_name=_("Program"), default=DASH)
    address = UnderColumn("tls", verbose_name=_("From"), default=DASH)
    since = WhenColumn(verbose_name=_("Since"))
    octets_out = SizeColumn(verbose_name=_("Taken"))
    octets_in = SizeColumn(verbose_name=_("Given"))
    id = EndColumn(verbose_name=_("Way out"))
