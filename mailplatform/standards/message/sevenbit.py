"""A message with 8-bit content made one of 7-bit lines, for a server that lacks 8BITMIME: what it says stays the same.

Standards: RFC 6152 §3 (a relay converts, or fails the message), RFC 2045 §6 (transfer encodings; composite types take 7bit, 8bit
and binary only), RFC 1428 §3 (text without a word about its charset is labelled unknown-8bit).
Invariants: the result is ASCII; every part decodes to the octets it decoded to before; parts that were ASCII stay as they are,
octet by octet. What cannot be kept so is refused: 8-bit octets in a header, in a part that is signed (RFC 1847 §2.1), or in one
whose encoding allows none.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from mailplatform.standards.message.headers import fields
from mailplatform.standards.message.structure import Part, parse

_EIGHT = re.compile(rb"[\x80-\xff]")
_PLAIN = ("7bit", "8bit", "binary", "")
_LABELS = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"


class NotConvertible(ValueError):
    """It cannot be said in 7 bits without changing what it says."""


def seven_bit(raw: bytes) -> bytes:
    """The message in ASCII. Raises NotConvertible."""
    if raw.isascii():
        return raw
    root = parse(raw)
    made = b"".join((*_part(raw, root, outermost=True), _filler(raw[root.end :])))
    if not made.isascii():
        raise NotConvertible("the structure of the message is not understood")
    return made


def _part(raw: bytes, part: Part, *, outermost: bool = False) -> Iterator[bytes]:
    whole = raw[part.header_start : part.end]
    if whole.isascii():
        yield whole
        return
    header = raw[part.header_start : part.body_start]
    if not header.isascii():
        raise NotConvertible("a header has 8-bit octets")
    if (part.type, part.subtype) == ("multipart", "signed"):
        raise NotConvertible("a part is signed, and must not be changed")
    if part.children:
        yield _labelled(header, "7bit", outermost=outermost)
        at = part.body_start
        for child in part.children:
            yield _filler(raw[at : child.header_start])
            yield from _part(raw, child)
            at = child.end
        yield _filler(raw[at : part.end])
    elif part.type in ("multipart", "message") or part.encoding not in _PLAIN:
        raise NotConvertible(f"a part of type {part.type}/{part.subtype} must not have 8-bit octets")
    else:
        yield from _leaf(header, raw[part.body_start : part.end], part.type == "text", outermost)


def _leaf(header: bytes, body: bytes, is_text: bool, outermost: bool) -> Iterator[bytes]:
    if is_text and _is_canonical(body):
        yield _labelled(header, "quoted-printable", outermost=outermost)
        yield binascii.b2a_qp(body, istext=True)
    else:
        yield _labelled(header, "base64", outermost=outermost)
        encoded = base64.b64encode(body)
        yield b"\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
        yield b"\r\n" if outermost else b""


def _is_canonical(body: bytes) -> bool:
    """Whether every line ends with CRLF and has no other CR or LF: quoted-printable knows no other line end."""
    return body.count(b"\r\n") == body.count(b"\n") == body.count(b"\r")


def _labelled(header: bytes, encoding: str, *, outermost: bool) -> bytes:
    """The header with this Content-Transfer-Encoding, and with the labels of MIME where the message had none."""
    kept, names, at = [], set(), 0
    for name, _value, start, stop in fields(header):
        key = name.lower()
        names.add(key)
        if key == b"content-transfer-encoding":
            kept.append(header[at:start])
            at = stop
    rest = header[at:]
    body = b"".join((*kept, rest))
    blank = b"\r\n" if body.endswith((b"\r\n\r\n",)) or body == b"\r\n" else b""
    text = body[: len(body) - len(blank)]
    if text and not text.endswith(b"\n"):
        text += b"\r\n"
    labels = b""
    if outermost and b"mime-version" not in names:
        labels = b"MIME-Version: 1.0\r\n" if b"content-type" in names else _LABELS
    return b"%b%bContent-Transfer-Encoding: %b\r\n\r\n" % (text, labels, encoding.encode())


def _filler(octets: bytes) -> bytes:
    """What stands between parts and is shown to nobody (RFC 2046 §5.1.1)."""
    return _EIGHT.sub(b"?", octets)
