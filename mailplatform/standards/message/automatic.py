"""An automatic answer as octets: plain text in UTF-8, marked so that nobody's machine answers it.

Standards: RFC 3834 §3.1 (the fields of a response, Auto-Submitted: auto-replied in §5), RFC 5322 §3.6.4 (In-Reply-To,
References), RFC 2047 (words beyond ASCII), RFC 2045 §6.7 (quoted-printable), RFC 3282 (Content-Language).
X-Auto-Response-Suppress is custom, and keeps other makes silent.
Invariants: whatever the texts hold, each field is one field and each line at most 76 octets of the body's; no control but tabs.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header

from mailplatform.standards.message.received import date

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_BODY_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|\r|\n|\u2028|\u2029|\x85")
_ID = re.compile(r"<[!-;=?-~]{1,990}>")


@dataclass(frozen=True, slots=True)
class Automatic:
    """An answer. to: the reverse-path of what is answered. author: the address that answers; name: "" for none.

    answers: the Message-ID that is answered, "" without. references: of the thread, that one the last.
    """

    author: str
    name: str
    to: str
    subject: str
    text: str
    language: str
    message_id: str
    at: datetime
    answers: str = ""
    references: str = ""


def compose(answer: Automatic) -> bytes:
    """The whole message."""
    name = _phrase(answer.name)
    lines = [
        f"Date: {date(answer.at)}",
        f"From: {name} <{_line(answer.author)}>" if name else f"From: {_line(answer.author)}",
        f"To: {_line(answer.to)}",
        f"Subject: {_words(answer.subject, 'Subject')}",
        f"Message-ID: {answer.message_id}",
    ]
    if ids := _ID.findall(answer.answers):
        lines.append(f"In-Reply-To: {ids[0]}")
    if ids := _ID.findall(answer.references):
        lines.append("References: " + "\r\n ".join(ids))
    lines += [
        "Auto-Submitted: auto-replied",
        "X-Auto-Response-Suppress: All",
        f"Content-Language: {_line(answer.language)}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "",
    ]
    return "\r\n".join(lines).encode("utf-8", "replace") + _body(answer.text)


def _line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _words(text: str, field: str) -> str:
    text = _line(text)
    charset = "ascii" if text.isascii() and "=?" not in text else "utf-8"
    return Header(text, charset, maxlinelen=76, header_name=field).encode(splitchars=" ", linesep="\r\n")


def _phrase(name: str) -> str:
    name = _line(name)
    if not name:
        return ""
    if name.isascii() and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    return _words(name, "From")


def _body(text: str) -> bytes:
    lines = _LINE_END.split(_BODY_CONTROL.sub("", text).rstrip())
    return b"".join(_encoded(line) + b"\r\n" for line in lines)


def _encoded(line: str) -> bytes:
    return binascii.b2a_qp(line.encode("utf-8"), istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
