"""A connection that gathers its output: the answers of one burst of commands are one write.

Invariant: what is written goes out at `flush`, or as soon as JOIN octets of it are there, in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.common.stream import Connection

if TYPE_CHECKING:
    from protocols.common.listener import Listener

JOIN = 1 << 16
"""Output is handed to the transport at this size at the latest."""


class Gathered(Connection):
    """What IMAP and POP3 sessions share of writing."""

    def __init__(self, listener: Listener) -> None:
        super().__init__(listener)
        self._out: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Keep output until `flush`, or until 64 KiB of it are there."""
        if data:
            self._out.append(data)
            self._size += len(data)
            if self._size >= JOIN:
                self.flush()

    def flush(self) -> None:
        """Hand over what is written."""
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out = []
            self._size = 0
            super().write(data)

    async def sent(self) -> None:
        """Flush, and wait while the peer does not read. Raises ConnectionResetError when it is gone."""
        self.flush()
        self.busy = self.writable
        try:
            await self.flushed()
        finally:
            self.busy = True
