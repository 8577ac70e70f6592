"""Domain administrators: people who look after some domains and see nothing of the others.

Being given a first domain makes an employee one; losing the last makes them an employee again. An administrator has all
domains already and is given none. What they may see and do is access.permissions' to say; here is only what they were given.
"""

from django.utils.translation import gettext

from mailplatform.audit.record import Subject, record
from mailplatform.directory import canonical
from mailplatform.directory.domains import canonical_domain
from mailplatform.directory.epoch import bump, changing
from mailplatform.directory.models import Domain, User
from mailplatform.directory.values import Actor, Role
from mailplatform.runtime.errors import AlreadyExists, Conflict, NotFound


@changing()
def appoint(login: str, domain: str, *, actor: Actor) -> tuple[str, ...]:
    """Give somebody a domain to look after; all they have now. Raises NotFound, Malformed, Conflict, AlreadyExists."""
    user, row = _user(login), canonical_domain(domain)
    if user.role == Role.ADMINISTRATOR:
        words = gettext("login: %(login)s is an administrator of everything already")
        raise Conflict(words % {"login": user.login}, subject="login")
    if row.organisation_id != user.organisation_id:
        raise NotFound(gettext("domain: %(name)s is not a domain of this house") % {"name": row.name}, subject="domain")
    if user.administers.filter(pk=row.pk).exists():
        words = gettext("login: %(login)s looks after %(name)s already")
        raise AlreadyExists(words % {"login": user.login, "name": row.name}, subject="login")
    user.administers.add(row)
    _follow(user)
    record("domain.administrator_appointed", _subject(row), actor=actor, login=user.login)
    bump()
    return domains_of(user.pk)


@changing()
def dismiss(login: str, domain: str, *, actor: Actor) -> tuple[str, ...]:
    """Take a domain away from who looked after it; what they have left. Raises NotFound, Malformed."""
    user, row = _user(login), canonical_domain(domain)
    if not user.administers.filter(pk=row.pk).exists():
        words = gettext("login: %(login)s does not look after %(name)s")
        raise NotFound(words % {"login": user.login, "name": row.name}, subject="login")
    user.administers.remove(row)
    _follow(user)
    record("domain.administrator_dismissed", _subject(row), actor=actor, login=user.login)
    bump()
    return domains_of(user.pk)


def domains_of(user_id: int) -> tuple[str, ...]:
    """The domains somebody looks after, by name."""
    return tuple(Domain.objects.filter(administrators=user_id).order_by("name").values_list("name", flat=True))


def administrators_of(domain: str) -> tuple[str, ...]:
    """The logins of those who look after a domain. Raises NotFound, Malformed."""
    return tuple(User.objects.filter(administers=canonical_domain(domain)).order_by("login").values_list("login", flat=True))


def _follow(user: User) -> None:
    """The role goes with having domains."""
    role = Role.DOMAIN_ADMINISTRATOR if user.administers.exists() else Role.EMPLOYEE
    if user.role != role:
        User.objects.filter(pk=user.pk).update(role=role)


def _user(login: str) -> User:
    parts = canonical.split(login)
    found = User.objects.filter(login=canonical.address(parts.key, canonical_domain(parts.domain).name)).first()
    if found is None:
        raise NotFound(gettext("login: nobody signs in as %(login)s") % {"login": str(parts)}, subject="login")
    return found


def _subject(row: Domain) -> Subject:
    return Subject("domain", row.pk, row.name, row.organisation_id)
