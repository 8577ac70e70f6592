"""From a frame to a command: tag, name, and the parser of that name. RFC 3501 §9 command.

`parse` is the only door to this package. One table a family (account, folders, messages, search) maps the names to functions
that read the arguments; a later extension adds its function to a table.
"""

import re
from collections.abc import Callable, Mapping

from protocols.imap.wire import commands as c
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.lexer import Lexer
from protocols.imap.wire.parse import account, folders, messages, search

Parser = Callable[[Lexer, bytes], c.Command]

_TAG = rb"([!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]{1,128})"
_HEAD = re.compile(_TAG + rb" ([A-Za-z]+)")
_ONLY_TAG = re.compile(_TAG + rb"(?: |\r\n)")
_UID = re.compile(rb" ([A-Za-z]+)")

TABLE: Mapping[bytes, Parser] = {**account.PARSERS, **folders.PARSERS, **messages.PARSERS, **search.PARSERS}
UID_TABLE: Mapping[bytes, Parser] = {**messages.UID_PARSERS, **search.UID_PARSERS}


def parse(octets: bytes, *, utf8: bool = False) -> c.Command:
    """The command in a frame's octets (literals inline, CRLF last); raises BadSyntax, with the tag when there is one.

    An APPEND never comes whole: see `append_head`.
    """
    head = _HEAD.match(octets)
    if head is None:
        tag = _ONLY_TAG.match(octets)
        if tag is None:
            raise BadSyntax(0, "a tag and a command")
        raise BadSyntax(tag.end(1) + 1, "a command", tag.group(1))
    tag_octets, name = head.groups()
    at = head.end()
    name = name.upper()
    try:
        parser = TABLE.get(name)
        if parser is None:
            if name != b"UID":
                raise BadSyntax(at - len(name), "a command of this server")
            second = _UID.match(octets, at)
            if second is not None:
                parser = UID_TABLE.get(second.group(1).upper())
            if parser is None or second is None:
                raise BadSyntax(at, "a command that has a UID form")
            at = second.end()
        return parser(Lexer(octets, at, utf8=utf8), tag_octets)
    except BadSyntax as wrong:
        wrong.tag = tag_octets
        raise


def append_head(head: bytes, size: int, *, sync: bool, utf8: bool = False) -> c.Append:
    """The APPEND whose message comes next, from what stands before its literal (`tag APPEND mailbox … `). RFC 3501 §6.3.11."""
    start = _HEAD.match(head)
    if start is None:
        raise BadSyntax(0, "a tag and a command")
    try:
        return messages.append(Lexer(head + b"\r\n", start.end(), utf8=utf8), start.group(1), size, sync)
    except BadSyntax as wrong:
        wrong.tag = start.group(1)
        raise


def append_next(first: c.Append, head: bytes, size: int, *, sync: bool, index: int) -> c.Append:
    """The next message of a MULTIAPPEND (RFC 3502), from what stands between the literals."""
    try:
        return messages.append_again(Lexer(head + b"\r\n"), first, size, sync, index)
    except BadSyntax as wrong:
        wrong.tag = first.tag
        raise
