"""Modified UTF-7, the way IMAP4rev1 writes mailbox names that are not ASCII. RFC 3501 §5.1.3.

Strict both ways: what decodes is what we would have encoded (one wire form a name), so two names can never look alike.
"""

import binascii
import re

_PLAIN = re.compile(rb"[\x20-\x25\x27-\x7e]*\Z")
_PIECE = re.compile(rb"[\x20-\x25\x27-\x7e]+|&([A-Za-z0-9+,]*)-")
_RUN = re.compile("[\x20-\x7e]+|[^\x20-\x7e]+")


def encode(name: str) -> bytes:
    """The name in modified UTF-7. Lone surrogates raise UnicodeEncodeError (a name never has them)."""
    if name.isascii() and name.isprintable():
        return name.encode("ascii").replace(b"&", b"&-")
    pieces = []
    for run in _RUN.findall(name):
        if " " <= run[0] <= "~":
            pieces.append(run.encode("ascii").replace(b"&", b"&-"))
        else:
            packed = binascii.b2a_base64(run.encode("utf-16-be"), newline=False)
            pieces.append(b"&" + packed.rstrip(b"=").replace(b"/", b",") + b"-")
    return b"".join(pieces)


def decode(octets: bytes) -> str:
    """The name; raises ValueError for anything RFC 3501 §5.1.3 does not allow."""
    if _PLAIN.match(octets):
        return octets.decode("ascii")
    pieces: list[str] = []
    at = 0
    shifted = False
    while at < len(octets):
        piece = _PIECE.match(octets, at)
        if piece is None:
            raise ValueError("not modified UTF-7")
        at = piece.end()
        packed = piece.group(1)
        if packed is None:
            pieces.append(piece.group().decode("ascii"))
            shifted = False
        elif not packed:
            pieces.append("&")
            shifted = False
        else:
            if shifted:
                raise ValueError("two shifts in a row")
            pieces.append(_unpack(packed))
            shifted = True
    return "".join(pieces)


def _unpack(packed: bytes) -> str:
    if len(packed) % 4 == 1:
        raise ValueError("not modified base64")
    units = binascii.a2b_base64(packed.replace(b",", b"/") + b"=" * (-len(packed) % 4))
    if binascii.b2a_base64(units, newline=False).rstrip(b"=").replace(b"/", b",") != packed:
        raise ValueError("base64 with bits left over")
    text = units.decode("utf-16-be")  # UnicodeDecodeError is a ValueError: odd length, lone surrogates
    if any(" " <= letter <= "~" for letter in text):
        raise ValueError("printable ASCII inside a shift")
    return text
