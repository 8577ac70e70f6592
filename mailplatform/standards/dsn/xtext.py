"""xtext, and the addresses that DSN parameters and fields carry in it.

Standards: RFC 3461 §4 (xtext) and §4.2 (ORCPT), RFC 6533 §3 (the address type utf-8 and its two ways to write it).
Invariants: `decode(encode(text)) == text` for any text; nothing raises but `decode` on what is no xtext.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLAIN = frozenset(range(0x21, 0x7F)) - {0x2B, 0x3D}  # + and = are what is escaped
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})*\Z")
_HEX = re.compile(rb"\+([0-9A-Fa-f]{2})")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")


class BadXtext(ValueError):
    """Not xtext."""


def encode(text: str) -> str:
    """Text as xtext, its UTF-8 octets."""
    return "".join(chr(octet) if octet in _PLAIN else f"+{octet:02X}" for octet in text.encode("utf-8", "replace"))


def decode(text: str) -> str:
    """The text that xtext says. Raises BadXtext."""
    if not _XTEXT.match(text):
        raise BadXtext("not xtext")
    octets = _HEX.sub(lambda found: bytes([int(found[1], 16)]), text.encode("ascii"))
    return octets.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class TypedAddress:
    """An address with its type: rfc822, utf-8, x400 …"""

    type: str
    address: str


def read_orcpt(text: str) -> TypedAddress | None:
    """The original recipient that an ORCPT parameter names; None when it names none."""
    kind, semicolon, rest = text.partition(";")
    if not semicolon or not kind:
        return None
    try:
        address = decode(rest)
    except BadXtext:
        return None
    if kind.lower() == "utf-8":
        address = from_unicode_xtext(address)
    return TypedAddress(kind.lower(), address) if address else None


def write_orcpt(address: str) -> str:
    """The ORCPT parameter of an address (RFC 6533 §3 for one beyond ASCII, in the form that any server takes)."""
    if address.isascii():
        return f"rfc822;{encode(address)}"
    return f"utf-8;{encode(to_unicode_xtext(address))}"


def to_unicode_xtext(address: str) -> str:
    """utf-8-addr-xtext: every character beyond ASCII, the backslash, and what xtext escapes, as `\\x{HEX}`."""
    return "".join(
        char if ord(char) < 0x7F and ord(char) in _PLAIN and char != "\\" else f"\\x{{{ord(char):02X}}}" for char in address
    )


def from_unicode_xtext(text: str) -> str:
    """Undo `\\x{HEX}`; what is no character stays as it stands."""

    def char(found: re.Match[str]) -> str:
        number = int(found[1], 16)
        return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else found[0]

    return _UNICODE.sub(char, text)
