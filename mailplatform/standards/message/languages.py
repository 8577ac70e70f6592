"""Which language the writer of a message reads, as far as its header says: Accept-Language, then Content-Language.

Standards: RFC 3282 (both fields; quality values as in HTTP, 0 means "not this one").
Invariants: any octets give an answer, never an error; comments and tags that we do not speak are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from mailplatform.standards.message.headers import first

_COMMENT = re.compile(r"\([^()]*\)")
_ITEM = re.compile(r"([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*(?:;[ ]?q=([01](?:\.\d{0,3})?))?", re.I)
_MOST = 1000


def preferred(header: bytes, known: Collection[str]) -> str | None:
    """The first of the known primary tags ("en") that the writer asks for, or else writes in; None when the header names none."""
    for name in (b"accept-language", b"content-language"):
        for tag in _ranked(first(header, name) or b""):
            if tag in known:
                return tag
    return None


def _ranked(value: bytes) -> list[str]:
    """Primary tags, the most wanted first; of equal ones as they stand."""
    text = _COMMENT.sub("", value[:_MOST].decode("ascii", "replace"))
    found: list[tuple[float, str]] = []
    for item in text.split(","):
        match = _ITEM.fullmatch(item.strip().replace(" ;", ";"))
        quality = float(match[2] or 1) if match else 0.0
        if match and quality > 0:
            found.append((-quality, match[1].lower()))
    return [tag for _, tag in sorted(found, key=lambda pair: pair[0])]
