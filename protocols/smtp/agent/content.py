"""What is sent after 354: the fields that we put before the message, and its blob, piece by piece.

A small message is read once and kept for the attempt; a large one is read anew by whoever needs it, so that memory does
not grow with it. Where a server lacks 8BITMIME, the octets decide what the message is, not what was said of it, and one with
8-bit content is converted (standards.message.sevenbit) when it is of bearable size.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from mailplatform.standards.message.sevenbit import NotConvertible, seven_bit

Read = Callable[[int], AsyncIterator[bytes]]
"""The content of a blob, in pieces. It may raise anything; the attempt is put off then."""

SMALL = 256 * 1024
_MOST_HEADER = 1 << 20
_MOST_CONVERTED = 32 << 20


class Unreadable(Exception):
    """The content cannot be read now."""


class Content:
    """prefix and, behind it, the blob of so many octets. eight_bit: what is believed of a large one without reading it."""

    __slots__ = ("_blob_id", "_eight_bit", "_prefix", "_read", "_size", "_small", "_whole")

    def __init__(self, prefix: bytes, blob_id: int, size: int, read: Read, *, eight_bit: bool = True) -> None:
        self._prefix = prefix
        self._blob_id = blob_id
        self._read = read
        self._eight_bit = eight_bit
        self._size = size
        self._small = size <= SMALL
        self._whole: bytes | None = None

    async def load(self) -> None:
        """Read a small message now, while nobody waits. Raises Unreadable."""
        if self._small and self._whole is None:
            self._whole = b"".join([piece async for piece in self._stream()])

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it. Raises Unreadable."""
        await self.load()
        if self._whole is not None:
            yield self._whole
        else:
            async for piece in self._stream():
                yield piece

    async def has_eight_bit(self, *, deep: bool = True) -> bool:
        """Whether an octet is beyond ASCII. deep: read even a large one to know."""
        if not deep and not self._small and self._whole is None:
            return self._eight_bit
        async for piece in self.pieces():
            if not piece.isascii():
                return True
        return False

    async def in_seven_bits(self) -> tuple[Content, int]:
        """The same message for a server without 8BITMIME, and its octets. Raises NotConvertible, Unreadable."""
        if self._size > _MOST_CONVERTED:
            raise NotConvertible(f"it is larger than {_MOST_CONVERTED} octets")
        whole = b"".join([piece async for piece in self.pieces()])
        made = await asyncio.to_thread(seven_bit, whole) if len(whole) > SMALL else seven_bit(whole)
        other = Content(b"", self._blob_id, len(made), self._read, eight_bit=False)
        other._whole = made
        return other, len(made)

    async def has_eight_bit_header(self) -> bool:
        """Whether one stands in the header."""
        seen = b""
        async for piece in self.pieces():
            seen += piece
            end = seen.find(b"\r\n\r\n")
            if end >= 0 or len(seen) > _MOST_HEADER:
                return not seen[: end if end >= 0 else len(seen)].isascii()
        return not seen.isascii()

    async def _stream(self) -> AsyncIterator[bytes]:
        if self._prefix:
            yield self._prefix
        try:
            async for piece in self._read(self._blob_id):
                yield piece
        except Exception as error:
            raise Unreadable(f"the message could not be read: {type(error).__name__}") from error
