"""Delivery reports of others, read: who was reported about, what became of them, and which message it was.

Standards: RFC 3464 (message/delivery-status), RFC 6522 (multipart/report), RFC 6533 (its forms beyond ASCII).
Invariants: any octets give a Notice or None, never an error; numbers of recipients and lengths are bounded.
Known gaps: reports that are no multipart/report (of qmail, of old gateways) are not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mailplatform.standards.dsn.words import Action
from mailplatform.standards.dsn.xtext import TypedAddress, from_unicode_xtext
from mailplatform.standards.message import dates
from mailplatform.standards.message.decode import to_line, transfer
from mailplatform.standards.message.headers import fields, first, header_end, unfold
from mailplatform.standards.message.structure import Part, parse

_STATUS = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})")
_MESSAGE_ID = re.compile(rb"<[^<>\s]+>")
_BLANK = re.compile(rb"\n[ \t]*\r?(?=\n)")
_MOST = 1000
_MACHINE = (("message", "delivery-status"), ("message", "global-delivery-status"))
_RETURNED = ("rfc822", "rfc822-headers", "global", "global-headers")


@dataclass(frozen=True, slots=True)
class RecipientNotice:
    """One recipient. status: "5.1.1", "" when it is none. diagnostic: the remote's words. Times None when not said."""

    final: TypedAddress
    original: TypedAddress | None
    action: Action | None
    status: str
    diagnostic: str = ""
    remote_host: str = ""
    last_attempt: datetime | None = None
    until: datetime | None = None

    @property
    def permanent(self) -> bool:
        return self.status.startswith("5") and self.action is Action.FAILED


@dataclass(frozen=True, slots=True)
class Notice:
    """A report. message_id: of the message it is about, "" when it was not returned."""

    reporting_host: str
    envid: str
    arrival: datetime | None
    recipients: tuple[RecipientNotice, ...]
    message_id: str


def read(raw: bytes) -> Notice | None:
    """The report a message is, None when it is none."""
    root = parse(raw)
    if (root.type, root.subtype) != ("multipart", "report"):
        return None
    machine = next((part for part in root.children if (part.type, part.subtype) in _MACHINE), None)
    if machine is None:
        return None
    blocks = _blocks(transfer(raw[machine.body_start : machine.end], machine.encoding))
    about = next(blocks, {})
    recipients = tuple(_recipient(block) for block in blocks if b"final-recipient" in block or b"original-recipient" in block)
    if not recipients:
        return None
    return Notice(
        reporting_host=_value(about, b"reporting-mta").partition(";")[2].strip(),
        envid=_value(about, b"original-envelope-id"),
        arrival=dates.parse(about.get(b"arrival-date", b"")),
        recipients=recipients,
        message_id=_about(raw, root),
    )


def _blocks(body: bytes) -> Iterator[dict[bytes, bytes]]:
    """Groups of fields between empty lines, the first of a name in each."""
    count = 0
    for text in _BLANK.split(body.lstrip(b"\r\n")):
        found: dict[bytes, bytes] = {}
        for name, value, _, _ in fields(text.lstrip(b"\r\n")):
            found.setdefault(name.lower(), unfold(value))
        if found:
            yield found
            count += 1
            if count > _MOST:
                return


def _recipient(block: dict[bytes, bytes]) -> RecipientNotice:
    original = _typed(block, b"original-recipient")
    action = _value(block, b"action").strip().lower()
    status = _STATUS.match(_value(block, b"status"))
    return RecipientNotice(
        final=_typed(block, b"final-recipient") or original or TypedAddress("rfc822", ""),
        original=original,
        action=Action(action) if action in set(Action) else None,
        status=".".join(status.groups()) if status else "",
        diagnostic=_value(block, b"diagnostic-code").partition(";")[2].strip(),
        remote_host=_value(block, b"remote-mta").partition(";")[2].strip(),
        last_attempt=dates.parse(block.get(b"last-attempt-date", b"")),
        until=dates.parse(block.get(b"will-retry-until", b"")),
    )


def _typed(block: dict[bytes, bytes], name: bytes) -> TypedAddress | None:
    kind, semicolon, address = _value(block, name).partition(";")
    if not semicolon:
        return None
    kind, address = kind.strip().lower(), address.strip().removeprefix("<").removesuffix(">")
    return TypedAddress(kind, from_unicode_xtext(address) if kind == "utf-8" else address)


def _value(block: dict[bytes, bytes], name: bytes) -> str:
    return to_line(block.get(name, b"")[:2000])


def _about(raw: bytes, root: Part) -> str:
    for part in root.children[1:]:
        if part.subtype in _RETURNED:
            body = transfer(raw[part.body_start : part.end], part.encoding)
            found = _MESSAGE_ID.search(first(body[: header_end(body)], b"message-id") or b"")
            return found[0].decode("utf-8", "replace") if found else ""
    return ""
