"""The addresses that are an account's own: its principal one, the aliases that lead to it, both in alias domains too.

A subaddress of an own address is own (RFC 5233). Groups and catch-alls make nobody's address: who is among their members
may be written to under it, and does not speak for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailplatform.directory import canonical
from mailplatform.directory.models import Domain, LocalAddress, Target
from mailplatform.directory.values import AddressKind
from mailplatform.runtime.errors import Malformed

_DEPTH = 10  # an alias of an alias of …


@dataclass(frozen=True, slots=True)
class OwnNames:
    """principal: the address of the account, "" for none. addresses: canonical. separators: domain → that of its subaddresses."""

    principal: str = ""
    addresses: frozenset[str] = frozenset()
    separators: Mapping[str, str] = field(default_factory=dict)

    def has(self, address: str) -> bool:
        """Whether an address, however it is written, is one of them or a subaddress of one."""
        if address in self.addresses:  # written as we write it, as nearly always
            return True
        try:
            parts = canonical.split(address)
        except Malformed:
            return False
        if str(parts) in self.addresses:
            return True
        separator = self.separators.get(parts.domain, "")
        base, found, _ = parts.key.partition(separator) if separator else ("", "", "")
        return bool(found and base) and canonical.address(base, parts.domain) in self.addresses


def names_of(account_id: int | None) -> OwnNames:
    """What this account is called. Three short queries, one more for each alias of an alias."""
    if account_id is None:
        return OwnNames()
    own = LocalAddress.objects.filter(account_id=account_id, kind=AddressKind.ACCOUNT, enabled=True, domain__enabled=True)
    first = own.values_list("id", "localpart", "domain_id").first()
    if first is None:
        return OwnNames()
    found = {first[0]: (first[1], first[2])}
    last = {first[0]}
    for _ in range(_DEPTH):
        rows = Target.objects.filter(address__in=last, source__kind=AddressKind.ALIAS, source__enabled=True)
        named = rows.values_list("source_id", "source__localpart", "source__domain_id")
        last = set()
        for pk, localpart, domain_id in named:
            if pk not in found:
                found[pk] = (localpart, domain_id)
                last.add(pk)
        if not last:
            break
    return _written(first[0], found)


def _written(principal: int, found: Mapping[int, tuple[str, int]]) -> OwnNames:
    ids = {domain_id for _, domain_id in found.values()}
    domains: dict[int, list[str]] = {}
    separators: dict[str, str] = {}
    own = Domain.objects.filter(id__in=ids, enabled=True).values_list("id", "name", "subaddress_separator")
    for pk, name, separator in own:
        domains[pk] = [name]
        separators[name] = separator
    for name, of in Domain.objects.filter(alias_of__in=ids, enabled=True).values_list("name", "alias_of_id"):
        if of in domains:
            separators[name] = separators[domains[of][0]]
            domains[of].append(name)
    written = {pk: [canonical.address(part, name) for name in domains.get(of, ())] for pk, (part, of) in found.items()}
    if not written[principal]:
        return OwnNames()
    return OwnNames(written[principal][0], frozenset(a for all_of in written.values() for a in all_of), separators)
