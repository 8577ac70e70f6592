"""What is to be done with one message for one account; pure, a value that others carry out.

Today a plan is one copy into the inbox, and an answer where the account has an autoresponder that gives one (RFC 3834). Sieve
(RFC 5228) and an account's own forwards will make other plans from its scripts; whoever carries out a plan does not change for
that: copies are placed, an answer is recorded in the same transaction, and silence is told in the trace.

Known gaps: a subaddress's detail (RFC 5233) is kept in the plan and does not choose a folder yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mailplatform.delivery.answering import judge
from mailplatform.delivery.values import Answering, Letter, Responder, Silence
from mailplatform.store.values import AccountId, SpecialUse


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy into a folder of the account."""

    special_use: SpecialUse = SpecialUse.INBOX
    flags: int = 0
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """What happens in one account. Without copies the message is discarded there.

    answer: what is to be answered; silence: why nothing is, where the account has an autoresponder that is on.
    """

    account_id: AccountId
    address: str  # the final local address
    detail: str = ""
    copies: tuple[Copy, ...] = field(default=(Copy(),))
    answer: Answering | None = None
    silence: Silence | None = None


_INBOX = (Copy(),)


def plan(
    account_id: int,
    address: str,
    detail: str = "",
    *,
    copies: tuple[Copy, ...] = _INBOX,
    responder: Responder | None = None,
    letter: Letter | None = None,
) -> DeliveryPlan:
    """The plan for an account, reached under its final address. Mail without a letter (our own) is not answered."""
    if responder is None or letter is None:
        return DeliveryPlan(AccountId(account_id), address, detail, copies)
    found = judge(responder, letter)
    if isinstance(found, Answering) and not any(copy.special_use is not SpecialUse.JUNK for copy in copies):
        found = Silence.JUNK
    answer = found if isinstance(found, Answering) else None
    return DeliveryPlan(AccountId(account_id), address, detail, copies, answer, found if isinstance(found, Silence) else None)
