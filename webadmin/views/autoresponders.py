"""Autoresponders: who answers by themselves, and the words of each. Days are those of the organisation's time zone."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access.permissions import addresses_for
from mailplatform.delivery import autoresponders
from mailplatform.delivery.autoresponders import AutoresponderInfo
from mailplatform.delivery.values import Audience, Words
from mailplatform.directory import organisations
from mailplatform.directory.addresses import written
from mailplatform.directory.values import AddressKind
from mailplatform.runtime.errors import NotFound
from webadmin.forms.autoresponders import FIELDS, LANGUAGES, ResponderForm
from webadmin.tables.autoresponders import ResponderFilter, ResponderTable
from webadmin.views.base import FormPage, ListPage
from webadmin.views.person import OnePerson


def zone_of(organisation_id: int | None) -> ZoneInfo:
    """The time zone of an organisation."""
    return next(ZoneInfo(one.time_zone) for one in organisations.list_organisations() if one.id == organisation_id)


class Autoresponders(ListPage):
    title, here, icon = _("Autoresponders"), "autoresponders", "reply"
    lead = _("Mailboxes that answer by themselves, such as during holidays. One is set on the page of its mailbox.")
    table_class, filter_class = ResponderTable, ResponderFilter
    empty, empty_lead = _("Nobody answers automatically"), _("Open a mailbox and its tab “Autoresponder” to write one.")

    def rows(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = autoresponders.beside(addresses_for(self.identity, AddressKind.ACCOUNT)).values(
            "localpart", "domain__name", "account_id", "account__name", "answering", "begins", "ends", "whom"
        )
        return rows

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        zone = zone_of(self.identity.organisation_id)
        return [
            {
                **row,
                "address": written(row["localpart"], row["domain__name"]),
                "name": row["account__name"],
                "begins": row["begins"].astimezone(zone) if row["begins"] else None,
                "ends": row["ends"].astimezone(zone) if row["ends"] else None,
            }
            for row in rows
        ]


class Responder(OnePerson, FormPage):
    template_name = "webadmin/person_autoresponder.html"
    form_class, stamped = ResponderForm, True

    def prepare(self) -> None:
        super().prepare()
        self.zone = zone_of(self.account.organisation_id)
        self.info: AutoresponderInfo | None = None
        try:
            self.info = autoresponders.get_autoresponder(self.account.address)
        except NotFound:
            pass

    def initial(self) -> dict[str, Any]:
        info = self.info
        blank = {f"{language}_{name}": "" for language, _words in LANGUAGES for name in FIELDS}
        if info is None:
            return {"enabled": False, "starts": None, "ends": None, "days": 7, "audience": str(Audience.EVERYONE), **blank}
        said = {f"{one.language}_{name}": getattr(one, name) for one in info.words for name in FIELDS}
        last = info.ends_at.astimezone(self.zone) - timedelta(seconds=1) if info.ends_at else None
        return {
            "enabled": info.enabled,
            "starts": info.starts_at.astimezone(self.zone).date() if info.starts_at else None,
            "ends": last.date() if last else None,
            "days": info.days,
            "audience": str(info.audience),
            **blank,
            **said,
        }

    def act(self, sent: dict[str, Any]) -> str:
        wanted = {**self.initial(), **sent}
        address = self.account.address
        if wanted["enabled"] or any(name != "enabled" for name in sent):
            autoresponders.set_autoresponder(
                address,
                starts_at=self._midnight(wanted["starts"]),
                ends_at=self._midnight(wanted["ends"] + timedelta(days=1)) if wanted["ends"] else None,
                days=wanted["days"],
                audience=Audience(wanted["audience"]),
                words=[Words(language, *(wanted[f"{language}_{name}"] for name in FIELDS)) for language, _words in LANGUAGES],
                actor=self.web.actor,
            )
        if not wanted["enabled"] and (sent or self.info):
            autoresponders.turn_off(address, actor=self.web.actor)
            self.web.say(gettext("%(address)s answers no more; its words are kept.") % {"address": address})
        else:
            self.web.say(gettext("The autoresponder of %(address)s is saved.") % {"address": address})
        return self.url("person-autoresponder")

    def _midnight(self, day: date | None) -> datetime | None:
        return datetime.combine(day, time(), self.zone) if day else None

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(zone=self.zone.key, info=self.info, **more)
