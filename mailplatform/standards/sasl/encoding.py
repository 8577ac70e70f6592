"""How SASL messages travel through line protocols: base64, with `=` for the empty one and `*` for giving up.

Standards: RFC 4954 §4 (SMTP), RFC 9051 §6.2.2 and RFC 4959 (IMAP), RFC 4648 §4: strict, as §3.3 there asks.
"""

from __future__ import annotations

import base64
import binascii

from mailplatform.standards.sasl.plain import BadResponse

LONGEST = 12288  # RFC 4954 §4: the longest line of an exchange


class Cancelled(BadResponse):
    """The client sent `*`."""


def read(line: bytes, *, initial: bool = False) -> bytes:
    """The octets of one line; `initial`: it stands in the command itself, where `=` means empty. Raises BadResponse."""
    if line == b"*":
        raise Cancelled("authentication cancelled by the client")
    if initial and line == b"=":
        return b""
    if len(line) > LONGEST:
        raise BadResponse("the response is too long")
    try:
        return base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadResponse("the response is not base64") from error


def write(data: bytes) -> bytes:
    """One line, without its end."""
    return base64.b64encode(data)
