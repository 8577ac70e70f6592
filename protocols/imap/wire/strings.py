"""How strings are written: atom, quoted, literal. RFC 3501 §4.3, §9. The reading side is lexer.py."""

import re

_ATOM = re.compile(rb"[!#$&'+,\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]+\Z")
_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*\Z")
_QUOTABLE_UTF8 = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\xff]*\Z")


def quoted(octets: bytes) -> bytes:
    """A quoted string; the caller knows there is no CR, LF or NUL."""
    if b'"' in octets or b"\\" in octets:
        octets = octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"' + octets + b'"'


def literal(octets: bytes) -> bytes:
    """`{n}CRLF` and the octets."""
    return b"{%d}\r\n" % len(octets) + octets


def string(octets: bytes, *, utf8: bool = False) -> bytes:
    """Quoted where it can be (7-bit without CR, LF, NUL; not too long), else a literal."""
    if len(octets) <= 1024 and (_QUOTABLE_UTF8 if utf8 else _QUOTABLE).match(octets):
        return quoted(octets)
    return literal(octets)


def nstring(octets: bytes | None, *, utf8: bool = False) -> bytes:
    """NIL for None."""
    return b"NIL" if octets is None else string(octets, utf8=utf8)


def astring(octets: bytes, *, utf8: bool = False) -> bytes:
    """An atom where it can be (NIL is quoted: some clients read it as nothing), else a string."""
    if _ATOM.match(octets) and octets.upper() != b"NIL":
        return octets
    return string(octets, utf8=utf8)
