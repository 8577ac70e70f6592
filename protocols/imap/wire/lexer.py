"""The tokens of IMAP's grammar, read from one command's octets. RFC 3501 §9; what is more than a token stands under parse/.

A Lexer walks over a frame (framer's output: literals inline, CRLF last), never backwards, raising BadSyntax with the offset and
what was expected. Case of keywords is ignored.

Liberties (in STANDARDS): 8-bit octets are taken in quoted strings and literals and must be UTF-8 where text is wanted
(RFC 6855 and 9051 ask for that, RFC 3501 forbids 8-bit in quoted strings); a number may have leading zeros.
"""

import datetime
import re

from protocols.imap.wire import names, sequence_sets
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.flags import BITS, Flags
from protocols.imap.wire.sequence_sets import SequenceSet

_ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_ASTRING = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_PATTERN = re.compile(rb"[!#$%&'*+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+")
_QUOTED = re.compile(rb'"([^"\\\r\n\0]*)"')
_ESCAPED = re.compile(rb'"([^"\\\r\n\0]*(?:\\["\\][^"\\\r\n\0]*)*)"')
_ESCAPE = re.compile(rb"\\(.)")
_LITERAL = re.compile(rb"\{([0-9]{1,20})\+?\}\r\n")
_WORD = re.compile(rb"[A-Za-z0-9.\-+=_/]+")
_NUMBER = re.compile(rb"[0-9]{1,20}")
_SET = re.compile(rb"[0-9*:,]+")
_FLAG = re.compile(rb"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_DATE = re.compile(rb'"?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})"?')
_DATE_TIME = re.compile(rb'"([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"')

MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MONTH = {name.lower(): number for number, name in enumerate(MONTHS, 1)}

SPACE, QUOTE, OPEN, CLOSE, BRACE, CR = 0x20, 0x22, 0x28, 0x29, 0x7B, 0x0D
MAX_MODSEQ = 2**63 - 1
MAX_KEYWORD = 250


class Lexer:
    """A position in a command. `utf8`: mailbox names are UTF-8 (after ENABLE), not modified UTF-7."""

    __slots__ = ("at", "octets", "utf8")

    def __init__(self, octets: bytes, at: int = 0, *, utf8: bool = False) -> None:
        self.octets = octets  # ends in CRLF, so that octets[at] always is
        self.at = at
        self.utf8 = utf8

    def expected(self, what: str) -> BadSyntax:
        """The error to raise here."""
        return BadSyntax(self.at, what)

    # -- single octets -----------------------------------------------------------------------------------------------------------
    def space(self) -> None:
        """Exactly one space."""
        if self.octets[self.at] != SPACE:
            raise BadSyntax(self.at, "a space")
        self.at += 1

    def take(self, octet: int) -> bool:
        """Whether `octet` is next; if so it is taken."""
        if self.octets[self.at] == octet:
            self.at += 1
            return True
        return False

    def open(self) -> None:
        """`(`."""
        if not self.take(OPEN):
            raise BadSyntax(self.at, "an opening parenthesis")

    def close(self) -> None:
        """`)`."""
        if not self.take(CLOSE):
            raise BadSyntax(self.at, "a closing parenthesis")

    def more(self) -> bool:
        """In a list: True after the space before its next member, False after its `)`."""
        octet = self.octets[self.at]
        if octet == SPACE:
            self.at += 1
            return True
        if octet == CLOSE:
            self.at += 1
            return False
        raise BadSyntax(self.at, "a space or a closing parenthesis")

    def at_end(self) -> bool:
        """Whether only the last CRLF is left."""
        return self.at == len(self.octets) - 2

    def end(self) -> None:
        """The end of the command."""
        if self.at != len(self.octets) - 2:
            raise BadSyntax(self.at, "the end of the command")

    # -- words and numbers -------------------------------------------------------------------------------------------------------
    def word(self, what: str) -> str:
        """A keyword, upper-cased."""
        match = _WORD.match(self.octets, self.at)
        if match is None:
            raise BadSyntax(self.at, what)
        self.at = match.end()
        return match.group().decode("ascii").upper()

    def peek_word(self) -> str:
        """The keyword here, upper-cased and not taken; empty for none."""
        match = _WORD.match(self.octets, self.at)
        return match.group().decode("ascii").upper() if match is not None else ""

    def atom(self, what: str = "an atom") -> bytes:
        """RFC 3501 §9 atom."""
        match = _ATOM.match(self.octets, self.at)
        if match is None:
            raise BadSyntax(self.at, what)
        self.at = match.end()
        return match.group()

    def number(self, *, most: int = 0xFFFF_FFFF, least: int = 0, what: str = "a number") -> int:
        """A number from `least` to `most`."""
        match = _NUMBER.match(self.octets, self.at)
        if match is None:
            raise BadSyntax(self.at, what)
        number = int(match.group())
        if not least <= number <= most:
            raise BadSyntax(self.at, f"{what} from {least} to {most}")
        self.at = match.end()
        return number

    def modseq(self, *, least: int = 1) -> int:
        """mod-sequence-value, or with least=0 mod-sequence-valzer. RFC 7162 §7: 63 bits."""
        return self.number(most=MAX_MODSEQ, least=least, what="a mod-sequence")

    def sequence_set(self) -> SequenceSet:
        """RFC 3501 §9 sequence-set."""
        match = _SET.match(self.octets, self.at)
        if match is None:
            raise BadSyntax(self.at, "a sequence set")
        found = sequence_sets.parse(match.group(), self.at)
        self.at = match.end()
        return found

    def known_set(self) -> SequenceSet:
        """A set without `*`, as RFC 7162 and 4315 ask for known-uids."""
        start = self.at
        found = self.sequence_set()
        if found.has_star:
            raise BadSyntax(start, "a set without *")
        return found

    # -- strings -----------------------------------------------------------------------------------------------------------------
    def string(self, what: str = "a string") -> bytes:
        """A quoted string or a literal; its octets. NUL never (RFC 3501 §9 CHAR8)."""
        octets, at = self.octets, self.at
        if octets[at] == QUOTE:
            match = _QUOTED.match(octets, at)
            if match is not None:
                self.at = match.end()
                return match.group(1)
            match = _ESCAPED.match(octets, at)
            if match is None:
                raise BadSyntax(at, f"{what}, and its closing quote")
            self.at = match.end()
            return _ESCAPE.sub(rb"\1", match.group(1))
        match = _LITERAL.match(octets, at)
        if match is None:
            raise BadSyntax(at, what)
        start = match.end()
        stop = start + int(match.group(1))
        if stop > len(octets) - 2:
            raise BadSyntax(at, "a whole literal")
        text = octets[start:stop]
        if b"\0" in text:
            raise BadSyntax(start + text.index(b"\0"), "a literal without NUL")
        self.at = stop
        return text

    def astring(self, what: str = "an atom or a string") -> bytes:
        """RFC 3501 §9 astring."""
        match = _ASTRING.match(self.octets, self.at)
        if match is None:
            return self.string(what)
        self.at = match.end()
        return match.group()

    def nstring(self, what: str = "a string or NIL") -> bytes | None:
        """RFC 3501 §9 nstring."""
        if self.peek_word() == "NIL":
            self.at += 3
            return None
        return self.string(what)

    def text(self, what: str = "an atom or a string") -> str:
        """An astring that must be UTF-8."""
        start = self.at
        return self.decoded(self.astring(what), start)

    def decoded(self, octets: bytes, start: int) -> str:
        """UTF-8 octets as str; `start` is where they stood."""
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            raise BadSyntax(start, "UTF-8") from None

    # -- mailbox names -----------------------------------------------------------------------------------------------------------
    def mailbox(self) -> str:
        """A mailbox name, decoded and made canonical (names.canonical)."""
        start = self.at
        return self._name(self.astring("a mailbox name"), start)

    def pattern(self) -> str:
        """RFC 3501 §9 list-mailbox: a name that may hold `%` and `*`."""
        start = self.at
        match = _PATTERN.match(self.octets, start)
        if match is None:
            return self._name(self.string("a mailbox pattern"), start)
        self.at = match.end()
        return self._name(match.group(), start)

    def _name(self, octets: bytes, start: int) -> str:
        try:
            return names.from_wire(octets, utf8=self.utf8)
        except ValueError as wrong:
            raise BadSyntax(start, f"a mailbox name ({wrong})") from None

    # -- flags and dates ---------------------------------------------------------------------------------------------------------
    def flag_list(self) -> Flags:
        """`(` flags `)`."""
        self.open()
        if self.take(CLOSE):
            return Flags()
        return self._flags(bare=False)

    def flags(self) -> Flags:
        """A flag list, or flags without parentheses up to the end (RFC 3501 §9 store-att-flags)."""
        if self.octets[self.at] == OPEN:
            return self.flag_list()
        return self._flags(bare=True)

    def _flags(self, *, bare: bool) -> Flags:
        bits = 0
        keywords: dict[str, str] = {}
        while True:
            match = _FLAG.match(self.octets, self.at)
            if match is None:
                raise BadSyntax(self.at, "a flag")
            flag = match.group()
            if flag[0] == 0x5C:  # backslash
                bit = BITS.get(flag.lower())
                if bit is None:  # \Recent too: RFC 3501 §2.3.2, a client cannot set it
                    raise BadSyntax(self.at, "a system flag that a client may set, or a keyword")
                bits |= bit
            else:
                if len(flag) > MAX_KEYWORD:
                    raise BadSyntax(self.at, f"a keyword of at most {MAX_KEYWORD} octets")
                keyword = flag.decode("ascii")
                keywords.setdefault(keyword.lower(), keyword)
            self.at = match.end()
            if bare:
                if not self.take(SPACE):
                    return Flags(bits, tuple(keywords.values()))
            elif not self.more():
                return Flags(bits, tuple(keywords.values()))

    def keyword(self) -> str:
        """flag-keyword: an atom."""
        start = self.at
        flag = self.atom("a keyword")
        if len(flag) > MAX_KEYWORD:
            raise BadSyntax(start, f"a keyword of at most {MAX_KEYWORD} octets")
        return flag.decode("ascii")

    def date(self) -> datetime.date:
        """`1-Feb-1994`, quoted or not. RFC 3501 §9 date."""
        match = _DATE.match(self.octets, self.at)
        if match is None or (self.octets[self.at] == QUOTE) != (self.octets[match.end() - 1] == QUOTE):
            raise BadSyntax(self.at, "a date like 1-Feb-1994")
        day, month, year = match.groups()
        try:
            found = datetime.date(int(year), _MONTH[month.lower()], int(day))
        except (KeyError, ValueError):
            raise BadSyntax(self.at, "a date of the calendar") from None
        self.at = match.end()
        return found

    def date_time(self) -> datetime.datetime:
        """`" 1-Feb-1994 21:52:25 -0800"`, aware. RFC 3501 §9 date-time."""
        match = _DATE_TIME.match(self.octets, self.at)
        if match is None:
            raise BadSyntax(self.at, 'a date and time like "17-Jul-1996 02:44:25 -0700"')
        day, month, year, hour, minute, second, sign, east, minutes = match.groups()
        offset = int(east) * 60 + int(minutes)
        try:
            zone = datetime.timezone(datetime.timedelta(minutes=-offset if sign == b"-" else offset))
            # A leap second (60) is kept as the second before it.
            found = datetime.datetime(
                int(year), _MONTH[month.lower()], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=zone
            )
            found.astimezone(datetime.UTC)
        except (KeyError, ValueError, OverflowError):
            raise BadSyntax(self.at, "a date and time of the calendar") from None
        if int(second) > 60:
            raise BadSyntax(self.at, "a second up to 60")
        self.at = match.end()
        return found
