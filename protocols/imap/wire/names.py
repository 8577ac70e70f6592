"""Mailbox names: from the wire and back, what makes a good one, and LIST's patterns. RFC 3501 §5.1, §6.3.8; RFC 9051 §5.1.

The hierarchy separator is `/`. Names are Unicode in NFC, without control characters; INBOX in any case is `INBOX`, as a whole
name or as the first level. `from_wire` is as lenient as a look-up may be; `unfit` says why a name may not be created.
"""

import re
import unicodedata

from protocols.imap.wire import mutf7

INBOX = "INBOX"
SEPARATOR = "/"
MAX_OCTETS = 1000
MAX_LEVEL = 255
MAX_DEPTH = 32

_INBOX = re.compile("inbox(?=/|\\Z)", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile("[ -~]*\\Z")


def from_wire(octets: bytes, *, utf8: bool) -> str:
    """The canonical name; raises ValueError (with a few words) for bad modified UTF-7 or UTF-8, controls, and too long ones."""
    if len(octets) > 4 * MAX_OCTETS:
        raise ValueError("too long")
    if utf8:
        try:
            name = octets.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError("not UTF-8") from None
    else:
        try:
            name = mutf7.decode(octets)
        except ValueError:
            raise ValueError("not modified UTF-7") from None
    return canonical(name)


def to_wire(name: str, *, utf8: bool) -> bytes:
    """The name's octets, not yet quoted."""
    return name.encode("utf-8") if utf8 else mutf7.encode(name)


def canonical(name: str) -> str:
    """NFC, INBOX in capitals; raises ValueError for control characters."""
    if not _PLAIN.match(name):
        name = unicodedata.normalize("NFC", name)
        for letter in name:
            # Cc, and the line and paragraph separators and surrogates that no list line should carry.
            if unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs"):
                raise ValueError("control characters")
    if name[:1] in ("i", "I") and _INBOX.match(name):
        name = INBOX + name[len(INBOX) :]
    return name


def unfit(name: str) -> str | None:
    """Why a canonical name cannot be created, as the text of a NO [CANNOT]; None when it can."""
    if not name:
        return "A mailbox needs a name"
    if len(name.encode("utf-8")) > MAX_OCTETS:
        return f"A mailbox name has at most {MAX_OCTETS} octets"
    levels = name.split(SEPARATOR)
    if len(levels) > MAX_DEPTH:
        return f"A mailbox lies at most {MAX_DEPTH} levels deep"
    if any(not level for level in levels):
        return "A mailbox name has no empty level"
    if any(len(level) > MAX_LEVEL for level in levels):
        return f"A level of a mailbox name has at most {MAX_LEVEL} characters"
    if any(level != level.strip() for level in levels):
        return "A level of a mailbox name neither starts nor ends with a space"
    if "*" in name or "%" in name:
        return "A mailbox name has no * or %"
    return None


def joined(reference: str, pattern: str) -> str:
    """What LIST looks for: the pattern in the context of the reference. RFC 3501 §6.3.8 leaves this to us: a pattern that starts
    with the separator stands for itself, any other is appended."""
    if not reference or pattern.startswith(SEPARATOR):
        return pattern
    return canonical(reference + pattern)


class Matcher:
    """One LIST pattern: `*` is anything, `%` anything but the separator. RFC 3501 §6.3.8.

    A bit-parallel automaton: time grows with the name only, whatever wildcards the client piles up.
    """

    __slots__ = ("_advance", "_final", "_literal", "_loop_all", "_loop_level", "_prefix", "_wild", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        collapsed = re.sub(r"[*%]+", lambda run: "*" if "*" in run.group() else "%", pattern)
        self._literal = collapsed if "*" not in collapsed and "%" not in collapsed else None
        self._prefix = collapsed[:-1] if collapsed.endswith("*") and not set(collapsed[:-1]) & {"*", "%"} else None
        self._advance: dict[str, int] = {}
        self._loop_all = self._loop_level = 0
        for position, symbol in enumerate(collapsed):
            bit = 1 << position
            if symbol == "*":
                self._loop_all |= bit
            elif symbol == "%":
                self._loop_level |= bit
            else:
                self._advance[symbol] = self._advance.get(symbol, 0) | bit
        self._wild = self._loop_all | self._loop_level
        self._final = 1 << len(collapsed)

    def matches(self, name: str) -> bool:
        """Whether a canonical name matches. INBOX as first level matches in any case."""
        inbox = len(INBOX) if name.startswith(INBOX) and name[5:6] in ("", SEPARATOR) else 0
        if not inbox:
            if self._literal is not None:
                return name == self._literal
            if self._prefix is not None:
                return name.startswith(self._prefix)
        advance, wild = self._advance, self._wild
        alive = 1 | ((1 & wild) << 1)
        for at, letter in enumerate(name):
            steps = advance.get(letter, 0)
            if at < inbox:
                steps |= advance.get(letter.lower(), 0)
            loops = self._loop_all if letter == SEPARATOR else wild
            alive = ((alive & steps) << 1) | (alive & loops)
            alive |= (alive & wild) << 1
            if not alive:
                return False
        return bool(alive & self._final)


def parents(name: str) -> list[str]:
    """The names above `name`, nearest last: `a/b/c` → `a`, `a/b`."""
    levels = name.split(SEPARATOR)
    return [SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels))]
