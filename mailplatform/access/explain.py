"""Would somebody come in from an address by a protocol, their password being right; and which rule says so.

The answer is made of what sign-in itself asks: the user and the account must be active, there must be a credential that is good
for the protocol, and the network rules must let in (access.admission). A lock-out is told beside it, since it passes.
"""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext

from mailplatform.access.admission import PROTOCOLS, Decision, Rule, decide, rules_of
from mailplatform.access.failures import is_locked_out
from mailplatform.access.lockout import network
from mailplatform.access.models import Credential
from mailplatform.access.values import WEB, CredentialKind
from mailplatform.directory import canonical
from mailplatform.directory.models import Account, Domain, User
from mailplatform.directory.values import AccountKind, AccountState
from mailplatform.runtime import clock
from mailplatform.runtime.addresses import read
from mailplatform.runtime.errors import Malformed, NotFound


@dataclass(frozen=True, slots=True)
class Explanation:
    """allowed: they would come in now. because: a word of `words`. level, subject, networks: of the deciding rules.

    matched: the networks among them that the address lies in. locked_out: until the lock-out passes nothing is looked at.
    """

    user: str
    protocol: str
    address: str
    allowed: bool
    because: str
    level: str | None = None
    subject: str | None = None
    rule_protocol: str | None = None
    networks: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    locked_out: bool = False


def explain(login: str, *, client_address: str, protocol: str) -> Explanation:
    """Raises Malformed (address, protocol, user), NotFound (user)."""
    address = read(client_address)
    if address is None:
        raise Malformed(gettext("from: %(text)r is not an IP address") % {"text": client_address}, subject="from")
    if protocol not in PROTOCOLS:
        words = {"protocol": protocol, "protocols": ", ".join(PROTOCOLS)}
        raise Malformed(gettext("protocol: %(protocol)s is none of %(protocols)s") % words, subject="protocol")
    user = _user(login)
    locked = is_locked_out(user.login, network(address))
    hindrance = _hindrance(user, protocol)
    decision = decide(rules_of([user.pk])[user.pk], protocol, address)
    because = hindrance or _because(decision)
    named = _named(decision.rules)
    return Explanation(
        user.login,
        protocol,
        address,
        allowed=decision.allowed and not hindrance,
        because=because,
        level=decision.level,
        subject=named[0],
        rule_protocol=named[1],
        networks=tuple(dict.fromkeys(rule.network for rule in decision.rules)),
        matched=decision.matched,
        locked_out=locked,
    )


def words(answer: Explanation) -> str:
    """The explanation as a person reads it."""
    about = {
        "user": answer.user,
        "protocol": answer.protocol,
        "address": answer.address,
        "subject": answer.subject or "",
        "networks": ", ".join(answer.networks),
        "matched": ", ".join(answer.matched),
        "level": {
            "user": gettext("the user"),
            "group": gettext("the group"),
            "domain": gettext("the domain"),
            "organisation": gettext("everyone of"),
        }.get(answer.level or "", ""),
        "scope": gettext("every protocol") if answer.rule_protocol == "all" else answer.rule_protocol or "",
    }
    first = {
        "inactive user": gettext("%(user)s may not come in: the user is not active."),
        "inactive account": gettext("%(user)s may not come in: the mailbox is suspended or closed."),
        "no credential": gettext("%(user)s may not come in: there is no password that is good for %(protocol)s."),
        "no rule": gettext("%(user)s may come in by %(protocol)s from %(address)s: no rule says from where."),
        "network": gettext("%(user)s may come in by %(protocol)s from %(address)s, which is in %(matched)s."),
        "not in network": gettext("%(user)s may not come in by %(protocol)s from %(address)s, in none of: %(networks)s."),
    }[answer.because]
    said = [first % about]
    if answer.level and answer.because in ("network", "not in network"):
        said.append(gettext("The rule is that of %(level)s %(subject)s for %(scope)s.") % about)
    if answer.locked_out:
        said.append(gettext("Just now they are locked out after wrong passwords; manage.py access lockouts clear opens."))
    return " ".join(said)


def _because(decision: Decision) -> str:
    if decision.level is None:
        return "no rule"
    return "network" if decision.allowed else "not in network"


def _hindrance(user: User, protocol: str) -> str:
    """What keeps them out from everywhere, as sign-in judges it; "" for nothing."""
    if not user.is_active:
        return "inactive user"
    account = Account.objects.filter(owner=user, kind=AccountKind.PERSONAL).first()
    if account is not None and account.state != AccountState.ACTIVE:
        return "inactive account"
    alive = Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now())
    good = Q(kind=CredentialKind.PASSWORD)
    if protocol != WEB:
        good |= Q(scopes__len=0) | Q(scopes__contains=[protocol])
    return "" if Credential.objects.filter(alive & good, user=user).exists() else "no credential"


def _named(rules: tuple[Rule, ...]) -> tuple[str | None, str | None]:
    if not rules:
        return None, None
    subjects = dict.fromkeys(rule.subject for rule in rules)
    protocols = dict.fromkeys(rule.protocol or "all" for rule in rules)
    return ", ".join(subjects), ", ".join(protocols)


def _user(login: str) -> User:
    """As a login is written: any case, an alias domain."""
    parts = canonical.split(login)
    domain = Domain.objects.filter(name=parts.domain).select_related("alias_of").first()
    name = (domain.alias_of or domain).name if domain else parts.domain
    row = User.objects.filter(login=canonical.address(parts.key, name)).first()
    if row is None:
        raise NotFound(gettext("user: there is no user %(login)s") % {"login": login}, subject="user")
    return row
