"""For whom a rule of access is made: a user, a group, a domain, or everybody of an organisation; from words to rows and back."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from mailplatform.access.models import NetworkRule
from mailplatform.audit.record import Subject
from mailplatform.directory import canonical, groups
from mailplatform.directory.models import Domain, LocalAddress, Organisation, User
from mailplatform.runtime.errors import NotFound


@dataclass(frozen=True, slots=True)
class Whose:
    """level: user, group, domain or organisation. name: a login, an address, a domain; "" is the first organisation."""

    level: str
    name: str = ""


EVERYONE = Whose("organisation")


@dataclass(frozen=True, slots=True)
class Known:
    """A subject found in the directory. columns: of a rule made for it; filters: of all rules made for it."""

    organisation_id: int
    audited: Subject
    columns: dict[str, Any] = field(default_factory=dict)
    filters: dict[str, Any] = field(default_factory=dict)


def subject_of(whose: Whose) -> Known:
    """Find a subject. Raises NotFound, Malformed."""
    match whose.level:
        case "user":
            return _known("user", _user(whose.name), None)
        case "group":
            info = groups.get_group(whose.name)
            row = LocalAddress.objects.select_related("domain").get(pk=info.id)
            return _known("group", row, row.domain.organisation_id, info.address)
        case "domain":
            return _known("domain", _domain(whose.name), None)
        case _:
            organisation = _organisation(whose.name)
            audited = Subject("organisation", organisation.pk, organisation.name, organisation.pk)
            return Known(organisation.pk, audited, {"organisation": organisation}, {"organisation": organisation})


def whose_of(rule: NetworkRule) -> Whose:
    """For whom a rule was made; the caller has selected the related rows."""
    if rule.user is not None:
        return Whose("user", rule.user.login)
    if rule.group is not None:
        return Whose("group", canonical.address(rule.group.localpart, rule.group.domain.name))
    if rule.domain is not None:
        return Whose("domain", rule.domain.name)
    return Whose("organisation", rule.organisation.name)


def _known(kind: str, row: Any, organisation_id: int | None, name: str = "") -> Known:
    owner = organisation_id or row.organisation_id
    columns = {"organisation_id": owner, kind: row}
    return Known(owner, Subject(kind, row.pk, name or str(row), owner), columns, {f"{kind}__isnull": False, kind: row})


def _user(login: str) -> User:
    login = str(canonical.split(login))
    row = User.objects.filter(login=login).first()
    if row is None:
        raise NotFound(gettext("user: there is no user %(login)s") % {"login": login}, subject="user")
    return row


def _domain(name: str) -> Domain:
    name = canonical.domain_name(name)
    row = Domain.objects.select_related("alias_of").filter(name=name).first()
    if row is None:
        raise NotFound(gettext("domain: %(name)s is not a domain of this house") % {"name": name}, subject="domain")
    return row.alias_of or row  # logins are written with the canonical domain


def _organisation(name: str) -> Organisation:
    rows = Organisation.objects.filter(name=name) if name else Organisation.objects.order_by("id")
    row = rows.first()
    if row is None:
        words = gettext("organisation: there is no %(name)s") % {"name": name} if name else gettext("add a domain first")
        raise NotFound(words, subject="organisation")
    return row
