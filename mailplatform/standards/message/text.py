"""The words of a message: what SEARCH looks through, and the first of them as a preview.

Standards: RFC 9051 §6.4.4 (SEARCH TEXT and BODY, substrings), RFC 5051 (i;unicode-casemap), RFC 8970 (PREVIEW).
Invariants: never raises; bounded: at most 256 KiB of a part and a million characters of a message are looked at; white space is
one space, so a searched phrase may cross lines. A query is made comparable by `search_key`, the text by `search_text` and
`header_text`.
Known gaps: only text parts are read, no office formats; white space is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from mailplatform.standards.casemap import casemap
from mailplatform.standards.message import html
from mailplatform.standards.message.decode import decoded, to_text, transfer
from mailplatform.standards.message.headers import fields
from mailplatform.standards.message.structure import Part, parse

PREVIEW = 256
_PART_OCTETS = 256 * 1024
_MESSAGE_CHARACTERS = 1_000_000
_FIELD_OCTETS = 64 * 1024
_PLAIN_OCTETS = (480, 4096)  # most often the first few lines are enough
_HTML_OCTETS = (2 * 1024, 12 * 1024, 48 * 1024)
_SPACES = re.compile(r"\s+")
_CUT = re.compile(r"(?i)\[(?:image|cid):[^\]]{0,200}\]")
# What senders put into the first lines so that nobody sees more of them: joiners, soft hyphens, fillers, marks of order.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


def search_key(text: str) -> str:
    """A search string as it is looked for: casemapped, white space made one."""
    return casemap(_SPACES.sub(" ", text))


def search_text(raw: bytes, root: Part) -> str:
    """The casemapped text of all text parts, of embedded messages' headers, and the names of attached files, a line each."""
    kept: list[str] = []
    room = _MESSAGE_CHARACTERS
    for part in leaves(root):
        text = part_text(raw, part) if is_text(part) else ""
        name = part.filename
        if name:
            text = f"{decoded(name.encode('utf-8'))} {text}"
        text = " ".join(text.split())[:room]
        if text:
            room -= len(text)
            kept.append(casemap(text))
        embedded = part.embedded
        if embedded is not None and room > 0:
            kept.append(_header_lines(raw[embedded.header_start : embedded.body_start]))
            room -= len(kept[-1])
        if room <= 0:
            break
    return "\n".join(kept)


def header_text(raw: bytes, root: Part | None = None) -> str:
    """The casemapped header, decoded: a line a field, `NAME: value`."""
    root = root or parse(raw)
    return _header_lines(raw[root.header_start : root.body_start])


def _header_lines(header: bytes) -> str:
    lines = []
    room = _MESSAGE_CHARACTERS
    for name, value, _, _ in fields(header):
        line = casemap(f"{name.decode('latin-1')}: {' '.join(decoded(value[:_FIELD_OCTETS]).split())}")
        room -= len(line)
        if room <= 0:
            break
        lines.append(line)
    return "\n".join(lines)


def preview(raw: bytes, root: Part) -> str:
    """The first words of the message (RFC 8970), at most 256 characters on one line; "" when it has none."""
    for part in islice(_readable(root), 4):
        for octets in _HTML_OCTETS if part.subtype == "html" else _PLAIN_OCTETS:
            end = min(part.end, part.body_start + octets)
            shown = _shown(raw[part.body_start : end], part)
            if len(shown) >= PREVIEW or end == part.end:
                break
        if shown:
            return shown[:PREVIEW].rstrip()
    return ""


def _shown(data: bytes, part: Part) -> str:
    text = to_text(transfer(data, part.encoding), part.param("charset"))
    text = html.to_text(text) if part.subtype == "html" else " ".join(text.split())
    if not text.isascii():
        text = " ".join(text.translate(_INVISIBLE).split()).rstrip("\ufffd")
    return _CUT.sub("", text).strip() if "[" in text else text


def _readable(root: Part) -> Iterator[Part]:
    """The parts a reader is shown first: of an alternative its plain text, then the others."""
    later: list[Part] = []
    for part in leaves(root, embedded=False):
        if part.disposition == "attachment" or part.type == "message" or not is_text(part):
            continue
        if part.subtype == "html":
            later.append(part)
        else:
            yield part
    yield from later


def part_text(raw: bytes, part: Part) -> str:
    """The decoded text of one text part, HTML stripped, at most 256 KiB of it."""
    data = raw[part.body_start : min(part.end, part.body_start + _PART_OCTETS)]
    text = to_text(transfer(data, part.encoding), part.param("charset"))
    return html.to_text(text) if part.subtype == "html" else text


def is_text(part: Part) -> bool:
    """Whether there are words in it: texts, reports (message/delivery-status and its kin), a multipart that broke apart."""
    return part.type == "text" or (part.type in ("multipart", "message") and not part.children)


def leaves(root: Part, embedded: bool = True) -> Iterator[Part]:
    """Parts that are no multiparts with children, in order; embedded messages, and then their parts, when asked for."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.type == "multipart" and part.children:
            waiting.extend(reversed(part.children))
            continue
        yield part
        if embedded and part.embedded is not None:
            waiting.append(part.embedded)
