"""Guarded getters: what a user may touch, asked once at the door, answered with a value or with NotFound.

Two questions, kept apart. *Entering* an account (`account_for`): a user enters their own account with every right. Rights in
other people's folders and delegation have their place here and come with shared folders; until then any other account is one
the user cannot see, administrators included: administering is not reading.

*Administering* (`…_for(identity)`, one a noun): an administrator has all of their organisation; a domain administrator the
domains they were given, with what stands in them; an employee nothing. Query sets that webs list and narrow; what is not in
them does not exist for who asks, names included. A domain administrator sees administrators among their people and does not
change them (`may_change`), or a password set by them would open everything.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from mailplatform.access.values import Identity
from mailplatform.audit.models import AuditRow
from mailplatform.directory import accounts, addresses, canonical, domains
from mailplatform.directory.accounts import AccountInfo
from mailplatform.directory.addresses import AddressInfo
from mailplatform.directory.domains import DomainInfo
from mailplatform.directory.models import Account, Domain, LocalAddress, User
from mailplatform.directory.values import AccountState, AddressKind, Role
from mailplatform.runtime.errors import Malformed, NotFound, NotPermitted


class AccountRight(StrEnum):
    READ = "read"
    WRITE = "write"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account somebody may act in, and as whom: `viewer_id` is their own account."""

    account_id: int
    organisation_id: int
    viewer_id: int
    right: AccountRight


def account_for(user_id: int, account_id: int | None = None, right: AccountRight = AccountRight.READ) -> AccountRef:
    """The user's own account, or the one named when they may. Raises NotFound for what they may not see."""
    own = Account.objects.filter(owner_id=user_id, kind="personal", owner__is_active=True).exclude(state=AccountState.CLOSED)
    row = own.values_list("id", "organisation_id").first()
    if row is None or account_id not in (None, row[0]):
        raise NotFound(gettext("account: there is no such account"), subject="account")
    return AccountRef(row[0], row[1], row[0], right)


def domains_for(identity: Identity) -> QuerySet[Domain]:
    """The domains somebody administers; alias domains of one's own domains are one's own."""
    rows = Domain.objects.filter(organisation_id=identity.organisation_id)
    match identity.role:
        case Role.ADMINISTRATOR:
            return rows
        case Role.DOMAIN_ADMINISTRATOR:
            given = User.administers.through.objects.filter(user_id=identity.user_id).values("domain_id")
            return rows.filter(Q(pk__in=given) | Q(alias_of__in=given))
    return rows.none()


def accounts_for(identity: Identity) -> QuerySet[Account]:
    """The accounts in those domains, closed ones among them."""
    return Account.objects.filter(domain__in=domains_for(identity).values("pk"))


def people_for(identity: Identity) -> QuerySet[User]:
    """Those who sign in to these accounts; for an administrator also those who have none."""
    if identity.role == Role.ADMINISTRATOR:
        return User.objects.filter(organisation_id=identity.organisation_id)
    return User.objects.filter(accounts__in=accounts_for(identity).values("pk"))


def changeable_people_for(identity: Identity) -> QuerySet[User]:
    """Those of them whom somebody may change, as `may_change` says."""
    rows = people_for(identity)
    return rows if identity.role == Role.ADMINISTRATOR else rows.filter(Q(role=Role.EMPLOYEE) | Q(pk=identity.user_id))


def addresses_for(identity: Identity, *kinds: AddressKind) -> QuerySet[LocalAddress]:
    """The addresses in those domains, of these kinds where any are given."""
    rows = LocalAddress.objects.filter(domain__in=domains_for(identity).values("pk"))
    return rows.filter(kind__in=kinds) if kinds else rows


def groups_for(identity: Identity) -> QuerySet[LocalAddress]:
    return addresses_for(identity, AddressKind.GROUP)


def audit_for(identity: Identity) -> QuerySet[AuditRow]:
    """What was done to what somebody administers; an administrator also sees what concerns no organisation."""
    if identity.role == Role.ADMINISTRATOR:
        return AuditRow.objects.filter(Q(organisation_id=identity.organisation_id) | Q(organisation_id=None))
    names = list(domains_for(identity).values_list("name", flat=True))
    within = Q(subject_kind="domain", subject_name__in=names)
    for name in names:
        within |= Q(subject_name__endswith=f"@{name}") & ~Q(subject_kind="domain")
    return AuditRow.objects.filter(within, organisation_id=identity.organisation_id) if names else AuditRow.objects.none()


def domain_for(identity: Identity, name: str) -> DomainInfo:
    """One of one's domains. Raises NotFound for what is not one's own or does not exist."""
    if not domains_for(identity).filter(name=name).exists():
        raise NotFound(gettext("domain: %(name)s is not a domain of this house") % {"name": name}, subject="domain")
    return domains.get_domain(name)


def administered_account(identity: Identity, account_id: int) -> AccountInfo:
    """One of the accounts one administers. Raises NotFound."""
    if not accounts_for(identity).filter(pk=account_id).exists():
        raise NotFound(gettext("account: there is no such account"), subject="account")
    return accounts.find_account(account_id)


def address_for(identity: Identity, address_id: int, *kinds: AddressKind) -> AddressInfo:
    """One of the addresses one administers. Raises NotFound."""
    if not addresses_for(identity, *kinds).filter(pk=address_id).exists():
        raise NotFound(gettext("address: there is no such address"), subject="address")
    return addresses.find_address(address_id)


def may_change(identity: Identity, info: AccountInfo) -> bool:
    """Whether somebody may change an account they administer: domain administrators may not change those above or beside them,
    and change their own sign-in elsewhere."""
    if identity.role == Role.ADMINISTRATOR or info.role in (None, Role.EMPLOYEE):
        return True
    return info.user_id == identity.user_id


def changeable_account(identity: Identity, account_id: int) -> AccountInfo:
    """As `administered_account`, for who wants to change it. Raises NotFound, NotPermitted."""
    info = administered_account(identity, account_id)
    if not may_change(identity, info):
        raise NotPermitted(gettext("Only an administrator may change somebody who administers."), subject="account")
    return info


def visible_addresses(identity: Identity, texts: tuple[str, ...]) -> tuple[list[str], int]:
    """Those of some targets that somebody may read, and how many they may not: addresses of the house in domains of others.
    Addresses outside the house are nobody's secret."""
    if identity.role == Role.ADMINISTRATOR:
        return list(texts), 0
    domain_of = {text: _domain_of(text) for text in texts}
    theirs = set(Domain.objects.filter(name__in=domain_of.values()).values_list("name", flat=True))
    own = set(domains_for(identity).filter(name__in=domain_of.values()).values_list("name", flat=True))
    shown = [text for text in texts if domain_of[text] not in theirs - own]
    return shown, len(texts) - len(shown)


def _domain_of(text: str) -> str:
    try:
        return canonical.domain_name(text[2:]) if text.startswith("*@") else canonical.split(text).domain
    except Malformed:
        return text.rpartition("@")[2].lower()


def check_targets(identity: Identity, texts: list[str]) -> None:
    """Refuse targets in domains of the house that somebody does not administer: existence itself is not theirs to learn.
    Raises NotPermitted."""
    shown, hidden = visible_addresses(identity, tuple(texts))
    if hidden:
        refused = next(text for text in texts if text not in shown)
        words = gettext("target: %(target)s is in a domain that you do not administer") % {"target": refused}
        raise NotPermitted(words, subject="target")


def check_sender(identity: Identity, address: str) -> None:
    """Refuse a domain administrator what is not in their domains: they may let nobody speak for others. Raises NotPermitted."""
    if identity.role == Role.ADMINISTRATOR:
        return
    if not domains_for(identity).filter(name=_domain_of(address)).exists():
        words = gettext("address: %(address)s is not in a domain that you administer") % {"address": address}
        raise NotPermitted(words, subject="address")
