"""From a plan to placements: the message under the fields of its final delivery (RFC 5321 §4.4, RFC 9228)."""

from __future__ import annotations

from mailplatform.delivery.plan import DeliveryPlan
from mailplatform.standards.message.received import delivered_to, return_path
from mailplatform.store.values import Placement, PreparedMessage


def prefix(reverse_path: str, address: str, received: bytes) -> bytes:
    """All that stands above the message in one account: Return-Path, Delivered-To, then our Received field."""
    return return_path(reverse_path) + delivered_to(address) + received


def placements(
    plan: DeliveryPlan, message: PreparedMessage, *, reverse_path: str, forward_path: str, received: bytes
) -> tuple[Placement, ...]:
    """The copies of a plan. forward_path: as it was asked, for the trace."""
    above = prefix(reverse_path, plan.address, received)
    return tuple(
        Placement(
            account_id=plan.account_id,
            message=message,
            special_use=copy.special_use,
            prefix=above,
            flags=copy.flags,
            keywords=copy.keywords,
            address=forward_path,
        )
        for copy in plan.copies
    )
