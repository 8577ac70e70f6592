"""A message of the content, as octets; pure. Replies carry their thread's references and a few quoted lines.

Written as programs of today write it (RFC 5322, MIME), and here and there as others do: raw UTF-8 or ISO 8859-1 in a subject.
Options: html (an HTML alternative), newsletter (HTML with a picture inside), pdf, csv, png (attachments: a name, then lines
behind ``/``), invite (summary / place / days ahead HH:MM / minutes), forward (the message before, whole), subject, raw (utf-8 or
latin-1).
"""

from __future__ import annotations

import base64
import html
import quopri
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import Header
from email.utils import formataddr

from mailplatform.demo import paper
from mailplatform.demo.people import PEOPLE, Person
from mailplatform.demo.script import Written, dated
from mailplatform.standards.message.received import date

_QUOTED = 6  # lines of the message before


@dataclass(frozen=True, slots=True)
class Made:
    """One message as it travels. text: its own words, for the next one to quote."""

    content: bytes
    subject: str
    message_id: str
    text: str


def compose(written: Written, at: datetime, before: Sequence[Made], parent: Written | None) -> Made:
    """The octets. before: the messages of its thread so far; parent: the last of them, as written."""
    author, options = PEOPLE[written.author], written.options
    series = "every" in options
    n = int(written.thread.rpartition(".")[2]) if series else 0
    text = dated(written.text, n, at) if series else written.text
    subject = dated(options.get("subject", written.subject), n, at) if series else options.get("subject", written.subject)
    if before and "subject" not in options:
        subject = f"{'Fwd' if 'forward' in options else 'Re'}: {before[0].subject}"
    domain = author.address.rpartition("@")[2]
    message_id = f"<{written.thread}.{written.number}.{zlib.crc32(written.subject.encode()):08x}@{domain}>"
    fields = [f"Date: {date(at)}", f"From: {_named(author)}"]
    fields += [f"To: {_list(written.to)}"] if written.to else []
    fields += [f"Cc: {_list(written.cc)}"] if written.cc else []
    fields += [f"Message-ID: {message_id}"]
    if before:
        fields += [f"In-Reply-To: {before[-1].message_id}", "References: " + "\r\n ".join(one.message_id for one in before)]
    if "newsletter" in options:
        fields += [f"List-Id: <news.{domain}>", f"List-Unsubscribe: <mailto:{author.address}?subject=unsubscribe>"]
    head = "\r\n".join(fields).encode() + b"\r\nSubject: " + _subject(subject, options.get("raw", ""))
    head += b"\r\nMIME-Version: 1.0\r\n"
    shown = text
    if before and parent is not None and "forward" not in options:
        quoted = [f"> {line}".rstrip() for line in before[-1].text.splitlines()[:_QUOTED]]
        shown += f"\n\n{PEOPLE[parent.author].name}:\n" + "\n".join(quoted)
    value = {name: dated(said, n, at) for name, said in options.items()}
    return Made(head + _body(written, shown, value, at, before, message_id), subject, message_id, text)


def _body(written: Written, text: str, options: dict[str, str], at: datetime, before: Sequence[Made], message_id: str) -> bytes:
    """Content-Type and all that follows."""
    mark = f"={zlib.crc32(message_id.encode()):08x}"
    if "newsletter" in options:
        page = _html(text, picture=True)
        related = [_text(page, "html"), _part("image/png", paper.png(options["newsletter"] or "n"), inline="picture@letter")]
        return _multipart("alternative", f"{mark}a", [_text(text, "plain"), _multipart("related", f"{mark}r", related)])
    main = _text(text, "plain")
    if "html" in options:
        main = _multipart("alternative", f"{mark}a", [main, _text(_html(text), "html")])
    if "invite" in options:
        summary, place, begins, minutes = (piece.strip() for piece in options["invite"].split("/"))
        guests = [(PEOPLE[name].name, PEOPLE[name].address) for name in (*written.to, *written.cc)]
        author = PEOPLE[written.author]
        days, _, clock = begins.partition(" ")
        when = (at + timedelta(days=int(days))).replace(hour=int(clock[:2]), minute=int(clock[3:]), second=0, microsecond=0)
        card = paper.invitation(message_id.strip("<>"), summary, place, when, int(minutes), (author.name, author.address), guests)
        main = _multipart("alternative", f"{mark}a", [main, _text(card, "calendar", "; method=REQUEST")])
    attached = []
    for kind in ("pdf", "csv", "png"):
        if kind in options:
            title, *lines = (piece.strip() for piece in options[kind].split("/"))
            name = f"{title.replace(' ', '-')}.{kind}"
            if kind == "pdf":
                attached.append(_part("application/pdf", paper.pdf(title, [f"{at:%Y-%m-%d}", "", *lines]), name))
            elif kind == "csv":
                rows = [[cell.strip() for cell in line.split(",")] for line in lines]
                attached.append(_part("text/csv; charset=utf-8", paper.table(rows), name))
            else:
                attached.append(_part("image/png", paper.png(title), name))
    if "forward" in options and before:
        attached.append(b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + before[-1].content)
    return _multipart("mixed", f"{mark}m", [main, *attached]) if attached else main


def _text(text: str, subtype: str, more: str = "") -> bytes:
    text = text if subtype == "calendar" else text.rstrip("\n").replace("\n", "\r\n") + "\r\n"
    data = text.encode()
    if subtype == "plain" and max(map(len, data.split(b"\r\n"))) <= 900:
        encoding = "8bit" if not data.isascii() else "7bit"
    elif subtype == "calendar":
        encoding = "8bit"
    else:
        encoding, data = "quoted-printable", quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return f"Content-Type: text/{subtype}; charset=utf-8{more}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + data


def _part(kind: str, data: bytes, name: str = "", inline: str = "") -> bytes:
    """An attachment, or a picture that the text shows."""
    if inline:
        where = f"Content-Disposition: inline\r\nContent-ID: <{inline}>"
    elif name.isascii():
        where = f'Content-Disposition: attachment; filename="{name}"'
    else:
        where = "Content-Disposition: attachment; filename*=utf-8''" + "".join(
            character if re.match(r"[A-Za-z0-9._-]", character) else "".join(f"%{octet:02X}" for octet in character.encode())
            for character in name
        )
    head = f"Content-Type: {kind}\r\n{where}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


def _multipart(subtype: str, mark: str, parts: Sequence[bytes]) -> bytes:
    line = f"\r\n--{mark}".encode()
    inside = b"".join(line + b"\r\n" + part for part in parts)
    return f'Content-Type: multipart/{subtype}; boundary="{mark}"\r\n'.encode() + inside + line + b"--\r\n"


def _html(text: str, picture: bool = False) -> str:
    """Paragraphs, lists of lines that begin with a dash, links."""
    shown = []
    for block in text.split("\n\n"):
        lines = [re.sub(r"(https?://\S+)", r'<a href="\1">\1</a>', html.escape(line, quote=False)) for line in block.split("\n")]
        if all(line.startswith("- ") for line in lines):
            shown.append("<ul>" + "".join(f"<li>{line[2:]}</li>" for line in lines) + "</ul>")
        else:
            shown.append("<p>" + "<br>\n".join(lines) + "</p>")
    top = '<img src="cid:picture@letter" alt="" width="96" height="64">\n' if picture else ""
    style = "font-family:sans-serif;max-width:36em;color:#222"
    return f'<!DOCTYPE html>\n<html><body style="{style}">\n{top}' + "\n".join(shown) + "\n</body></html>\n"


def _subject(text: str, raw: str) -> bytes:
    """As programs of today write it, or raw as others do."""
    if raw:
        return text.encode(raw)
    return text.encode() if text.isascii() else Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n").encode()


def _named(person: Person) -> str:
    return formataddr((person.name, person.address)) if person.name else person.address


def _list(names: Sequence[str]) -> str:
    return ",\r\n ".join(_named(PEOPLE[name]) for name in names)
