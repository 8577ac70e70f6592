"""What delivery keeps beside a message, made once: ENVELOPE and BODYSTRUCTURE, sort keys, references, preview.

Standards: RFC 9051 §7.5.2 (and 3501), RFC 5256 (base subject, sort keys), RFC 5322 §3.6.4 (identification), RFC 8970 (preview).
Invariants: never raises; one pass over the header, one over the body; every text is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """size: octets of the message. envelope, bodystructure: parenthesised IMAP forms, ready to be sent.
    message_id, references: with their angle brackets, as ENVELOPE shows them; references = References, then In-Reply-To,
    distinct, own id left out, at most 64 of at most 998 characters. sent_at: the Date field in UTC.
    subject and *_text: decoded (RFC 2047), for people and for search.
    base_subject and *_key: casemapped sort keys (RFC 5256 §2.1, §3).
    author: the first address of From, lower case. preview: at most 256 characters."""

    size: int
    envelope: bytes
    bodystructure: bytes
    message_id: str = ""
    references: tuple[str, ...] = ()
    sent_at: datetime | None = None
    subject: str = ""
    base_subject: str = ""
    from_text: str = ""
    to_text: str = ""
    cc_text: str = ""
    bcc_text: str = ""
    from_key: str = ""
    to_key: str = ""
    cc_key: str = ""
    author: str = ""
    preview: str = ""
    has_attachment: bool = False
