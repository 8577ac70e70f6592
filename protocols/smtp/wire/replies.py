"""The two replies that are not in the table as they stand, since their text is the peer's own: rendered here, and fast.

All others are entries of standards.status, which know their bytes.
"""

from __future__ import annotations

from mailplatform.standards import status
from mailplatform.standards.sasl import encoding

_ACCEPTED = str(status.ACCEPTED).replace("{trace_id}", "%b").encode("ascii") + b"\r\n"


def accepted(trace_id: str) -> bytes:
    """250 to the end of data: the one reply that every message has to itself."""
    return _ACCEPTED % trace_id.encode("ascii")


def challenge(data: bytes) -> bytes:
    """334 with what a SASL mechanism says, in base64 (RFC 4954 §4)."""
    return b"334 " + encoding.write(data) + b"\r\n"
