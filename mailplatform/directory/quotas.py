"""Limits in force: an account's own, else its domain's. What is used is the store's to count; here is only what may
be."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Coalesce

from mailplatform.directory.models import Account, Domain


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account may hold and take. Bytes, messages; None is without limit. A domain's count all its accounts."""

    quota_bytes: int | None
    quota_messages: int | None
    max_message_size: int | None
    domain_id: int
    domain_quota_bytes: int | None
    domain_quota_messages: int | None


def limits(account_ids: Collection[int]) -> dict[int, Limits]:
    """The limits in force of these accounts; ids that do not exist are absent."""
    rows = Account.objects.filter(pk__in=account_ids).values_list(
        "pk",
        Coalesce("quota_bytes", "domain__account_quota_bytes"),
        Coalesce("quota_messages", "domain__account_quota_messages"),
        Coalesce("max_message_size", "domain__max_message_size"),
        "domain_id",
        F("domain__quota_bytes"),
        F("domain__quota_messages"),
    )
    return {row[0]: Limits(*row[1:]) for row in rows}


def limited_domains() -> dict[int, tuple[int | None, int | None]]:
    """Domains that have a quota of their own: id → bytes, messages; whoever sums usage sums these."""
    rows = Domain.objects.exclude(quota_bytes=None, quota_messages=None).values_list("pk", "quota_bytes", "quota_messages")
    return {pk: (size, count) for pk, size, count in rows}
