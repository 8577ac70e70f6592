"""Rows of mail that name senders and recipients by their paths: which of them are somebody's to look after.

An administrator sees those of their organisation, a domain administrator what comes from or goes to their domains, others none.
"""

from typing import Any

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower

from mailplatform.access.permissions import domains_for
from mailplatform.access.values import Identity
from mailplatform.directory.models import Organisation
from mailplatform.directory.values import Role


def everything(identity: Identity) -> bool:
    """Whether all there is belongs to the organisation that somebody administers."""
    return identity.role == Role.ADMINISTRATOR and not Organisation.objects.exclude(pk=identity.organisation_id).exists()


def domain_names(identity: Identity) -> frozenset[str]:
    """The names of the domains that somebody administers."""
    return frozenset(domains_for(identity).values_list("name", flat=True))


def concerning(identity: Identity, rows: QuerySet[Any], *paths: str) -> QuerySet[Any]:
    """Those of some rows in which one of these fields, each a path, is in a domain that somebody administers."""
    if everything(identity):
        return rows
    names = domain_names(identity)
    if not names:
        return rows.none()
    theirs = Q()
    for number, path in enumerate(paths):
        theirs |= Q(**{f"domain_{number}__in": names})
        rows = rows.annotate(**{f"domain_{number}": _domain(path)})
    return rows.filter(theirs)


def _domain(path: str) -> Any:
    """What stands behind the last @ of a path, cheaply: where little is somebody's own, a million rows are looked through."""
    return Func(Lower(F(path)), Value("@"), Value(-1), function="split_part", output_field=TextField())
