"""The Sender Rewriting Scheme: forwarded mail leaves under an address of our own, and a bounce to it finds its way back.

Standards: none; the scheme of Shevek (2004), as libsrs2 and postsrsd write it: `SRS0=hash=stamp=domain=local@us` for a sender
that we see first, `SRS1=hash=first-host==rest@us` for one that another forwarder rewrote already, so that addresses do not grow.
Invariants: pure, the clock is a parameter; what is undone was made here, under one of our keys, not longer ago than `days`;
letters' case does not matter, because relays change it; the null path is never rewritten.
Known gaps: an address whose rewriting is longer than a local part may be (RFC 5321 §4.5.3.1.1) is refused with TooLong.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from mailplatform.standards.address import LOCALPART_OCTETS, Localpart

DAYS = 21
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CYCLE = 1024  # two letters of the alphabet
_HASH_LETTERS = 6  # 30 bits: a guess is worth one bounce to one stranger
_TAG = re.compile(r"srs([01])([=+-])(.*)\Z", re.IGNORECASE | re.DOTALL)


class BadSrs(ValueError):
    """No address of this scheme, or not one of ours, or too old."""


class TooLong(ValueError):
    """The rewritten local part would be longer than RFC 5321 allows."""


def is_srs(local: str) -> bool:
    """Whether a local part looks like this scheme."""
    return _TAG.match(local) is not None


def forward(reverse_path: str, domain: str, key: bytes, at: datetime) -> str:
    """The reverse-path a message to outside leaves with. domain: ours. The null path stays. Raises TooLong."""
    if not reverse_path:
        return ""
    local, host = _split(reverse_path)
    tagged = _TAG.match(local)
    if tagged is None:
        stamp = _stamp(at)
        made = f"SRS0={_hash(key, stamp, host, local)}={stamp}={host}={local}"
    elif tagged[1] == "0":
        made = _srs1(host, tagged[2] + tagged[3], key)
    else:
        try:
            first, rest = _first_host(tagged[3])
        except BadSrs:  # a real address that looks like one: nobody to send back to but its own domain
            first, rest = host, tagged[2] + tagged[3]
        made = _srs1(first, rest, key)
    if len(made.encode()) > LOCALPART_OCTETS:
        raise TooLong("the rewritten sender is longer than a local part may be")
    return f"{Localpart(made)}@{domain}"


def reverse(address: str, keys: Sequence[bytes], at: datetime, *, days: int = DAYS) -> str:
    """Whom a bounce to this address is for. keys: the present one and those before it. Raises BadSrs."""
    local, _ = _split(address)
    tagged = _TAG.match(local)
    if tagged is None:
        raise BadSrs("not a rewritten address")
    if tagged[1] == "1":
        digest, _, after = tagged[3].partition("=")
        first, rest = _first_host(tagged[3])
        if not after or not _is_ours(digest, keys, first, rest):
            raise BadSrs("not rewritten here")
        return _joined(f"SRS0{rest}", first)
    parts = tagged[3].split("=", 3)
    if len(parts) != 4 or not parts[2] or not parts[3]:
        raise BadSrs("not a rewritten address")
    digest, stamp, host, original = parts
    if not _is_ours(digest, keys, stamp, host, original):
        raise BadSrs("not rewritten here")
    if not _is_fresh(stamp, at, days):
        raise BadSrs("rewritten too long ago")
    return _joined(original, host)


def _srs1(first: str, rest: str, key: bytes) -> str:
    return f"SRS1={_hash(key, first, rest)}={first}={rest}"


def _first_host(text: str) -> tuple[str, str]:
    """(first host, what followed its SRS0) of `hash=host=rest`; rest begins with its own separator."""
    parts = text.split("=", 2)
    if len(parts) != 3 or not parts[1] or parts[2][:1] not in ("=", "+", "-"):
        raise BadSrs("not a rewritten address")
    return parts[1], parts[2]


def _split(address: str) -> tuple[str, str]:
    local, at, host = address.rpartition("@")
    if not at or not local or not host:
        raise BadSrs("not an address")
    if local.startswith('"') and local.endswith('"') and len(local) > 2:
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return local, host


def _joined(local: str, host: str) -> str:
    return f"{Localpart(local)}@{host}"


def _hash(key: bytes, *parts: str) -> str:
    text = "=".join(parts).lower().encode("utf-8", "surrogatepass")
    return base64.b32encode(hmac.digest(key, text, hashlib.sha256)).decode("ascii")[:_HASH_LETTERS]


def _is_ours(digest: str, keys: Sequence[bytes], *parts: str) -> bool:
    given = digest.upper().encode("utf-8", "surrogatepass")
    return sum(hmac.compare_digest(_hash(key, *parts).encode(), given) for key in keys) > 0  # all of them, each time


def _day(at: datetime) -> int:
    return int((at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) // 86400


def _stamp(at: datetime) -> str:
    day = _day(at) % _CYCLE
    return _ALPHABET[day // 32] + _ALPHABET[day % 32]


def _is_fresh(stamp: str, at: datetime, days: int) -> bool:
    high, low = (_ALPHABET.find(letter) for letter in stamp.upper()) if len(stamp) == 2 else (-1, -1)
    if high < 0 or low < 0:
        return False
    age = (_day(at) - (high * 32 + low)) % _CYCLE
    return age <= days or age == _CYCLE - 1  # a clock a day ahead of ours
