"""What delivery keeps beside a message, made once: ENVELOPE and BODYSTRUCTURE, sort keys, references, preview.

Standards: RFC 9051 §7.5.2 (and 3501), RFC 5256 (base subject, sort keys), RFC 5322 §3.6.4 (identification), RFC 8970 (preview).
Invariants: never raises; the header is read once, the body only where parts begin and end; every text is bounded, and clean
enough for a database (no NUL, no surrogates). On the hot path of every delivery: benchmarks/scan.py watches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailplatform.standards.casemap import casemap
from mailplatform.standards.message import dates, render, text, threads
from mailplatform.standards.message.addresses import Member
from mailplatform.standards.message.decode import decoded, to_line
from mailplatform.standards.message.structure import NAMES, Part, parse_with

_FIELDS = NAMES | render.FIELDS | {b"references"}
_SUBJECT = 4000
_LIST = 32 * 1024
_KEY = 255
# Parts that accompany the text without being attached: signatures, and what makes up an HTML page.
_SIGNATURES = frozenset({"pgp-signature", "pkcs7-signature", "x-pkcs7-signature", "pgp-encrypted"})


@dataclass(frozen=True, slots=True)
class Summary:
    """size: octets of the message. envelope, bodystructure: parenthesised IMAP forms, ready to be sent.
    message_id, references: with their angle brackets, as ENVELOPE shows them; references = References, then In-Reply-To,
    distinct, own id left out, at most 64 of at most 998 octets. sent_at: the Date field in UTC.
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


def summarise(raw: bytes) -> Summary:
    """Everything of a message that is worth computing once. Never raises, whatever the bytes."""
    raw = bytes(raw)  # no copy of what is bytes already
    root, found = parse_with(raw, _FIELDS)
    return summary_of(raw, root, found)


def summary_of(raw: bytes, root: Part, found: dict[bytes, list[bytes]]) -> Summary:
    """The summary of a message that `parse_with` has read already."""
    envelope, lists = render.envelope_of(found)
    own = threads.message_id(found[b"message-id"][0]) if b"message-id" in found else ""
    subject = decoded(found[b"subject"][0][: 4 * _SUBJECT])[:_SUBJECT] if b"subject" in found else ""
    authors, to, cc = lists.get(b"from", []), lists.get(b"to", []), lists.get(b"cc", [])
    first = _first(authors)
    return Summary(
        len(raw),
        envelope,
        render.bodystructure(raw, root),
        own,
        threads.references(b" ".join(found.get(b"references", ())), b" ".join(found.get(b"in-reply-to", ())), own),
        dates.parse(found[b"date"][0]) if b"date" in found else None,
        subject,
        threads.base_subject(subject),
        _people(authors),
        _people(to),
        _people(cc),
        _people(lists.get(b"bcc", [])),
        _key(first),
        _key(_first(to)),
        _key(_first(cc)),
        _address(first).lower()[:_KEY] if first else "",
        text.preview(raw, root),
        has_attachment(root),
    )


def has_attachment(root: Part) -> bool:
    """Whether a person would say that something is attached: signatures and the pictures of a page are not."""
    return any(_attached(part, root) for part in text.leaves(root, embedded=False))


def _attached(part: Part, root: Part) -> bool:
    if part.type == "multipart" or part.subtype in _SIGNATURES:
        return False
    if part.disposition == "attachment" or (part.type == "message" and part is not root and part.subtype in ("rfc822", "global")):
        return True
    if part.disposition == "inline" or part.type == "text":
        return bool(part.filename) and part.type != "image" and part.id is None
    if part is root:
        return part.type != "message"
    return part.id is None and part.type in ("application", "audio", "video", "image", "font", "model") and bool(part.filename)


def _first(members: list[Member]) -> Member | None:
    for member in members:
        if member.host is not None:
            return member
    return None


def _key(member: Member | None) -> str:
    """RFC 5256 §3: the local part of the first address."""
    return casemap(to_line(member.local or b""))[:_KEY] if member else ""


def _people(members: list[Member]) -> str:
    """Names and addresses in words, for search and for lists."""
    if not members:
        return ""
    written = []
    for member in members:
        if member.host is None:
            if member.local:
                written.append(decoded(member.local) + ":")
        elif member.name:
            written.append(f"{decoded(member.name)} <{_address(member)}>")
        else:
            written.append(_address(member))
    return ", ".join(written)[:_LIST]


def _address(member: Member) -> str:
    local = to_line(member.local or b"")
    return f"{local}@{to_line(member.host)}" if member.host else local
