"""The organisation: who owns the domains, and what holds for all its people."""

from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext

from mailplatform.audit.record import Subject, record
from mailplatform.directory.accounts import check_language
from mailplatform.directory.epoch import bump, changing
from mailplatform.directory.models import Organisation
from mailplatform.directory.values import Actor
from mailplatform.runtime.errors import NotFound


@dataclass(frozen=True, slots=True)
class OrganisationInfo:
    """An organisation as others see it. language: of what we write to its people, unless they chose another."""

    id: int
    name: str
    language: str
    scram_for_passwords: bool
    domains: int
    users: int


def list_organisations() -> list[OrganisationInfo]:
    """All of them, the oldest first."""
    rows = Organisation.objects.order_by("id").annotate(
        domain_count=Count("domains", distinct=True), user_count=Count("users", distinct=True)
    )
    columns = ("id", "name", "language", "scram_for_passwords", "domain_count", "user_count")
    return [OrganisationInfo(*row) for row in rows.values_list(*columns)]


def get_organisation(name: str = "") -> OrganisationInfo:
    """One by name; without a name the oldest, which is the only one in most houses. Raises NotFound."""
    found = [info for info in list_organisations() if not name or info.name == name]
    if not found:
        raise NotFound(gettext("organisation: %(name)s is not there") % {"name": name or "–"}, subject="organisation")
    return found[0]


@changing()
def set_organisation(name: str = "", *, language: str, actor: Actor) -> OrganisationInfo:
    """Change the language of an organisation. Raises NotFound, Malformed."""
    check_language(language, empty=False)
    info = get_organisation(name)
    if info.language != language:
        Organisation.objects.filter(pk=info.id).update(language=language)
        record("organisation.changed", Subject("organisation", info.id, info.name, info.id), actor=actor, language=language)
        bump()
    return get_organisation(info.name)
