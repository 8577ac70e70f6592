"""What ties messages to each other: identifications, references, and the subject without its Re:.

Standards: RFC 5322 §3.6.4 (Message-ID, References, In-Reply-To), RFC 5256 §2.1 (base subject), RFC 8621 §3 (threads of JMAP).
Invariants: bounded (64 references of 998 octets, a subject of 1,000 characters); the hash of an identification never changes,
because it is kept in databases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING

from mailplatform.standards.casemap import casemap
from mailplatform.standards.message.decode import to_line

if TYPE_CHECKING:
    from mailplatform.standards.message.summary import Summary

MOST_REFERENCES = 64
MOST_OCTETS = 998
_OCTETS = 128 * 1024
_SUBJECT = 1000

# A msg-id as it is, and as broken senders write it; space inside is dropped (RFC 5322 §4.5.4).
_MESSAGE_ID = re.compile(rb"<([^<>]{1,1000})>")
_PLAIN = re.compile(r"<[!#-;=?-\[\]-~]{1,996}>")
_INSIDE = re.compile(rb'[\s"\\\x00]+')
_BARE = re.compile(rb"(?<![^\s<>(),;])[^\s<>(),;@]{1,998}+@[^\s<>(),;]{1,998}")

_BLOB = re.compile(r"\[[^\[\]]*\]\s*")
_LEADER = re.compile(r"(?:\[[^\[\]]*\]\s*)*(?:re|fwd?)\s*(?:\[[^\[\]]*\]\s*)?:\s*", re.I)
_TRAILER = re.compile(r"(?:\s|\(fwd\))+\Z", re.I)
_WRAPPED = re.compile(r"\[fwd:(.*)\]\Z", re.I | re.S)


def message_id(value: bytes) -> str:
    """The first identification of a field with its angle brackets, "" when there is none."""
    found = identifications(value, 1)
    return found[0] if found else ""


def identifications(value: bytes, most: int = MOST_REFERENCES) -> list[str]:
    """The last `most` distinct identifications of a field, in order; a lone id without brackets counts too."""
    value = value[-_OCTETS:] if most > 1 else value[:_OCTETS]
    if value.isascii():
        text = value.decode("ascii")
        plain = _PLAIN.findall(text)
        if len(plain) == text.count("<") > 0:  # all are as they should be
            return list(dict.fromkeys(plain[:1] if most == 1 else plain[-most:]))
    written = _MESSAGE_ID.findall(value) or _BARE.findall(value[:4096])
    if most == 1:
        written = written[:1]
    elif len(written) > most:
        written = written[-most:]  # the parent stands last, and matters most
    return list(dict.fromkeys(_normal(text) for text in written))


def references(value: bytes, reply_to: bytes, own: str) -> tuple[str, ...]:
    """References, then In-Reply-To; distinct, without the message's own id."""
    if not value and not reply_to:
        return ()
    found = dict.fromkeys((*identifications(value, MOST_REFERENCES - 1), *identifications(reply_to, MOST_REFERENCES)))
    found.pop(own, None)
    kept = list(found)
    return tuple(kept if len(kept) <= MOST_REFERENCES else kept[: MOST_REFERENCES - 1] + kept[-1:])


def _normal(text: bytes) -> str:
    """Without quoting and space, so that all spellings of one id are one (RFC 5256 §3 asks this of THREAD=REFERENCES)."""
    if _INSIDE.search(text) is not None:
        text = _INSIDE.sub(b"", text)
    one = to_line(text)
    if len(one) > MOST_OCTETS - 2 or not one.isascii():
        one = one.encode("utf-8")[: MOST_OCTETS - 2].decode("utf-8", "ignore")
    return f"<{one}>"


def ref_hash(identification: str) -> int:
    """A signed 64-bit hash of an identification, the same for ever."""
    return int.from_bytes(blake2b(identification.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def candidates(summary: Summary) -> tuple[int, ...]:
    """The hashes under which this message may find its thread, and be found: its own first, then its references, distinct."""
    return hashes((summary.message_id, *summary.references))


def hashes(ids: Iterable[str]) -> tuple[int, ...]:
    """The distinct hashes of these identifications, empty ones left out."""
    return tuple(dict.fromkeys(ref_hash(one) for one in ids if one))


def base_subject(subject: str) -> str:
    """The base subject of a decoded Subject, casemapped (RFC 5256 §2.1 steps 1 to 6)."""
    text = " ".join(subject[:_SUBJECT].split())
    while True:
        if text.endswith((")", " ")):
            text = _TRAILER.sub("", text)
        if ":" in text or text.startswith(("[", " ")):
            text = _without_leaders(text)
        wrapped = _WRAPPED.match(text) if text.startswith("[") else None
        if wrapped is None:
            return casemap(text)
        text = wrapped[1]


def _without_leaders(text: str) -> str:
    at = len(text) - len(text.lstrip())
    while True:
        leader = _LEADER.match(text, at)
        if leader is not None:
            at = leader.end()
            continue
        blob = _BLOB.match(text, at)
        if blob is None or blob.end() == len(text):  # step 4: a blob goes only when something remains
            return text[at:]
        at = blob.end()
