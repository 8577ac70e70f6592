"""i;unicode-casemap: the one way in which texts are compared without case, in search, sort and thread.

Standards: RFC 5051 §2 (simple titlecase, then the full decomposition of each character, compatibility included), RFC 4790.
Invariants: casemap(a) equals casemap(b) exactly when the collation calls them equal; substring search in casemapped text is the
collation's substring operation; a casemapped text may be stored and compared by its code points (COLLATE "C").
"""

from __future__ import annotations

import unicodedata


class _Map(dict[int, str]):
    """Code point → what it becomes; filled as characters are met, at most once for each there is."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        title = char.title()
        # Only simple mappings count: a titlecase of several characters comes from SpecialCasing, which RFC 5051 does not use.
        self[point] = mapped = unicodedata.normalize("NFKD", title if len(title) == 1 else char)
        return mapped


_MAP = _Map()


def casemap(text: str) -> str:
    """The text as i;unicode-casemap compares it."""
    return text.upper() if text.isascii() else text.translate(_MAP)
