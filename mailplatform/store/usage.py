"""What accounts hold. An account's usage stands in its counter row, exact at every commit; a domain's is a sum of those."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from mailplatform.directory import quotas
from mailplatform.runtime.errors import OverQuota
from mailplatform.store.lock import Ledger
from mailplatform.store.models import AccountState
from mailplatform.store.values import Usage

_NOTHING = Usage(0, 0, 0)


def usage(account_id: int) -> Usage:
    """One account's; an account without a store holds nothing."""
    return usage_many([account_id]).get(account_id, _NOTHING)


def usage_many(account_ids: Collection[int]) -> dict[int, Usage]:
    """Bytes and messages of entries (a copy counts again), and bytes of what can be restored, which no quota counts."""
    rows = AccountState.objects.filter(pk__in=account_ids).values_list("account_id", "bytes", "messages", "expunged_bytes")
    return {row[0]: Usage(*row[1:]) for row in rows}


def annotated(rows: QuerySet[Any], account: str) -> QuerySet[Any]:
    """Rows that name an account, with what it holds: `used_bytes`, `used_messages`, `used_expunged`, to sort and narrow by."""
    own = AccountState.objects.filter(pk=OuterRef(account))
    columns = {"used_bytes": "bytes", "used_messages": "messages", "used_expunged": "expunged_bytes"}
    measured: QuerySet[Any] = rows.annotate(
        **{name: Coalesce(Subquery(own.values(column)), 0) for name, column in columns.items()}
    )
    return measured


def usage_of_domain(domain_id: int) -> Usage:
    """The sum over the domain's accounts."""
    sums = AccountState.objects.filter(account__domain_id=domain_id).aggregate(
        size=Sum("bytes"), count=Sum("messages"), expunged=Sum("expunged_bytes")
    )
    return Usage(sums["size"] or 0, sums["count"] or 0, sums["expunged"] or 0)


def check_room(ledger: Ledger, size: int, messages: int) -> None:
    """Whether a locked account may take so many bytes and messages more, as a whole. Raises OverQuota.

    A domain's sum is read without a lock: two accounts may pass it together by what they add at once.
    """
    limits = quotas.limits([ledger.account_id]).get(ledger.account_id)
    if limits is None:
        return
    if limits.quota_bytes is not None and ledger.bytes + size > limits.quota_bytes:
        raise OverQuota(subject="bytes")
    if limits.quota_messages is not None and ledger.messages + messages > limits.quota_messages:
        raise OverQuota(subject="messages")
    if limits.domain_quota_bytes is None and limits.domain_quota_messages is None:
        return
    held = usage_of_domain(limits.domain_id)
    if limits.domain_quota_bytes is not None and held.bytes + size > limits.domain_quota_bytes:
        raise OverQuota("the quota of the domain is exhausted", subject="bytes")
    if limits.domain_quota_messages is not None and held.messages + messages > limits.domain_quota_messages:
        raise OverQuota("the quota of the domain is exhausted", subject="messages")
