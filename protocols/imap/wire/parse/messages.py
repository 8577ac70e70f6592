"""Commands about messages: FETCH, STORE, COPY, MOVE, EXPUNGE, and an APPEND's head. RFC 3501 §6.3.11, §6.4; RFC 6851; RFC 4315;
CONDSTORE's modifiers RFC 7162 §3.1.3, §3.1.4.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from protocols.imap.wire import commands as c
from protocols.imap.wire import fetch_items as f
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.flags import NO_FLAGS
from protocols.imap.wire.lexer import OPEN, QUOTE, Lexer

_ITEM = re.compile(rb"[A-Za-z0-9.]+")
_SIMPLE: Mapping[bytes, f.FetchItem] = {
    **{item.value.encode("ascii"): item for item in f.Attribute},
    b"RFC822": f.BodySection(label=b"RFC822"),
    b"RFC822.HEADER": f.BodySection(text=f.Text.HEADER, peek=True, label=b"RFC822.HEADER"),
    b"RFC822.TEXT": f.BodySection(text=f.Text.TEXT, label=b"RFC822.TEXT"),
}
_MACROS: Mapping[bytes, tuple[f.FetchItem, ...]] = {b"ALL": f.ALL, b"FAST": f.FAST, b"FULL": f.FULL}
_PART = re.compile(rb"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*")
_TEXT = re.compile(rb"HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME", re.IGNORECASE)
_FIELD = re.compile(rb"[!-9;-~]+\Z")
_PARTIAL = re.compile(rb"<([0-9]{1,10})\.([1-9][0-9]{0,9})>")

MAX_ITEMS = 200
MAX_DEPTH = 100
MAX_FIELDS = 200
_OPEN_BRACKET, _CLOSE_BRACKET = 0x5B, 0x5D


# -- FETCH --------------------------------------------------------------------------------------------------------------
def fetch_items(lexer: Lexer) -> tuple[f.FetchItem, ...]:
    """A macro, an item, or a list of items. RFC 3501 §9 fetch."""
    if not lexer.take(OPEN):
        match = _ITEM.match(lexer.octets, lexer.at)
        macro = _MACROS.get(match.group().upper()) if match is not None else None
        if macro is not None and match is not None:
            lexer.at = match.end()
            return macro
        return (_fetch_item(lexer),)
    items: dict[f.FetchItem, None] = {}
    count = 0
    while True:
        items[_fetch_item(lexer)] = None
        count += 1
        if count > MAX_ITEMS:
            raise BadSyntax(lexer.at, f"at most {MAX_ITEMS} items")
        if not lexer.more():
            return tuple(items)


def _fetch_item(lexer: Lexer) -> f.FetchItem:
    match = _ITEM.match(lexer.octets, lexer.at)
    if match is None:
        raise BadSyntax(lexer.at, "a fetch item")
    name = match.group().upper()
    if lexer.octets[match.end()] == _OPEN_BRACKET and name in (b"BODY", b"BODY.PEEK"):
        lexer.at = match.end() + 1
        return _body_section(lexer, peek=name == b"BODY.PEEK")
    item = _SIMPLE.get(name)
    if item is None:
        raise BadSyntax(lexer.at, "a fetch item of this server")
    lexer.at = match.end()
    return item


def _body_section(lexer: Lexer, *, peek: bool) -> f.BodySection:
    """From after `[`. RFC 3501 §9 section, and the partial behind it."""
    path: tuple[int, ...] = ()
    text = f.Text.ALL
    fields: tuple[bytes, ...] = ()
    numbers = _PART.match(lexer.octets, lexer.at)
    if numbers is not None:
        path = tuple(map(int, numbers.group().split(b".")))
        if len(path) > MAX_DEPTH or max(path) > 0xFFFF_FFFF:
            raise BadSyntax(lexer.at, "part numbers of a message")
        lexer.at = numbers.end()
    if not path or lexer.take(0x2E):  # "."
        word = _TEXT.match(lexer.octets, lexer.at)
        if word is not None:
            text = f.Text(word.group().decode("ascii").upper())
            if text is f.Text.MIME and not path:
                raise BadSyntax(lexer.at, "a part number before MIME")
            lexer.at = word.end()
            if text in (f.Text.HEADER_FIELDS, f.Text.HEADER_FIELDS_NOT):
                lexer.space()
                fields = _header_list(lexer)
        elif path:
            raise BadSyntax(lexer.at, "a part number, HEADER, HEADER.FIELDS, TEXT or MIME")
    if not lexer.take(_CLOSE_BRACKET):
        raise BadSyntax(lexer.at, "a section and its closing bracket")
    partial = None
    if lexer.octets[lexer.at] == 0x3C:  # "<"
        cut = _PARTIAL.match(lexer.octets, lexer.at)
        if cut is None:
            raise BadSyntax(lexer.at, "a partial like <0.1024>")
        partial = (int(cut.group(1)), int(cut.group(2)))
        if max(partial) > 0xFFFF_FFFF:
            raise BadSyntax(lexer.at, "numbers below 4294967296")
        lexer.at = cut.end()
    return f.BodySection(path, text, fields, partial, peek)


def _header_list(lexer: Lexer) -> tuple[bytes, ...]:
    lexer.open()
    fields: list[bytes] = []
    while True:
        at = lexer.at
        name = lexer.astring("a header field name")
        if _FIELD.match(name) is None:  # RFC 5322 §3.6.8
            raise BadSyntax(at, "a header field name")
        fields.append(name)
        if len(fields) > MAX_FIELDS:
            raise BadSyntax(lexer.at, f"at most {MAX_FIELDS} header fields")
        if not lexer.more():
            return tuple(fields)


def _fetch_tail(tail: bytes) -> tuple[tuple[f.FetchItem, ...], int | None, bool]:
    """Everything behind the set: items and modifiers."""
    lexer = Lexer(tail)
    items = fetch_items(lexer)
    changed_since = None
    vanished = False
    if not lexer.at_end():
        lexer.space()
        lexer.open()
        while True:
            at = lexer.at
            match lexer.word("CHANGEDSINCE"):
                case "CHANGEDSINCE" if changed_since is None:
                    lexer.space()
                    changed_since = lexer.modseq(least=0)
                case "VANISHED" if not vanished:
                    vanished = True
                case _:
                    raise BadSyntax(at, "CHANGEDSINCE or VANISHED, once each")
            if not lexer.more():
                break
        if vanished and changed_since is None:
            raise BadSyntax(lexer.at, "CHANGEDSINCE beside VANISHED")  # RFC 7162 §3.2.6
        lexer.end()
    return items, changed_since, vanished


_SHORT = 512
# Clients ask for the same items again and again; long tails are not kept, so the memory is bounded.
_known_tail = lru_cache(maxsize=256)(_fetch_tail)


def _fetch(lexer: Lexer, tag: bytes, by_uid: bool) -> c.Command:
    lexer.space()
    numbers = lexer.sequence_set()
    lexer.space()
    tail = lexer.octets[lexer.at :]
    try:
        items, changed_since, vanished = _known_tail(tail) if len(tail) <= _SHORT else _fetch_tail(tail)
    except BadSyntax as wrong:
        wrong.at += lexer.at
        raise
    if vanished and not by_uid:
        raise BadSyntax(lexer.at, "VANISHED with UID FETCH only")
    if by_uid and f.Attribute.UID not in items:
        items = (f.Attribute.UID, *items)  # RFC 3501 §6.4.8
    if changed_since is not None and f.Attribute.MODSEQ not in items:
        items = (*items, f.Attribute.MODSEQ)  # RFC 7162 §3.1.4.1
    return c.Fetch(tag, numbers, items, by_uid, changed_since, vanished)


# -- STORE --------------------------------------------------------------------------------------------------------------
_STORE: Mapping[str, tuple[c.StoreMode, bool]] = {
    "FLAGS": (c.StoreMode.REPLACE, False),
    "+FLAGS": (c.StoreMode.ADD, False),
    "-FLAGS": (c.StoreMode.REMOVE, False),
    "FLAGS.SILENT": (c.StoreMode.REPLACE, True),
    "+FLAGS.SILENT": (c.StoreMode.ADD, True),
    "-FLAGS.SILENT": (c.StoreMode.REMOVE, True),
}


def _store(lexer: Lexer, tag: bytes, by_uid: bool) -> c.Command:
    lexer.space()
    numbers = lexer.sequence_set()
    lexer.space()
    unchanged_since = None
    if lexer.take(OPEN):
        at = lexer.at
        if lexer.word("UNCHANGEDSINCE") != "UNCHANGEDSINCE":
            raise BadSyntax(at, "UNCHANGEDSINCE")
        lexer.space()
        unchanged_since = lexer.modseq(least=0)
        lexer.close()
        lexer.space()
    at = lexer.at
    how = _STORE.get(lexer.word("FLAGS, +FLAGS or -FLAGS"))
    if how is None:
        raise BadSyntax(at, "FLAGS, +FLAGS or -FLAGS")
    lexer.space()
    flags = lexer.flags()
    lexer.end()
    return c.Store(tag, numbers, how[0], flags, how[1], unchanged_since, by_uid)


# -- COPY, MOVE, EXPUNGE ------------------------------------------------------------------------------------------------
def _to_mailbox(make: type[c.Copy] | type[c.Move], by_uid: bool) -> Callable[[Lexer, bytes], c.Command]:
    def parse(lexer: Lexer, tag: bytes) -> c.Command:
        lexer.space()
        numbers = lexer.sequence_set()
        lexer.space()
        name = lexer.mailbox()
        lexer.end()
        return make(tag, numbers, name, by_uid)

    return parse


def _expunge(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.end()
    return c.Expunge(tag)


def _uid_expunge(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    uids = lexer.sequence_set()
    lexer.end()
    return c.Expunge(tag, uids)


# -- APPEND -------------------------------------------------------------------------------------------------------------
def append(lexer: Lexer, tag: bytes, size: int, sync: bool) -> c.Append:
    """An APPEND's arguments up to its message's literal, which must be all that is missing."""
    lexer.space()
    name = lexer.mailbox()
    return _append(lexer, tag, name, c.LiteralRef(size, sync), 0)


def append_again(lexer: Lexer, first: c.Append, size: int, sync: bool, index: int) -> c.Append:
    """What stands before a further message: flags and date again. RFC 3502 §6.3.11."""
    return _append(lexer, first.tag, first.mailbox, c.LiteralRef(size, sync), index)


def _append(lexer: Lexer, tag: bytes, name: str, literal: c.LiteralRef, index: int) -> c.Append:
    lexer.space()
    flags = NO_FLAGS
    if lexer.octets[lexer.at] == OPEN:
        flags = lexer.flag_list()
        lexer.space()
    internal_date = None
    if lexer.octets[lexer.at] == QUOTE:
        internal_date = lexer.date_time()
        lexer.space()
    if not lexer.at_end():
        raise BadSyntax(lexer.at, "flags, a date and time, or the message's literal")
    return c.Append(tag, name, flags, internal_date, literal, index)


def _append_without_message(lexer: Lexer, tag: bytes) -> c.Command:
    """A whole frame never is an APPEND with a message: say what is missing."""
    append(lexer, tag, 0, True)
    raise BadSyntax(lexer.at, "the message's literal")


def by_seq_or_uid(parse: Callable[[Lexer, bytes, bool], c.Command], *, by_uid: bool) -> Callable[[Lexer, bytes], c.Command]:
    """One of a command's two forms."""
    return lambda lexer, tag: parse(lexer, tag, by_uid)


PARSERS: Mapping[bytes, Callable[[Lexer, bytes], c.Command]] = {
    b"FETCH": by_seq_or_uid(_fetch, by_uid=False),
    b"STORE": by_seq_or_uid(_store, by_uid=False),
    b"COPY": _to_mailbox(c.Copy, False),
    b"MOVE": _to_mailbox(c.Move, False),
    b"EXPUNGE": _expunge,
    b"APPEND": _append_without_message,
}
UID_PARSERS: Mapping[bytes, Callable[[Lexer, bytes], c.Command]] = {
    b"FETCH": by_seq_or_uid(_fetch, by_uid=True),
    b"STORE": by_seq_or_uid(_store, by_uid=True),
    b"COPY": _to_mailbox(c.Copy, True),
    b"MOVE": _to_mailbox(c.Move, True),
    b"EXPUNGE": _uid_expunge,
}
