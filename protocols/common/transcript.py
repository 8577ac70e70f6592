"""A protocol conversation, written down when somebody asks for it.

For support: a listener with `transcripts` set keeps what was said with a client in the log at DEBUG. Bytes of a secret
(an AUTH response, a LOGIN) are replaced by the session, which alone knows where they stand: it calls `hush` before they
come and `speak` after.
"""

from __future__ import annotations

import logging

log = logging.getLogger("mailplatform.transcript")
_MOST = 2000


class Transcript:
    """What passes over one connection, to the log."""

    __slots__ = ("_hushed", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._hushed = False

    def hush(self) -> None:
        """What the peer says from now on is secret."""
        self._hushed = True

    def speak(self) -> None:
        """It no longer is."""
        self._hushed = False

    def heard(self, data: bytes) -> None:
        """Bytes from the peer."""
        log.debug("%s C: %s", self._name, f"({len(data)} secret bytes)" if self._hushed else ascii(data[:_MOST])[2:-1])

    def said(self, data: bytes) -> None:
        """Bytes to the peer."""
        log.debug("%s S: %s", self._name, ascii(data[:_MOST])[2:-1])
