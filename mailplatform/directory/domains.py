"""Domains: which names the house receives for, and what holds for every address in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from mailplatform.audit.record import Subject, record
from mailplatform.directory import canonical
from mailplatform.directory.constraints import refusing
from mailplatform.directory.epoch import bump, changing
from mailplatform.directory.models import Account, Domain, LocalAddress, Organisation
from mailplatform.directory.values import Actor, AddressKind
from mailplatform.runtime.errors import AlreadyExists, Conflict, Malformed, NotFound

_FIRST_ORGANISATION = "default"
_QUOTAS = ("quota_bytes", "quota_messages", "account_quota_bytes", "account_quota_messages")
_LIMITS = (*_QUOTAS, "max_message_size", "max_recipients")
_SETTABLE = frozenset(("enabled", "description", "subaddress_separator", *_LIMITS))


@dataclass(frozen=True, slots=True)
class DomainInfo:
    """A domain as others see it. Sizes are bytes; None is the site's limit, or none."""

    id: int
    organisation_id: int
    name: str
    alias_of: str | None
    enabled: bool
    description: str
    subaddress_separator: str
    quota_bytes: int | None
    quota_messages: int | None
    account_quota_bytes: int | None
    account_quota_messages: int | None
    max_message_size: int | None
    max_recipients: int | None
    accounts: int
    addresses: int


@changing()
def add_domain(
    name: str, *, alias_of: str | None = None, organisation_id: int | None = None, actor: Actor, **limits: Any
) -> DomainInfo:
    """Receive for a domain, or for another name of one. The first one also makes the organisation.

    limits: what `set_domain` takes. Raises Malformed, AlreadyExists, NotFound (the domain of `alias_of`).
    """
    name = canonical.domain_name(name)
    main = _row(alias_of) if alias_of else None
    if main is not None and main.alias_of_id is not None:
        raise Conflict(gettext("alias_of: %(name)s is itself an alias domain") % {"name": main.name}, subject="alias_of")
    _check(limits)
    owner_id = main.organisation_id if main is not None else organisation_id or _organisation().pk
    with refusing(
        "domain_name_once", AlreadyExists(gettext("domain: %(name)s exists already") % {"name": name}, subject="domain")
    ):
        row = Domain.objects.create(organisation_id=owner_id, name=name, alias_of=main, **limits)
    record("domain.added", _subject(row), actor=actor, alias_of=main.name if main else None, **limits)
    bump()
    return get_domain(name)


@changing()
def set_domain(name: str, *, actor: Actor, **changes: Any) -> DomainInfo:
    """Change what holds for a domain. Raises NotFound, Malformed (naming the field)."""
    row = _row(name, lock=True)
    _check(changes)
    changed = {field: value for field, value in changes.items() if getattr(row, field) != value}
    if changed:
        for field, value in changed.items():
            setattr(row, field, value)
        row.save(update_fields=list(changed))
        record("domain.changed", _subject(row), actor=actor, **changed)
        bump()
    return get_domain(row.name)


@changing()
def remove_domain(name: str, *, actor: Actor) -> None:
    """Stop receiving for a domain that nothing lives in. Raises NotFound, Conflict (naming what still lives there)."""
    row = _row(name, lock=True)
    accounts = Account.objects.filter(domain=row).count()
    addresses = LocalAddress.objects.filter(domain=row).exclude(kind="account").count()
    names = Domain.objects.filter(alias_of=row).count()
    if accounts or addresses or names:
        raise Conflict(
            gettext(
                "domain: %(name)s still has %(accounts)d mailboxes (closed ones counted), %(addresses)d other addresses and "
                "%(names)d alias domains; remove those first, or disable the domain"
            )
            % {"name": row.name, "accounts": accounts, "addresses": addresses, "names": names},
            subject="domain",
        )
    subject = _subject(row)
    row.delete()
    record("domain.removed", subject, actor=actor)
    bump()


def get_domain(name: str) -> DomainInfo:
    """One domain. Raises NotFound, Malformed."""
    name = canonical.domain_name(name)
    found = _infos(Q(name=name))
    if not found:
        raise _missing(name)
    return found[0]


def list_domains(*, organisation_id: int | None = None) -> list[DomainInfo]:
    """All domains by name."""
    return _infos(Q() if organisation_id is None else Q(organisation_id=organisation_id))


def with_counts(rows: QuerySet[Domain]) -> QuerySet[Any]:
    """The same domains with `account_count`, `address_count` (addresses that are no account's own) and `total_count`
    of all addresses."""
    accounts = Account.objects.filter(domain=OuterRef("pk")).order_by().values("domain").annotate(n=Count("pk")).values("n")
    others = LocalAddress.objects.filter(domain=OuterRef("pk")).exclude(kind=AddressKind.ACCOUNT).order_by()
    addresses = others.values("domain").annotate(n=Count("pk")).values("n")
    all_of = LocalAddress.objects.filter(domain=OuterRef("pk")).order_by().values("domain").annotate(n=Count("pk")).values("n")
    return rows.annotate(
        account_count=Coalesce(Subquery(accounts), 0),
        address_count=Coalesce(Subquery(addresses), 0),
        total_count=Coalesce(Subquery(all_of), 0),
    )


def counts_by_kind(domain_id: int) -> dict[str, int]:
    """How many addresses of each kind a domain has; kinds it has none of are absent."""
    counted = LocalAddress.objects.filter(domain_id=domain_id).order_by().values_list("kind").annotate(n=Count("pk"))
    return dict(counted)


def canonical_domain(name: str) -> Domain:
    """The row whose addresses `name` uses: of the domain itself, or of the domain it is an alias of. For this room only."""
    row = _row(name)
    return row.alias_of or row


def _infos(condition: Q) -> list[DomainInfo]:
    rows = with_counts(Domain.objects.filter(condition)).order_by("name")
    columns = ("id", "organisation_id", "name", "alias_of__name", "enabled", "description", "subaddress_separator")
    return [DomainInfo(*row) for row in rows.values_list(*columns, *_LIMITS, "account_count", "total_count")]


def _row(name: str, *, lock: bool = False) -> Domain:
    name = canonical.domain_name(name)
    rows = Domain.objects.select_for_update(no_key=True) if lock else Domain.objects.select_related("alias_of")
    row = rows.filter(name=name).first()
    if row is None:
        raise _missing(name)
    return row


def _missing(name: str) -> NotFound:
    return NotFound(gettext("domain: %(name)s is not a domain of this house") % {"name": name}, subject="domain")


def _organisation() -> Organisation:
    """The oldest organisation; made when there is none."""
    return Organisation.objects.order_by("id").first() or Organisation.objects.get_or_create(name=_FIRST_ORGANISATION)[0]


def _check(values: Mapping[str, Any]) -> None:
    for field, value in values.items():
        if field not in _SETTABLE:
            raise Malformed(gettext("%(field)s: not something a domain has") % {"field": field}, subject=field)
        if field in _LIMITS and value is not None and not (0 if field in _QUOTAS else 1) <= value < _most(field):
            raise Malformed(gettext("%(field)s: %(value)s is out of range") % {"field": field, "value": value}, subject=field)
        if field == "subaddress_separator" and (len(value) > 1 or value.isalnum() or value in tuple('@".') or value.isspace()):
            raise Malformed(
                gettext("subaddress_separator: one character such as + or -, or nothing to switch subaddresses off"),
                subject=field,
            )


def _most(field: str) -> int:
    return 2**31 if field == "max_recipients" else 2**63


def _subject(row: Domain) -> Subject:
    return Subject("domain", row.pk, row.name, row.organisation_id)
