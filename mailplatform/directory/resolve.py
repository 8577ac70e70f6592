"""Address → accounts: the one answer to RCPT.

Standards: RFC 5321 §4.5.1 (postmaster is always somebody), RFC 5233 (subaddress detail), RFC 6531 (UTF-8 localparts).
Precedence: the exact address, the address without its detail, postmaster's administrator, the catch-all. Disabled
addresses and closed accounts are unknown to the outside, and never fall through to the catch-all.

Invariants: one statement answers any number of addresses from one moment of the database, and names the `epoch` of
that moment; expansion ends whatever the rows say (loops, groups in groups); an account is named once however many
ways lead to it.
Known gaps: posting rules believe the reverse-path.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mailplatform.directory import canonical
from mailplatform.directory.models import Domain, Epoch, LocalAddress
from mailplatform.directory.statements import run
from mailplatform.directory.values import AccountState, AddressKind, Posting, Role
from mailplatform.runtime.errors import Malformed

_POSTMASTER = "postmaster"


class Kind(StrEnum):
    KNOWN = "known"
    UNKNOWN = "unknown"  # our domain, no such recipient
    DISCARD = "discard"  # accepted and thrown away
    FOREIGN = "foreign"  # not a domain of this house


@dataclass(frozen=True, slots=True)
class Target:
    """One account that the address leads to. Limits are effective (account, else its domain); None is without limit."""

    account_id: int
    address: str
    detail: str = ""
    quota_bytes: int | None = None
    quota_messages: int | None = None
    max_message_size: int | None = None
    domain_id: int = 0
    domain_quota_bytes: int | None = None
    domain_quota_messages: int | None = None


@dataclass(frozen=True, slots=True)
class PostingRule:
    """A group on the way that does not take mail from everyone."""

    group: str
    posting: Posting


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the directory knows of one recipient. `targets` are distinct accounts by id, `outside` addresses elsewhere."""

    kind: Kind
    path: str
    targets: tuple[Target, ...] = ()
    epoch: int = 0
    refusal: str | None = None
    max_message_size: int | None = None
    max_recipients: int | None = None
    organisation_id: int | None = None
    outside: tuple[str, ...] = ()
    rules: tuple[PostingRule, ...] = ()
    matched: str = ""  # the localpart of the row that spoke; empty for a catch-all


def epoch() -> int:
    """The present epoch of the directory."""
    return Epoch.objects.values_list("value", flat=True).get(pk=1)


def is_local_domain(name: str) -> bool:
    """Whether this house receives for the domain, enabled or not."""
    try:
        return Domain.objects.filter(name=canonical.domain_name(name)).exists()
    except Malformed:
        return False


def resolve(address: object) -> Resolved:
    """Answer for one address: text, or what prints as one. `postmaster` may stand alone (RFC 5321 §4.1.1.3)."""
    path = str(address)
    return resolve_many([path])[path]


def resolve_many(addresses: Sequence[str]) -> dict[str, Resolved]:
    """Answer for a set of addresses as they were written, in one statement (three when a postmaster must be found)."""
    answers = _ask(addresses)
    orphans = [path for path, answer in answers.items() if _is_orphan_postmaster(path, answer)]
    for path in orphans:
        answers[path] = _administrator(path, answers[path])
    return answers


def may_post(resolved: Resolved, reverse_path: str) -> bool:
    """Whether this reverse-path may write to every ruled group on the way; the null path may not write to any."""
    if not resolved.rules:
        return True
    if not reverse_path:
        return False
    groups = [rule.group for rule in resolved.rules if rule.posting is Posting.MEMBERS]
    answers = resolve_many([reverse_path, *groups])
    sender = answers[reverse_path]
    if sender.kind is Kind.FOREIGN or sender.organisation_id != resolved.organisation_id:
        return False
    who = {target.account_id for target in sender.targets}
    # A group's own address is nobody: were it enough, any stranger could write as the group to the group.
    return not groups or (
        len(who) == 1 and all(who <= {target.account_id for target in answers[group].targets} for group in groups)
    )


def _ask(addresses: Iterable[str]) -> dict[str, Resolved]:
    answers: dict[str, Resolved] = {}
    asked: list[tuple[str, canonical.Parts]] = []
    for path in dict.fromkeys(addresses):
        try:
            asked.append((path, canonical.split(path)))
        except Malformed:
            answers[path] = Resolved(Kind.UNKNOWN if path.lower() == _POSTMASTER else Kind.FOREIGN, path)
    if not asked:
        return answers
    arrays = {
        "keys": [parts.key for _, parts in asked],
        "originals": [parts.original for _, parts in asked],
        "domains": [parts.domain for _, parts in asked],
    }
    rows: dict[int, list[tuple[Any, ...]]] = {}
    for row in run("mailplatform.directory", "resolve", arrays):
        rows.setdefault(row[0], []).append(row[1:])
    for n, (path, _) in enumerate(asked, 1):
        answers[path] = _answer(path, rows[n])
    return answers


def _answer(path: str, rows: list[tuple[Any, ...]]) -> Resolved:
    targets: dict[int, Target] = {}
    outside: dict[str, None] = {}
    rules: dict[str, PostingRule] = {}
    discarded = False
    organisation_id, matched, size, recipients = rows[0][:4]
    current = rows[0][-1]
    for row in rows:
        kind, localpart, domain, posting, detail, account_id, *limits = row[4:-2]
        discarded = discarded or kind == AddressKind.DISCARD
        if row[-2]:
            outside[row[-2]] = None
        if kind == AddressKind.GROUP and posting != Posting.ANYONE:
            group = canonical.address(localpart, domain)
            rules[group] = PostingRule(group, Posting(posting))
        if account_id is not None:
            targets.setdefault(account_id, Target(account_id, canonical.address(localpart, domain), detail, *limits))
    if organisation_id is None:
        return Resolved(Kind.FOREIGN, path, epoch=current)
    if targets or outside:
        found = Kind.KNOWN
    else:
        found = Kind.DISCARD if discarded else Kind.UNKNOWN
    if len(targets) == 1:
        (only,) = targets.values()
        size = min((limit for limit in (size, only.max_message_size) if limit is not None), default=None)
    return Resolved(
        found,
        path,
        tuple(targets.values()),
        current,
        None,
        size,
        recipients,
        organisation_id,
        tuple(outside),
        tuple(rules.values()),
        matched or "",
    )


def _is_orphan_postmaster(path: str, answer: Resolved) -> bool:
    """Whether RFC 5321 §4.5.1 asks us to find somebody: postmaster of a domain of ours that has no such address in use."""
    localpart = path.rpartition("@")[0] or path
    if localpart.strip('"').lower() != _POSTMASTER or answer.kind is Kind.FOREIGN:
        return False
    return answer.kind is Kind.UNKNOWN or answer.matched != _POSTMASTER


def _administrator(path: str, answer: Resolved) -> Resolved:
    """The first administrator of the organisation who has an account; of the house, when the organisation has none."""
    rows = LocalAddress.objects.filter(
        kind=AddressKind.ACCOUNT, enabled=True, account__owner__role=Role.ADMINISTRATOR, account__owner__is_active=True
    ).exclude(account__state=AccountState.CLOSED)
    first = sorted(
        rows.values_list("account__organisation_id", "account__owner_id", "localpart", "domain__name"),
        key=lambda row: (row[0] != answer.organisation_id, row[1]),
    )
    for _, _, localpart, domain in first:
        address = canonical.address(localpart, domain)
        found = _ask([address])[address]
        if found.kind is Kind.KNOWN:
            return Resolved(
                found.kind,
                path,
                found.targets,
                answer.epoch or found.epoch,
                max_message_size=answer.max_message_size,
                max_recipients=answer.max_recipients,
                organisation_id=answer.organisation_id or found.organisation_id,
            )
    return answer
