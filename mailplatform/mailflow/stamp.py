"""The fields that we write above a message: what we received it as, and for whom it is placed; pure.

Standards: RFC 5321 §4.4 (Received, Return-Path), RFC 9228 (Delivered-To). They stand beside the blob, a placement each, so
that all recipients share one copy of what the peer sent.
"""

from __future__ import annotations

from datetime import datetime

from mailplatform.mailflow.transaction import Session, Transaction
from mailplatform.standards.message import received as fields


def received(transaction: Transaction, at: datetime) -> bytes:
    """The Received field of one transaction; it names a recipient only when there is one."""
    session: Session = transaction.session
    paths = {recipient.forward_path for recipient in transaction.recipients}
    return fields.received(
        helo=session.helo,
        client_address=session.client_address,
        by=session.server_name,
        protocol=fields.with_word(
            esmtp=session.esmtp,
            tls=bool(session.tls),
            authenticated=bool(session.login),
            smtputf8=transaction.smtputf8,
            lmtp=session.protocol == "lmtp",
        ),
        trace_id=transaction.trace_id,
        at=at,
        recipient=paths.pop() if len(paths) == 1 else "",
        tls=session.tls,
    )


def prefix(reverse_path: str, address: str, received_field: bytes) -> bytes:
    """All that stands above the message in one account, in the order of final delivery."""
    return fields.return_path(reverse_path) + fields.delivered_to(address) + received_field
