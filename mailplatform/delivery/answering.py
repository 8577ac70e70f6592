"""Whether a message is answered automatically: a pure judgement of its header and of the account's autoresponder.

Standards: RFC 3834 §2 (when not to: no null path, no lists, nothing automatic, only mail that names the recipient, §2 last
paragraph: not twice to one sender in a period), §4 (where to: the reverse-path). Custom, not a standard: Precedence, and
X-Auto-Response-Suppress (MS-OXCMAIL).
Invariants: any header gives a judgement, never an error; a doubt is silence. That the same sender was answered lately is known
under the lock of the arrival only (delivery.answers).
Known gaps: the reverse-path of mail from outside is believed; what an account gives in a day is bounded for that reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta

from mailplatform.delivery.values import Answering, Audience, Letter, Responder, Silence
from mailplatform.directory.values import Language
from mailplatform.standards.message import addresses
from mailplatform.standards.message.decode import decoded, to_line
from mailplatform.standards.message.headers import fields, unfold
from mailplatform.standards.message.languages import preferred

_LISTS = frozenset(f"list-{word}".encode() for word in ["id", "help", "unsubscribe", "subscribe", "post", "owner", "archive"])
_BULK = frozenset({b"bulk", b"list", b"junk"})
_NAMING = frozenset({b"to", b"cc", b"bcc", b"resent-to", b"resent-cc", b"resent-bcc"})
_ANSWERED = frozenset({b"x-autoreply", b"x-autorespond", b"x-autoresponse", b"x-mailer-daemon"})
_SUPPRESS = frozenset({b"all", b"oof", b"autoreply"})
_ROLE = re.compile(
    r"(?:mailer-daemon|listserv|majordomo|postmaster|bounces?|no-?reply|do-?not-?reply|owner-.*|.*-(?:request|owner|bounces?))"
    r"(?:[+=].*)?",
    re.I | re.S,
)
_MESSAGE_ID = re.compile(rb"<[!-;=?-~]{1,990}>")
_SUBJECT, _REFERENCES, _NAMES = 200, 12, 2000


def judge(responder: Responder, letter: Letter) -> Answering | Silence | None:
    """The answer to give, or why there is none; None when the autoresponder is not on at that moment."""
    if not responder.is_active(letter.at):
        return None
    sender = letter.reverse_path
    if not sender:
        return Silence.NULL_PATH
    if responder.own.has(sender):
        return Silence.ITSELF
    localpart, _, domain = sender.rpartition("@")
    if _ROLE.fullmatch(localpart):
        return Silence.ROLE
    found: dict[bytes, bytes] = {}
    named = ""
    for name, value, _, _ in fields(letter.header):
        key = name.lower()
        silence = _silence(key, value)
        if silence is not None:
            return silence
        found.setdefault(key, value)
        if not named and key in _NAMING:
            named = next((address for address in _addresses(value) if responder.own.has(address)), "")
    if not named:
        return Silence.NOT_NAMED
    inside = letter.authenticated and domain.lower() in responder.domains
    if responder.audience is not Audience.EVERYONE and (responder.audience is Audience.INSIDE) is not inside:
        return Silence.AUDIENCE
    message_id = _MESSAGE_ID.search(unfold(found.get(b"message-id", b"")))
    before = _MESSAGE_ID.findall(found.get(b"references", b"") or found.get(b"in-reply-to", b""))
    chain = [*before[-_REFERENCES:], *([message_id[0]] if message_id else [])]
    return Answering(
        account_id=responder.account_id,
        sender=sender,
        sender_key=key_of(sender),
        until=letter.at + timedelta(days=responder.days),
        address=named,
        message_id=message_id[0].decode("ascii") if message_id else "",
        references=" ".join(one.decode("ascii") for one in chain),
        subject=_storable(decoded(found.get(b"subject", b"")[: 10 * _SUBJECT]))[:_SUBJECT],
        language=preferred(letter.header, set(Language)) or "",
        inside=inside,
        trace_id=letter.trace_id,
    )


def key_of(sender: str) -> str:
    """What stands for a sender in the record: the case of an address does not make another of it."""
    return hashlib.blake2b(sender.lower().encode("utf-8", "replace"), digest_size=16).hexdigest()


def _silence(key: bytes, value: bytes) -> Silence | None:
    if key in _LISTS:
        return Silence.LIST
    if key == b"precedence":
        return Silence.LIST if unfold(value).lower() in _BULK else None
    if key == b"auto-submitted":  # RFC 3834 §5: whatever is not "no", its parameters aside
        return None if unfold(value).partition(b";")[0].strip().lower() == b"no" else Silence.AUTOMATIC
    if key in _ANSWERED:
        return Silence.AUTOMATIC
    if key == b"content-type":
        return Silence.AUTOMATIC if unfold(value[:200]).lower().startswith(b"multipart/report") else None
    if key == b"x-auto-response-suppress":
        words = {word.strip() for word in unfold(value).lower().split(b",")}
        return Silence.SUPPRESSED if words & _SUPPRESS else None
    return None


def _addresses(value: bytes) -> Iterator[str]:
    """Every address of a field; a very long one is looked at as far as people write."""
    for number, member in enumerate(addresses.parse(value[:_MOST_OCTETS])):
        if number > _NAMES:
            return
        if member.local and member.host:
            yield f"{to_line(member.local)}@{to_line(member.host)}"


_MOST_OCTETS = 256 * 1024


def _storable(text: str) -> str:
    """One line that a text column can hold."""
    text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
