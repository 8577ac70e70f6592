"""Named networks, and the rules that say from which of them who may come in by which protocol (access.admission decides).

A rule is made for a user, a group, a domain or everybody, and for one protocol or for all; it names networks, and any of them
lets in. `anywhere` and `nowhere` are networks that every organisation has: the first lifts what a farther level says, the second
shuts a protocol. Every change is one transaction, one audit row and a new access epoch, so that those who are in and may no
longer be are put out within seconds. No change shuts the last administrator out of the web, unless it is forced.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from mailplatform.access.administrators import keep_one
from mailplatform.access.admission import PROTOCOLS
from mailplatform.access.epoch import bump
from mailplatform.access.models import Network, NetworkRule
from mailplatform.access.subjects import EVERYONE, Whose, subject_of, whose_of
from mailplatform.audit.record import Subject, record
from mailplatform.directory.constraints import refusing
from mailplatform.directory.values import Actor
from mailplatform.runtime.addresses import network as read
from mailplatform.runtime.errors import AlreadyExists, Conflict, Malformed, NotFound

ANYWHERE, NOWHERE = "anywhere", "nowhere"
_ALWAYS = {ANYWHERE: ["0.0.0.0/0", "::/0"], NOWHERE: []}
ALL = "all"
"""The word for every protocol that no other rule of the same subject names."""
_MOST_NAME, _MOST_CIDRS = 100, 1000


@dataclass(frozen=True, slots=True)
class NetworkInfo:
    """A named network. used_by: whose rules name it, in words ("u1@a.test: imap")."""

    id: int
    organisation_id: int
    name: str
    description: str
    cidrs: tuple[str, ...]
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """From where a subject may come in by a protocol. level: user, group, domain or organisation."""

    level: str
    subject: str
    protocol: str
    networks: tuple[str, ...]


@transaction.atomic
def add_network(name: str, cidrs: Iterable[str], *, description: str = "", organisation: str = "", actor: Actor) -> NetworkInfo:
    """Name a network. cidrs: networks or single addresses. Raises Malformed, AlreadyExists, NotFound (organisation)."""
    owner = subject_of(Whose(EVERYONE.level, organisation))
    name, written = _name(name), _cidrs(cidrs)
    with refusing(
        "network_name_once", AlreadyExists(gettext("network: %(name)s exists already") % {"name": name}, subject="network")
    ):
        row = Network.objects.create(organisation_id=owner.organisation_id, name=name, description=description, cidrs=written)
    record("network.added", _subject(row), actor=actor, cidrs=written)
    bump()
    return _info(row)


@transaction.atomic
def set_network(
    name: str,
    *,
    cidrs: Iterable[str] | None = None,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    description: str | None = None,
    organisation: str = "",
    actor: Actor,
    client_address: str = "",
    force: bool = False,
) -> NetworkInfo:
    """Change what a network is. Raises NotFound, Malformed, Conflict (no administrator could come in to the web any more)."""
    row = _row(name, organisation)
    if row.name in _ALWAYS:
        raise Conflict(gettext("network: %(name)s is what its name says") % {"name": row.name}, subject="network")
    kept = _cidrs(cidrs) if cidrs is not None else list(row.cidrs)
    gone, more = _cidrs(remove), _cidrs(add)
    if missing := [text for text in gone if text not in kept]:
        words = gettext("cidr: %(cidr)s is not in %(name)s") % {"cidr": missing[0], "name": row.name}
        raise NotFound(words, subject="cidr")
    written = sorted({*kept, *more} - {*gone}, key=_order)
    if description is not None:
        row.description = description
    row.cidrs = written
    row.save(update_fields=["cidrs", "description"])
    record("network.changed", _subject(row), actor=actor, cidrs=written)
    _changed(actor, client_address, force)
    return _info(row)


@transaction.atomic
def remove_network(name: str, *, organisation: str = "", actor: Actor) -> None:
    """Take a network away that no rule names. Raises NotFound, Conflict (naming who uses it)."""
    row = _row(name, organisation)
    info = _info(row)
    if info.used_by:
        words = gettext("network: %(name)s is used by %(users)s; clear that first")
        raise Conflict(words % {"name": row.name, "users": "; ".join(info.used_by)}, subject="network")
    subject = _subject(row)
    row.delete()
    record("network.removed", subject, actor=actor)
    bump()


def get_network(name: str, *, organisation: str = "") -> NetworkInfo:
    """One network. Raises NotFound."""
    return _info(_row(name, organisation))


def list_networks(*, organisation_id: int | None = None) -> list[NetworkInfo]:
    """All networks by name."""
    rows = Network.objects.filter(Q() if organisation_id is None else Q(organisation_id=organisation_id))
    return [_info(row) for row in rows.order_by("name", "id")]


@transaction.atomic
def allow(
    whose: Whose,
    networks: Sequence[str],
    protocols: Sequence[str] = (ALL,),
    *,
    actor: Actor,
    client_address: str = "",
    force: bool = False,
) -> list[RuleInfo]:
    """Let somebody in from these networks, besides those that they have a rule for; their rules for these protocols.

    client_address: of the administrator who asks, "" at the command line. Raises NotFound, Malformed, Conflict as `set_network`.
    """
    subject = subject_of(whose)
    if not networks:
        raise Malformed(gettext("network: name at least one"), subject="network")
    rows = [_named(name, subject.organisation_id) for name in networks]
    for protocol in map(_protocol, protocols or (ALL,)):
        for row in rows:
            NetworkRule.objects.get_or_create(**_made_for(whose), protocol=protocol, network=row, defaults=subject.columns)
    names = sorted(row.name for row in rows)
    record("network.allowed", subject.audited, actor=actor, networks=names, protocols=sorted(protocols or (ALL,)))
    _changed(actor, client_address, force)
    return list_rules(whose)


@transaction.atomic
def clear(
    whose: Whose,
    networks: Sequence[str] = (),
    protocols: Sequence[str] = (),
    *,
    actor: Actor,
    client_address: str = "",
    force: bool = False,
) -> list[RuleInfo]:
    """Take rules of somebody away: those for these networks and protocols, all where none is named; the rules that are left.

    Raises NotFound, Malformed, Conflict as `allow`.
    """
    subject = subject_of(whose)
    rules = NetworkRule.objects.filter(**_made_for(whose))
    if protocols:
        rules = rules.filter(protocol__in=[_protocol(protocol) for protocol in protocols])
    if networks:
        rules = rules.filter(network__in=[_named(name, subject.organisation_id) for name in networks])
    if not rules.delete()[0]:
        raise NotFound(gettext("%(subject)s has no such rule") % {"subject": subject.audited.name}, subject=whose.level)
    record("network.cleared", subject.audited, actor=actor, networks=sorted(networks), protocols=sorted(protocols))
    _changed(actor, client_address, force)
    return list_rules(whose)


def list_rules(whose: Whose | None = None, *, organisation_id: int | None = None) -> list[RuleInfo]:
    """Rules by level and subject: all, or those made for one subject. Raises NotFound, Malformed."""
    condition = Q() if organisation_id is None else Q(organisation_id=organisation_id)
    if whose is not None:
        condition &= Q(**_made_for(whose))
    found: dict[tuple[str, str, str], list[str]] = {}
    rows = NetworkRule.objects.filter(condition).select_related("organisation", "user", "group__domain", "domain", "network")
    for row in rows.order_by("organisation_id", "network__name"):
        mine = whose_of(row)
        found.setdefault((mine.level, mine.name, row.protocol or ALL), []).append(row.network.name)
    order = ["user", "group", "domain", "organisation"]
    keys = sorted(found, key=lambda key: (order.index(key[0]), key[1], key[2] == ALL, key[2]))
    return [RuleInfo(*key, tuple(found[key])) for key in keys]


def _made_for(whose: Whose) -> dict[str, Any]:
    nobody = {f"{name}__isnull": True for name in ("user", "group", "domain")}
    return nobody | subject_of(whose).filters


def _changed(actor: Actor, client_address: str, force: bool) -> None:
    if not force:
        keep_one(actor, client_address)
    bump()


def _name(text: str) -> str:
    name = text.strip().lower()
    if not name or len(name) > _MOST_NAME or not all(letter.isalnum() or letter in "-_. " for letter in name):
        raise Malformed(gettext("network: a name of letters, digits, blanks, - _ and ."), subject="network")
    if name in _ALWAYS:
        raise AlreadyExists(gettext("network: %(name)s is there always") % {"name": name}, subject="network")
    return name


def _no_network(text: str) -> Malformed:
    try:
        meant = ip_network(text.strip(), strict=False)
    except ValueError:
        words = gettext("cidr: %(text)r is not a network such as 192.0.2.0/24 or 2001:db8::/32, nor an address")
        return Malformed(words % {"text": text}, subject="cidr")
    words = gettext("cidr: %(text)r names a host in a network; the network is %(network)s")
    return Malformed(words % {"text": text, "network": meant}, subject="cidr")


def _cidrs(texts: Iterable[str]) -> list[str]:
    found = set()
    for text in texts:
        try:
            found.add(str(read(text)))
        except ValueError as error:
            raise _no_network(text) from error
    if len(found) > _MOST_CIDRS:
        raise Malformed(gettext("cidr: at most %(count)d in one network") % {"count": _MOST_CIDRS}, subject="cidr")
    return sorted(found, key=_order)


def _order(text: str) -> tuple[int, int, int]:
    found = read(text)
    return found.version, int(found.network_address), found.prefixlen


def _protocol(text: str) -> str:
    if text == ALL:
        return ""
    if text not in PROTOCOLS:
        words = {"protocol": text, "protocols": ", ".join([ALL, *PROTOCOLS])}
        raise Malformed(gettext("protocol: %(protocol)s is none of %(protocols)s") % words, subject="protocol")
    return text


def _row(name: str, organisation: str) -> Network:
    return _named(name, subject_of(Whose(EVERYONE.level, organisation)).organisation_id)


def _named(name: str, organisation_id: int) -> Network:
    name = name.strip().lower()
    if name in _ALWAYS:
        row, _ = Network.objects.get_or_create(organisation_id=organisation_id, name=name, defaults={"cidrs": _ALWAYS[name]})
        return row
    found = Network.objects.filter(organisation_id=organisation_id, name=name).first()
    if found is None:
        raise NotFound(gettext("network: there is no network %(name)s") % {"name": name}, subject="network")
    return found


def _info(row: Network) -> NetworkInfo:
    used: dict[str, list[str]] = {}
    rules = NetworkRule.objects.filter(network=row).select_related("organisation", "user", "group__domain", "domain")
    for rule in rules.order_by("id"):
        mine = whose_of(rule)
        name = gettext("everyone") if mine.level == EVERYONE.level else mine.name
        used.setdefault(name, []).append(rule.protocol or ALL)
    words = tuple(f"{name}: {', '.join(sorted(protocols))}" for name, protocols in sorted(used.items()))
    return NetworkInfo(row.pk, row.organisation_id, row.name, row.description, tuple(row.cidrs), words)


def _subject(row: Network) -> Subject:
    return Subject("network", row.pk, row.name, row.organisation_id)
