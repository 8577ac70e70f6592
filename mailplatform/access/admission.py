"""From where somebody may come in: the rules that apply to them, and the one answer that sign-in, living sessions and
`manage.py access test` give alike.

The order can be said in four sentences. Rules stand at four levels: the user, the groups they are in, the domain of their login,
the organisation. The nearest level that says anything about the protocol decides alone. A rule for the protocol goes before a
rule for all protocols of the same user, group, domain or organisation; of several groups it is enough that one lets in. Where no
level says anything, everybody may come in from everywhere.

`decide` is pure; `rules_of` asks the database in one statement for as many users as are judged at once.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailplatform.access.models import NetworkRule
from mailplatform.access.values import WEB, Identity, Scope
from mailplatform.directory.statements import run
from mailplatform.runtime.addresses import canonical, network

PROTOCOLS = (*map(str, Scope), WEB)
"""Everything somebody signs in to; the words of app passwords and of the list of living sessions as well."""


class Level(StrEnum):
    """In the order in which they are asked."""

    USER = "user"
    GROUP = "group"
    DOMAIN = "domain"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Rule:
    """Somebody may come in from this network. subject: whom it was made for. protocol: "" is all that no other rule names."""

    level: Level
    subject: str
    protocol: str
    network: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """level None: no rule says anything. rules: those that decided. matched: the networks among them that the address lies in."""

    allowed: bool
    level: Level | None = None
    rules: tuple[Rule, ...] = ()
    matched: tuple[str, ...] = ()


def decide(rules: Sequence[Rule], protocol: str, client_address: str) -> Decision:
    """Whether these rules let in from an address. rules: all that apply to the user, in any order."""
    deciding = in_force(rules, protocol)
    if not deciding:
        return Decision(True)
    address = ip_address(canonical(client_address))
    matched = tuple(dict.fromkeys(rule.network for rule in deciding if _within(address, rule.cidrs)))
    return Decision(bool(matched), deciding[0].level, deciding, matched)


def in_force(rules: Sequence[Rule], protocol: str) -> tuple[Rule, ...]:
    """Those of these rules that decide about a protocol; none means that everything is allowed."""
    for level in Level:
        by_subject: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            if rule.level is level and rule.protocol in ("", protocol):
                by_subject[rule.subject].append(rule)
        found = [rule for mine in by_subject.values() for rule in _of_protocol(mine, protocol)]
        if found:
            return tuple(found)
    return ()


def rules_of(user_ids: Collection[int]) -> dict[int, tuple[Rule, ...]]:
    """The rules that apply to each of these users."""
    found: dict[int, list[Rule]] = {user_id: [] for user_id in user_ids}
    if found and NetworkRule.objects.exists():
        for user_id, level, subject, protocol, name, cidrs in run("mailplatform.access", "network_rules", {"users": list(found)}):
            found[user_id].append(Rule(Level(level), subject, protocol, name, tuple(cidrs)))
    return {user_id: tuple(rules) for user_id, rules in found.items()}


class Silent:
    """The organisations that have no rules at all, as of an access epoch: a sign-in there asks nothing more."""

    def __init__(self) -> None:
        self._epochs: dict[int, int] = {}

    def says_nothing(self, organisation_id: int, access_epoch: int) -> bool:
        """access_epoch: as the sign-in has just read it, so that a rule of a moment ago is never overlooked."""
        if self._epochs.get(organisation_id) == access_epoch:
            return True
        if NetworkRule.objects.filter(organisation_id=organisation_id).exists():
            return False
        self._epochs[organisation_id] = access_epoch
        return True


SILENT = Silent()


def admitted(identity: Identity, protocol: str, client_address: str) -> Decision:
    """Whether somebody who has proven who they are may be in from there. The identity's epoch has just been read."""
    if SILENT.says_nothing(identity.organisation_id, identity.access_epoch):
        return Decision(True)
    return decide(rules_of([identity.user_id])[identity.user_id], protocol, client_address)


def _of_protocol(rules: list[Rule], protocol: str) -> list[Rule]:
    exact = [rule for rule in rules if rule.protocol == protocol]
    return exact or rules


def _within(address: IPv4Address | IPv6Address, cidrs: Sequence[str]) -> bool:
    return any(address in network(text) for text in cidrs)
