"""What is to be done with one message for one account; pure, a value that others carry out.

Today's plan is always the same: one copy into the inbox. Sieve (RFC 5228), forwards and automatic replies will make others
from the account's scripts; whoever carries out a plan does not change for that.

Known gaps: a subaddress's detail (RFC 5233) is kept in the plan and does not choose a folder yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mailplatform.store.values import AccountId, SpecialUse


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy into a folder of the account."""

    special_use: SpecialUse = SpecialUse.INBOX
    flags: int = 0
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """What happens in one account. Without copies the message is discarded there."""

    account_id: AccountId
    address: str  # the final local address
    detail: str = ""
    copies: tuple[Copy, ...] = field(default=(Copy(),))


def plan(account_id: int, address: str, detail: str = "") -> DeliveryPlan:
    """The plan for an account, reached under its final address."""
    return DeliveryPlan(AccountId(account_id), address, detail)
