"""The organisation: who owns the domains, and what holds for all its people."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Count
from django.utils.translation import gettext

from mailplatform.audit.record import Subject, record
from mailplatform.directory.accounts import check_language
from mailplatform.directory.epoch import bump, changing
from mailplatform.directory.models import Organisation
from mailplatform.directory.values import Actor
from mailplatform.runtime.errors import Malformed, NotFound


@dataclass(frozen=True, slots=True)
class OrganisationInfo:
    """An organisation as others see it. language: of what we write to its people, unless they chose another.

    time_zone: of the dates that its people write, an IANA name.
    """

    id: int
    name: str
    language: str
    scram_for_passwords: bool
    domains: int
    users: int
    time_zone: str


def list_organisations() -> list[OrganisationInfo]:
    """All of them, the oldest first."""
    rows = Organisation.objects.order_by("id").annotate(
        domain_count=Count("domains", distinct=True), user_count=Count("users", distinct=True)
    )
    columns = ("id", "name", "language", "scram_for_passwords", "domain_count", "user_count", "time_zone")
    return [OrganisationInfo(*row) for row in rows.values_list(*columns)]


def get_organisation(name: str = "") -> OrganisationInfo:
    """One by name; without a name the oldest, which is the only one in most houses. Raises NotFound."""
    found = [info for info in list_organisations() if not name or info.name == name]
    if not found:
        raise NotFound(gettext("organisation: %(name)s is not there") % {"name": name or "–"}, subject="organisation")
    return found[0]


def check_time_zone(name: str) -> None:
    """Raises Malformed for what is no zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = gettext("time_zone: %(name)s is no time zone; write a name like Europe/Rome") % {"name": name}
        raise Malformed(message, subject="time_zone") from None


@changing()
def set_organisation(name: str = "", *, language: str | None = None, time_zone: str = "", actor: Actor) -> OrganisationInfo:
    """Change language and time zone of an organisation, those that are given. Raises NotFound, Malformed."""
    changes = {}
    if language is not None:
        check_language(language, empty=False)
        changes["language"] = language
    if time_zone:
        check_time_zone(time_zone)
        changes["time_zone"] = time_zone
    info = get_organisation(name)
    changes = {field: value for field, value in changes.items() if getattr(info, field) != value}
    if changes:
        Organisation.objects.filter(pk=info.id).update(**changes)
        record("organisation.changed", Subject("organisation", info.id, info.name, info.id), actor=actor, **changes)
        bump()
    return get_organisation(info.name)
