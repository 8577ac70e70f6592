"""Mail from a server in front (LMTP, RFC 2033): a unit for each recipient, so that each has an outcome of its own.

What one recipient is refused for does not touch the others: its size limit, a quota that this message would exceed, a forward
that goes in a circle, an account that was closed meanwhile. The message is prepared once, and stored once, whoever takes it.
Invariant: recipients that lead to one account share its unit, and so their outcome; an account never gets the message twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mailplatform.directory import quotas
from mailplatform.directory.quotas import Limits
from mailplatform.mailflow import receive
from mailplatform.mailflow.transaction import Recipient, Transaction
from mailplatform.mailflow.units import Unit
from mailplatform.runtime.errors import MailError, OverQuota, TooLarge
from mailplatform.runtime.spool import Spooled
from mailplatform.store import append
from mailplatform.store.usage import usage_many, usage_of_domain
from mailplatform.store.values import Usage


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be committed for some recipients (their positions in the transaction), or why nothing is."""

    positions: tuple[int, ...]
    outcome: Unit | MailError


def asks(recipients: Sequence[Recipient]) -> bool:
    """Whether preparing must ask the database, which is so where a quota limits somebody."""
    return any(target.limited for recipient in recipients for target in recipient.targets)


def prepare(transaction: Transaction, content: Spooled | bytes) -> list[Part]:
    """The parts of one transaction; every recipient is in one. Raises what concerns all of them: PolicyRefused for a loop,
    StorageFull and TemporarilyUnavailable."""
    data = content if isinstance(content, bytes) else content.read()
    receive.refuse_loop(data)
    message = append.prepare_message(data)
    refused = dict(_refused(transaction.recipients, len(data)))
    parts = [Part((n,), error) for n, error in refused.items()]
    for positions in _sharing(transaction.recipients, refused):
        once = {transaction.recipients[n].forward_path: transaction.recipients[n] for n in positions}
        alone = replace(transaction, recipients=list(once.values()))
        outcome: Unit | MailError
        try:
            outcome = receive.unit(alone, data, message)
        except MailError as error:
            outcome = error
        parts.append(Part(positions, outcome))
    return parts


def _sharing(recipients: Sequence[Recipient], but: dict[int, MailError]) -> list[tuple[int, ...]]:
    """Positions of recipients that have an account, or their very address, in common."""
    groups: list[tuple[set[int | str], list[int]]] = []
    for n, recipient in enumerate(recipients):
        if n in but:
            continue
        keys: set[int | str] = {recipient.forward_path, *(target.account_id for target in recipient.targets)}
        mine = [n]
        for group in [group for group in groups if group[0] & keys]:
            groups.remove(group)
            keys |= group[0]
            mine = group[1] + mine
        groups.append((keys, mine))
    return [tuple(sorted(mine)) for _, mine in groups]


def _refused(recipients: Sequence[Recipient], size: int) -> Iterator[tuple[int, MailError]]:
    """Who takes no message of this size now. A group takes it as long as one of its members can."""
    ids = {target.account_id for recipient in recipients for target in recipient.targets if target.limited}
    limits = quotas.limits(ids) if ids else {}
    used = usage_many(ids) if ids else {}
    domains = {limit.domain_id for limit in limits.values() if _domain_is_limited(limit)}
    sums = {pk: usage_of_domain(pk) for pk in domains}
    for n, recipient in enumerate(recipients):
        most = recipient.max_message_size
        targets = [target.account_id for target in recipient.targets]
        if most is not None and size > most:
            yield n, TooLarge(f"the message is larger than {most} octets", subject=recipient.forward_path)
        elif targets and not recipient.outside and all(_full(limits.get(pk), used.get(pk), sums, size) for pk in targets):
            yield n, OverQuota("the recipient's quota is exhausted", subject=recipient.forward_path)


def _domain_is_limited(limits: Limits) -> bool:
    return limits.domain_quota_bytes is not None or limits.domain_quota_messages is not None


def _full(limits: Limits | None, used: Usage | None, sums: dict[int, Usage], size: int) -> bool:
    if limits is None:
        return False
    used = used or Usage(0, 0, 0)
    held = sums.get(limits.domain_id, Usage(0, 0, 0))
    return any(
        most is not None and count > most
        for most, count in (
            (limits.quota_bytes, used.bytes + size),
            (limits.quota_messages, used.messages + 1),
            (limits.domain_quota_bytes, held.bytes + size),
            (limits.domain_quota_messages, held.messages + 1),
        )
    )
