"""The field that says how we received a message (RFC 5321 §4.4); pure. Those of its final delivery are delivery.local's.

They stand beside the blob, a placement each, so that all recipients share one copy of what the peer sent.
"""

from __future__ import annotations

import re
from datetime import datetime

from mailplatform.mailflow.transaction import Session, Transaction
from mailplatform.standards.message import received as fields

_SIGNED_IN = re.compile(rb"[ \t\r\n]with[ \t\r\n]+(?:E|UTF8)SMTPS?A[ \t\r\n]")


def is_signed_in(received: bytes) -> bool:
    """Whether a Received field of ours says that the sender had signed in (RFC 3848)."""
    return _SIGNED_IN.search(received) is not None


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
            authenticated=session.identity is not None,
            smtputf8=transaction.smtputf8,
            lmtp=session.protocol == "lmtp",
        ),
        trace_id=transaction.trace_id,
        at=at,
        recipient=paths.pop() if len(paths) == 1 else "",
        tls=session.tls,
    )
