"""A delivery report as a message: plain words for people, fields for machines, and what it is about.

Standards: RFC 3464 (message/delivery-status), RFC 6522 (multipart/report), RFC 3461 §6 (what goes back, and to whom), RFC 6533
(addresses beyond ASCII), RFC 3834 §5 (Auto-Submitted), RFC 5321 §4.5.5 (it is sent from the null path).
Invariants: the same Report gives the same octets; whatever a remote server said, every field stays one field, in ASCII but for
addresses of SMTPUTF8 messages; lines outside the returned message are at most 998 octets and end with CRLF.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import textwrap
from dataclasses import dataclass
from datetime import datetime

from mailplatform.standards.dsn import words, xtext
from mailplatform.standards.dsn.words import Action, Reason, reason_of
from mailplatform.standards.dsn.xtext import TypedAddress
from mailplatform.standards.message.headers import decoded as decoded_value
from mailplatform.standards.message.headers import first, header_end
from mailplatform.standards.message.received import date

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\u2028\u2029]+")
_NOT_ASCII = re.compile(r"[^ -~]")
_MESSAGE_ID = re.compile(rb"<[^<>\s@]+@[^<>\s]+>")
_REPLY_MOST = 900
_SUBJECT_MOST = 200
_PRIORITY = (Action.FAILED, Action.DELAYED, Action.EXPANDED, Action.RELAYED, Action.DELIVERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientReport:
    """One recipient. forward_path: as it was tried last. status: "5.1.1". orcpt: as it came ("rfc822;a+2Bb@c").

    reply: the words of the server named by host, ours when host is "". until: when the last try will be. reason: when the status
    says too little.
    """

    forward_path: str
    action: Action
    status: str
    orcpt: str = ""
    reply: str = ""
    host: str = ""
    last_attempt: datetime | None = None
    until: datetime | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report about one message, for its sender.

    reverse_path: of the message, whom the report goes to; never null. host: ours. postmaster: an address for help, and the
    author. message_id: of the report, "<…>". original: the message as it was sent, or its header alone. full: return all of it
    (RFC 3461 RET=FULL), else the header. envid: as it came, in xtext. language: "en", "it". smtputf8: the report may carry
    addresses in UTF-8.
    """

    reverse_path: str
    host: str
    postmaster: str
    message_id: str
    at: datetime
    recipients: tuple[RecipientReport, ...]
    original: bytes
    arrival: datetime
    trace_id: str = ""
    full: bool = False
    envid: str = ""
    language: str = "en"
    smtputf8: bool = False


def compose(report: Report) -> bytes:
    """The message. Raises ValueError for a report to nobody or about nobody."""
    if not report.reverse_path or not report.recipients:
        raise ValueError("a report needs somebody to go to and somebody to be about")
    end = header_end(report.original)
    returned = report.original if report.full else report.original[:end]
    boundary = _boundary(report, returned)
    beyond = report.smtputf8 and not all(r.forward_path.isascii() for r in report.recipients)
    eight_bit = beyond or not returned.isascii()
    parts = [
        _human(report, report.original[:end]),
        _machine(report, beyond),
        _original(report, returned),
    ]
    mark = f"--{boundary}\r\n".encode()
    body = b"".join(mark + part + (b"" if part.endswith(b"\r\n") else b"\r\n") for part in parts)
    return _header(report, report.original[:end], boundary, eight_bit) + body + f"--{boundary}--\r\n".encode()


def _header(report: Report, original: bytes, boundary: str, eight_bit: bool) -> bytes:
    said = words.language(report.language)
    subject = decoded_value(first(original, b"subject") or b"")[:_SUBJECT_MOST]
    title = said.subjects[_main(report)].format(subject=_line(subject) or said.no_subject)
    lines = [
        f"Date: {date(report.at)}",
        f"From: {_encoded(said.sender)} <{report.postmaster}>",
        f"To: <{report.reverse_path}>",
        f"Subject: {_encoded(title)}",
        f"Message-ID: {report.message_id}",
    ]
    found = _MESSAGE_ID.search(first(original, b"message-id") or b"")
    if found and len(found[0]) < 900 and found[0].isascii():
        about = found[0].decode("ascii")
        lines += [f"In-Reply-To: {about}", f"References: {about}"]
    lines += [
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="{boundary}"',
    ]
    if eight_bit:
        lines.append("Content-Transfer-Encoding: 8bit")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")


def _main(report: Report) -> Action:
    """What the subject tells: the worst that happened."""
    return min((recipient.action for recipient in report.recipients), key=_PRIORITY.index)


# -- for people


def _human(report: Report, original: bytes) -> bytes:
    said = words.language(report.language)
    paragraphs: list[str] = []
    for action in _PRIORITY:
        concerned = [recipient for recipient in report.recipients if recipient.action is action]
        if not concerned:
            continue
        paragraphs.append(said.openings[action].format(when=words.moment(said, report.arrival)))
        for recipient in concerned:
            paragraphs += _about(said, recipient)
        until = max((r.until for r in concerned if r.until), default=None)
        paragraphs.append(said.closings[action].format(until=words.moment(said, until) if until else "…"))
    if report.trace_id:
        paragraphs.append(said.reference.format(postmaster=report.postmaster, trace_id=report.trace_id))
    text = "\r\n\r\n".join(_wrapped(paragraph) for paragraph in paragraphs) + "\r\n"
    return (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Language: "
        + report.language[:2].encode("ascii", "replace")
        + b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + _quoted_printable(text)
    )


def _about(said: words.Language, recipient: RecipientReport) -> list[str]:
    asked = xtext.read_orcpt(recipient.orcpt)
    address = _line(recipient.forward_path)
    if asked is not None and asked.address.lower() != address.lower():
        address = f"{_line(asked.address)} (→ {address})"
    paragraphs = [f"    {address}"]
    if recipient.action in (Action.FAILED, Action.DELAYED):
        sentence = said.reasons[recipient.reason or reason_of(recipient.status)]
        paragraphs.append(f"{sentence.what} {sentence.advice}")
        reply = _line(recipient.reply)[:_REPLY_MOST]
        if reply:
            template = said.reply if recipient.host else said.reply_ours
            paragraphs.append(template.format(host=_line(recipient.host), reply=reply))
    return paragraphs


def _wrapped(paragraph: str) -> str:
    indent = "    " if paragraph.startswith("    ") else ""
    lines = textwrap.wrap(
        paragraph.strip(), 72, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\r\n".join(lines)


def _quoted_printable(text: str) -> bytes:
    return binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True)


# -- for machines (RFC 3464 §2)


def _machine(report: Report, beyond: bool) -> bytes:
    kind = "message/global-delivery-status" if beyond else "message/delivery-status"  # RFC 6533 §4
    head = f"Content-Type: {kind}\r\n" + ("Content-Transfer-Encoding: 8bit\r\n" if beyond else "")
    fields = [f"Reporting-MTA: dns; {_ascii(report.host)}"]
    if report.envid:
        fields.insert(0, f"Original-Envelope-Id: {_envid(report.envid)}")
    fields.append(f"Arrival-Date: {date(report.arrival)}")
    blocks = [fields, *([*_fields(recipient, beyond)] for recipient in report.recipients)]
    return (head + "\r\n" + "".join("\r\n".join(block) + "\r\n\r\n" for block in blocks)).encode("utf-8", "replace")


def _fields(recipient: RecipientReport, beyond: bool) -> list[str]:
    fields = []
    asked = xtext.read_orcpt(recipient.orcpt)
    if asked is not None:
        fields.append(f"Original-Recipient: {_typed(asked, beyond)}")
    final = TypedAddress("rfc822" if recipient.forward_path.isascii() else "utf-8", recipient.forward_path)
    fields.append(f"Final-Recipient: {_typed(final, beyond)}")
    fields += [f"Action: {recipient.action}", f"Status: {_ascii(recipient.status)}"]
    if recipient.host:
        fields.append(f"Remote-MTA: dns; {_ascii(recipient.host)}")
    if recipient.reply:
        kind = "smtp" if recipient.reply[:3].isdigit() else "x-local"
        fields.append(f"Diagnostic-Code: {kind}; {_ascii(recipient.reply)[:_REPLY_MOST]}")
    if recipient.last_attempt is not None:
        fields.append(f"Last-Attempt-Date: {date(recipient.last_attempt)}")
    if recipient.action is Action.DELAYED and recipient.until is not None:
        fields.append(f"Will-Retry-Until: {date(recipient.until)}")
    return fields


def _typed(address: TypedAddress, beyond: bool) -> str:
    kind = _ascii(address.type)
    if kind == "utf-8":
        written = _line(address.address) if beyond else xtext.to_unicode_xtext(address.address)
        return f"utf-8; {written}"
    return f"{kind}; {_ascii(address.address)}"


def _envid(text: str) -> str:
    try:
        return _ascii(xtext.decode(text))
    except xtext.BadXtext:
        return _ascii(text)


# -- what it is about


def _original(report: Report, returned: bytes) -> bytes:
    """RFC 6522 §3: the message, or text/rfc822-headers."""
    beyond = report.smtputf8 and not returned[: header_end(returned)].isascii()
    if report.full:
        kind = "message/global" if beyond else "message/rfc822"
    else:
        kind = "message/global-headers" if beyond else "text/rfc822-headers"
    encoding = "" if returned.isascii() else "Content-Transfer-Encoding: 8bit\r\n"
    return f"Content-Type: {kind}\r\n{encoding}\r\n".encode("ascii") + returned


# -- octets


def _line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _ascii(text: str) -> str:
    return _NOT_ASCII.sub("?", _line(text))


def _encoded(text: str) -> str:
    """A phrase or unstructured value, in encoded words where it is not plain (RFC 2047 §2: at most 75 characters each)."""
    if text.isascii() and "=?" not in text and len(text) < 900:
        return text
    pieces: list[str] = []
    piece = ""
    for char in text:
        if len((piece + char).encode("utf-8", "replace")) > 42:
            pieces.append(piece)
            piece = ""
        piece += char
    pieces.append(piece)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(p.encode('utf-8', 'replace')).decode('ascii')}?=" for p in pieces)


def _boundary(report: Report, returned: bytes) -> str:
    """One that no line of the returned message begins with; the same for the same report."""
    seed = report.message_id.encode("utf-8", "replace")
    while True:
        boundary = "report-" + hashlib.sha256(seed).hexdigest()[:24]
        if boundary.encode() not in returned:
            return boundary
        seed = hashlib.sha256(seed).digest()
