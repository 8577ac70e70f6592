"""Flags as the IMAP door holds them: system flags as bits, keywords as their names. RFC 3501 §2.3.2, §9 flag.

\\Recent has no bit: it belongs to a session, not to a message, and is added when a FETCH is rendered.
Keywords keep the case they were sent in (the store folds them); `\\Foo` that we do not know is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass

SEEN = 1
ANSWERED = 2
FLAGGED = 4
DELETED = 8
DRAFT = 16

SYSTEM: tuple[tuple[int, bytes], ...] = (
    (ANSWERED, b"\\Answered"),
    (FLAGGED, b"\\Flagged"),
    (DELETED, b"\\Deleted"),
    (SEEN, b"\\Seen"),
    (DRAFT, b"\\Draft"),
)
BITS: dict[bytes, int] = {name.lower(): bit for bit, name in SYSTEM}
RECENT = b"\\Recent"


@dataclass(frozen=True, slots=True)
class Flags:
    """A set of flags: `bits` of the system flags, `keywords` in order of appearance, none twice (ASCII case ignored)."""

    bits: int = 0
    keywords: tuple[str, ...] = ()

    def render(self, *, recent: bool = False) -> bytes:
        """The parenthesised list."""
        return b"(" + b" ".join(names(self.bits, self.keywords, recent=recent)) + b")"


NO_FLAGS = Flags()


def names(bits: int, keywords: Iterable[str] = (), *, recent: bool = False) -> list[bytes]:
    """Wire names of the flags, system flags first."""
    words = [name for bit, name in SYSTEM if bits & bit]
    words.extend(keyword.encode("ascii") for keyword in keywords)
    if recent:
        words.append(RECENT)
    return words
