"""Addresses that lead somewhere else: aliases, forwards, catch-alls, and addresses whose mail is thrown away.

A target inside is kept as a key, so renaming what it names breaks nothing; what others lead to cannot be removed
under them. Forwards and groups may lead outside as well; aliases and catch-alls lead inside only.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.utils.translation import gettext

from mailplatform.audit.record import Subject, record
from mailplatform.directory import canonical
from mailplatform.directory.constraints import refusing, violated
from mailplatform.directory.domains import canonical_domain
from mailplatform.directory.epoch import bump, changing
from mailplatform.directory.models import Domain, LocalAddress, Target
from mailplatform.directory.values import Actor, AddressKind
from mailplatform.runtime.errors import AlreadyExists, Conflict, Malformed, NotFound, PolicyRefused

_MAY_LEAVE = (AddressKind.FORWARD, AddressKind.GROUP)
_LEADING = (AddressKind.ALIAS, AddressKind.FORWARD, AddressKind.CATCH_ALL, AddressKind.DISCARD)


@dataclass(frozen=True, slots=True)
class AddressInfo:
    """An address with what it leads to; a catch-all is written `*@domain`."""

    id: int
    organisation_id: int
    domain: str
    address: str
    kind: str
    enabled: bool
    name: str
    posting: str
    targets: tuple[str, ...]


def add_alias(address: str, targets: Sequence[str], *, actor: Actor) -> AddressInfo:
    """Another name for one or more addresses of the house. Raises Malformed, NotFound, AlreadyExists, PolicyRefused (outside)."""
    return add(address, AddressKind.ALIAS, targets, actor=actor)


def add_forward(address: str, targets: Sequence[str], *, actor: Actor) -> AddressInfo:
    """Send mail on, outside the house too. Raises Malformed, NotFound, AlreadyExists."""
    return add(address, AddressKind.FORWARD, targets, actor=actor)


def leads_outside(targets: Iterable[str]) -> bool:
    """Whether one of these is not an address of the house. Raises Malformed."""
    return any(not Domain.objects.filter(name=canonical.split(text).domain).exists() for text in targets)


def add_catch_all(domain: str, targets: Sequence[str], *, actor: Actor) -> AddressInfo:
    """Lead what no other address of the domain answers. Raises as `add_alias` does."""
    return add(f"*@{domain}", AddressKind.CATCH_ALL, targets, actor=actor)


def add_discard(address: str, *, actor: Actor) -> AddressInfo:
    """Accept mail for an address and throw it away. Raises Malformed, NotFound, AlreadyExists."""
    return add(address, AddressKind.DISCARD, (), actor=actor)


@changing()
def set_targets(
    address: str,
    *,
    replace: Sequence[str] | None = None,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    kinds: Sequence[AddressKind] = _LEADING,
    actor: Actor,
) -> AddressInfo:
    """Change where an address leads. Raises NotFound, Malformed, AlreadyExists (a target named twice), Conflict (none left)."""
    row = locked(address, kinds)
    if row.kind == AddressKind.DISCARD:
        raise Conflict(gettext("address: mail to it is thrown away; it leads nowhere"), subject="address")
    if replace is not None:
        Target.objects.filter(source=row).delete()
        _link(row, replace)
    for text in remove:
        if not Target.objects.filter(source=row, **_target(row, text)).delete()[0]:
            raise NotFound(gettext("target: %(target)s is not among them") % {"target": text}, subject="target")
    _link(row, add)
    if row.kind != AddressKind.GROUP and not Target.objects.filter(source=row).exists():
        raise Conflict(gettext("target: at least one must remain"), subject="target")
    record(
        f"{row.kind}.targets_changed",
        subject(row),
        actor=actor,
        replaced=None if replace is None else list(replace),
        added=list(add),
        removed=list(remove),
    )
    bump()
    return _info(row.pk)


@changing()
def set_address(address: str, *, actor: Actor, kinds: Sequence[AddressKind] = _LEADING, **changes: Any) -> AddressInfo:
    """Change `enabled`, `name` or, for groups, `posting`. Raises NotFound."""
    row = locked(address, kinds)
    changed = {field: value for field, value in changes.items() if getattr(row, field) != value}
    if changed:
        for field, value in changed.items():
            setattr(row, field, value)
        row.save(update_fields=list(changed))
        record(f"{row.kind}.changed", subject(row), actor=actor, **changed)
        bump()
    return _info(row.pk)


@changing()
def remove_address(address: str, *, actor: Actor, kinds: Sequence[AddressKind] = _LEADING) -> None:
    """Take an address away. Raises NotFound, Conflict (naming what leads to it)."""
    row = locked(address, kinds)
    was = subject(row)
    targets = list(_info(row.pk).targets)
    try:
        with transaction.atomic():
            row.delete()
    except (ProtectedError, IntegrityError) as error:
        sources = Target.objects.filter(address=row).values_list("source__localpart", "source__domain__name")
        names = ", ".join(sorted(written(*source) for source in sources))
        raise Conflict(
            gettext("address: %(names)s leads to it; change that first") % {"names": names}, subject="address"
        ) from error
    record(f"{row.kind}.removed", was, actor=actor, targets=targets)
    bump()


def get_address(address: str, *, kinds: Sequence[AddressKind] = _LEADING) -> AddressInfo:
    """One address. Raises NotFound, Malformed."""
    return _info(_find(address, kinds).pk)


def find_address(address_id: int) -> AddressInfo:
    """The address of this id. Raises NotFound."""
    found = _infos(Q(pk=address_id))
    if not found:
        raise NotFound(gettext("address: there is no such address"), subject="address")
    return found[0]


def leading_to(address_id: int) -> list[AddressInfo]:
    """The addresses that have this one among their targets or members."""
    return _infos(Q(pk__in=Target.objects.filter(address_id=address_id).values("source_id")))


def targets_of(address_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Where each of these leads, in one statement; those that lead nowhere are absent."""
    leading: dict[int, list[str]] = {}
    links = Target.objects.filter(source__in=address_ids).order_by("pk")
    for source, localpart, domain, separator, detail, outside in links.values_list(
        "source_id", "address__localpart", "address__domain__name", "address__domain__subaddress_separator", "detail", "outside"
    ):
        text = outside or written(f"{localpart}{separator}{detail}" if detail else localpart, domain)
        leading.setdefault(source, []).append(text)
    return {source: tuple(texts) for source, texts in leading.items()}


def list_addresses(
    *, domain: str = "", organisation_id: int | None = None, kinds: Sequence[AddressKind] = _LEADING
) -> list[AddressInfo]:
    """Addresses of these kinds by domain and name. Raises NotFound (domain)."""
    condition = Q(kind__in=kinds)
    if domain:
        condition &= Q(domain_id=canonical_domain(domain).pk)
    if organisation_id is not None:
        condition &= Q(domain__organisation_id=organisation_id)
    return _infos(condition)


def written(localpart: str, domain: str) -> str:
    """How an address of the table is shown."""
    return canonical.address(localpart, domain) if localpart else f"*@{domain}"


def subject(row: LocalAddress) -> Subject:
    return Subject(row.kind, row.pk, written(row.localpart, row.domain.name), row.domain.organisation_id)


def locked(address: str, kinds: Sequence[AddressKind]) -> LocalAddress:
    """The row of this address, locked against other administrators. Raises NotFound, Malformed. For this room only."""
    row = _find(address, kinds)
    return LocalAddress.objects.select_for_update(no_key=True, of=("self",)).select_related("domain").get(pk=row.pk)


@changing()
def add(address: str, kind: AddressKind, targets: Sequence[str], *, actor: Actor, **columns: Any) -> AddressInfo:
    domain, key = _place(address)
    if (key == "") != (kind is AddressKind.CATCH_ALL):
        raise Malformed(
            gettext("address: %(address)s is not the local part of an address") % {"address": address}, subject="address"
        )
    if not targets and kind in (AddressKind.ALIAS, AddressKind.FORWARD, AddressKind.CATCH_ALL):
        raise Malformed(gettext("target: at least one is needed"), subject="target")
    taken = AlreadyExists(
        gettext("address: %(address)s exists already") % {"address": written(key, domain.name)}, subject="address"
    )
    with refusing("local_address_once", taken):
        row = LocalAddress.objects.create(domain=domain, localpart=key, kind=kind, **columns)
    _link(row, targets)
    record(f"{kind}.added", subject(row), actor=actor, targets=list(targets), **columns)
    bump()
    return _info(row.pk)


def _link(row: LocalAddress, targets: Iterable[str]) -> None:
    for text in targets:
        target = _target(row, text)
        if target["address"] is not None and target["address"].pk == row.pk:
            raise Malformed(gettext("target: %(target)s cannot lead to itself") % {"target": text}, subject="target")
        try:
            with transaction.atomic():
                Target.objects.create(source=row, **target)
        except IntegrityError as error:
            if violated(error) not in ("target_inside_once", "target_outside_once"):
                raise
            raise AlreadyExists(gettext("target: %(target)s is there already") % {"target": text}, subject="target") from error


def _target(row: LocalAddress, text: str) -> dict[str, Any]:
    """The columns of a target: the row it names with its subaddress detail, or an address outside. Raises PolicyRefused when it
    is outside and may not be, NotFound, Malformed."""
    parts = canonical.split(text)
    try:
        domain = canonical_domain(parts.domain)
    except NotFound as error:
        if row.kind in _MAY_LEAVE:
            return {"address": None, "outside": canonical.address(parts.original, parts.domain)}
        raise PolicyRefused(
            gettext("target: %(target)s is outside the house; only forwards and groups lead there") % {"target": text},
            reason="forward_outside",
            subject="target",
        ) from error
    inside, detail = _inside(text, parts, domain)
    return {"address": inside, "detail": detail}


def _inside(text: str, parts: canonical.Parts, domain: Domain) -> tuple[LocalAddress, str]:
    """The row a target names, and its subaddress detail. Raises NotFound."""
    separator = domain.subaddress_separator
    base, found, detail = parts.original.partition(separator) if separator else (parts.original, "", "")
    rows = LocalAddress.objects.filter(domain=domain)
    exact = rows.filter(localpart=parts.key).first()
    if exact is not None:
        return exact, ""
    without = rows.filter(localpart=base.lower()).first() if found and base else None
    if without is not None:
        return without, detail
    raise NotFound(gettext("target: %(target)s does not exist") % {"target": text}, subject="target")


def _place(address: str) -> tuple[Domain, str]:
    name, at, domain = address.strip().rpartition("@")
    if at and name == "*":
        return canonical_domain(domain), ""
    parts = canonical.split(address)
    return canonical_domain(parts.domain), parts.key


def _find(address: str, kinds: Sequence[AddressKind]) -> LocalAddress:
    domain, key = _place(address)
    row = LocalAddress.objects.filter(domain=domain, localpart=key, kind__in=kinds).first()
    if row is None:
        words = {"address": written(key, domain.name), "kinds": " / ".join(kinds)}
        raise NotFound(gettext("address: there is no %(kinds)s %(address)s") % words, subject="address")
    return row


def _info(pk: int) -> AddressInfo:
    return _infos(Q(pk=pk))[0]


def _infos(condition: Q) -> list[AddressInfo]:
    rows = LocalAddress.objects.filter(condition).order_by("domain__name", "localpart")
    columns = ("pk", "domain__organisation_id", "domain__name", "localpart", "kind", "enabled", "name", "posting")
    found = list(rows.values_list(*columns))
    leading = targets_of([row[0] for row in found])
    return [
        AddressInfo(pk, organisation, domain, written(key, domain), kind, enabled, name, posting, leading.get(pk, ()))
        for pk, organisation, domain, key, kind, enabled, name, posting in found
    ]
