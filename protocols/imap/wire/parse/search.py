"""SEARCH: its RETURN options, charset and keys, into the tree of search_keys.py. RFC 3501 §6.4.4, §9; RFC 4731; RFC 7162 §3.1.5.

Strings are decoded here, in the charset the command names. Without CHARSET RFC 3501 means US-ASCII; UTF-8 is taken too (RFC 9051
§6.4.4), and contains it. Nesting is bounded, so no client can spend the stack.
"""

import codecs
from collections.abc import Callable, Mapping

from protocols.imap.wire import commands as c
from protocols.imap.wire import flags
from protocols.imap.wire import search_keys as k
from protocols.imap.wire.errors import BadCharset, BadSyntax
from protocols.imap.wire.lexer import CLOSE, OPEN, Lexer

MAX_DEPTH = 40
MAX_KEYS = 2000

CHARSETS: Mapping[str, str] = {
    "US-ASCII": "ascii",
    "ASCII": "ascii",
    "ANSI_X3.4-1968": "ascii",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    **{f"ISO-8859-{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
    **{f"WINDOWS-{page}": f"cp{page}" for page in (*range(1250, 1259), 874)},
    "KOI8-R": "koi8-r",
    "KOI8-U": "koi8-u",
    "BIG5": "big5",
    "EUC-JP": "euc-jp",
    "EUC-KR": "euc-kr",
    "GB2312": "gb2312",
    "GBK": "gbk",
    "GB18030": "gb18030",
    "ISO-2022-JP": "iso2022-jp",
    "SHIFT_JIS": "shift-jis",
    "TIS-620": "tis-620",
}

_FLAG_KEYS: Mapping[str, k.SearchKey] = {
    "ALL": k.All(),
    "ANSWERED": k.HasFlag(flags.ANSWERED),
    "DELETED": k.HasFlag(flags.DELETED),
    "DRAFT": k.HasFlag(flags.DRAFT),
    "FLAGGED": k.HasFlag(flags.FLAGGED),
    "SEEN": k.HasFlag(flags.SEEN),
    "UNANSWERED": k.HasFlag(flags.ANSWERED, False),
    "UNDELETED": k.HasFlag(flags.DELETED, False),
    "UNDRAFT": k.HasFlag(flags.DRAFT, False),
    "UNFLAGGED": k.HasFlag(flags.FLAGGED, False),
    "UNSEEN": k.HasFlag(flags.SEEN, False),
    "RECENT": k.IsRecent(),
    "OLD": k.IsRecent(False),
    "NEW": k.And((k.IsRecent(), k.HasFlag(flags.SEEN, False))),
}
_TEXT_KEYS: Mapping[str, k.Field] = {field.value: field for field in k.Field}
_DATE_KEYS: Mapping[str, tuple[k.Clock, k.When]] = {
    clock.value + when.value: (clock, when) for clock in k.Clock for when in k.When
}


class _Keys:
    """Reads keys; holds what all of them share."""

    __slots__ = ("codec", "count", "depth", "lexer")

    def __init__(self, lexer: Lexer, codec: str) -> None:
        self.lexer = lexer
        self.codec = codec
        self.depth = 0
        self.count = 0

    def key(self) -> k.SearchKey:
        """RFC 3501 §9 search-key."""
        self.count += 1
        self.depth += 1
        lexer = self.lexer
        if self.count > MAX_KEYS or self.depth > MAX_DEPTH:
            raise BadSyntax(lexer.at, f"at most {MAX_KEYS} search keys, {MAX_DEPTH} levels deep")
        found = self._key()
        self.depth -= 1
        return found

    def _key(self) -> k.SearchKey:
        lexer = self.lexer
        at = lexer.at
        octet = lexer.octets[at]
        if octet == OPEN:
            lexer.at += 1
            return self._group()
        if octet == 0x2A or 0x30 <= octet <= 0x39:  # "*" or a digit
            return k.InSet(lexer.sequence_set(), by_uid=False)
        word = lexer.word("a search key")
        simple = _FLAG_KEYS.get(word)
        if simple is not None:
            return simple
        field = _TEXT_KEYS.get(word)
        if field is not None:
            lexer.space()
            return k.Contains(field, self._string())
        dated = _DATE_KEYS.get(word)
        if dated is not None:
            lexer.space()
            return k.Dated(*dated, lexer.date())
        match word:
            case "NOT":
                lexer.space()
                return k.Not(self.key())
            case "OR":
                lexer.space()
                left = self.key()
                lexer.space()
                return k.Or(left, self.key())
            case "UID":
                lexer.space()
                return k.InSet(lexer.sequence_set(), by_uid=True)
            case "KEYWORD" | "UNKEYWORD":
                lexer.space()
                return k.HasKeyword(lexer.keyword(), word == "KEYWORD")
            case "LARGER" | "SMALLER":
                lexer.space()
                return k.Sized(word == "LARGER", lexer.number(most=2**63 - 1))  # RFC 9051 §9: number64
            case "HEADER":
                lexer.space()
                name = lexer.astring("a header field name")
                lexer.space()
                return k.HeaderContains(name.decode("latin-1"), self._string())
            case "MODSEQ":
                return self._modseq()
            case _:
                raise BadSyntax(at, "a search key of this server")

    def _group(self) -> k.SearchKey:
        """From after `(`."""
        keys = [self.key()]
        while self.lexer.more():
            keys.append(self.key())
        return keys[0] if len(keys) == 1 else k.And(tuple(keys))

    def _string(self) -> str:
        start = self.lexer.at
        octets = self.lexer.astring()
        try:
            return octets.decode(self.codec)
        except UnicodeDecodeError:
            raise BadSyntax(start, "a string in the charset of the search") from None

    def _modseq(self) -> k.SearchKey:
        lexer = self.lexer
        lexer.space()
        if lexer.octets[lexer.at] == 0x22:  # RFC 7162 §7: entry-name and type, which say nothing new here
            lexer.string("an entry name")
            lexer.space()
            at = lexer.at
            if lexer.word("priv, shared or all") not in ("PRIV", "SHARED", "ALL"):
                raise BadSyntax(at, "priv, shared or all")
            lexer.space()
        return k.ChangedSince(lexer.modseq(least=0))


def _returns(lexer: Lexer) -> tuple[k.Return, ...]:
    """`(MIN MAX ALL COUNT)`. RFC 4731 §3.1."""
    lexer.open()
    options: dict[k.Return, None] = {}
    if not lexer.take(CLOSE):
        while True:
            at = lexer.at
            try:
                options[k.Return(lexer.word("a return option"))] = None
            except ValueError:
                raise BadSyntax(at, "a return option of this server (MIN, MAX, ALL, COUNT)") from None
            if not lexer.more():
                break
    return tuple(options)


def _search(lexer: Lexer, tag: bytes, by_uid: bool) -> c.Command:
    returns = None
    charset = None
    codec = "utf-8"
    lexer.space()
    if lexer.peek_word() == "RETURN":
        lexer.at += len("RETURN")
        lexer.space()
        returns = _returns(lexer)
        lexer.space()
    if lexer.peek_word() == "CHARSET":
        lexer.at += len("CHARSET")
        lexer.space()
        at = lexer.at
        charset = lexer.astring("a charset").decode("ascii", "replace").upper()
        known = CHARSETS.get(charset)
        if known is None:
            raise BadCharset(at, "a charset of this server")
        codec = codecs.lookup(known).name
        lexer.space()
    reader = _Keys(lexer, codec)
    keys = [reader.key()]
    while not lexer.at_end():
        lexer.space()
        keys.append(reader.key())
    return c.Search(tag, keys[0] if len(keys) == 1 else k.And(tuple(keys)), returns, charset, by_uid)


PARSERS: Mapping[bytes, Callable[[Lexer, bytes], c.Command]] = {
    b"SEARCH": lambda lexer, tag: _search(lexer, tag, False),
}
UID_PARSERS: Mapping[bytes, Callable[[Lexer, bytes], c.Command]] = {
    b"SEARCH": lambda lexer, tag: _search(lexer, tag, True),
}
