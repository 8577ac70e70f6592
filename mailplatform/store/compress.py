"""How a blob's bytes are packed: zstd with a shipped dictionary for the small, zstd in blocks for the large, or as they are.

The codec number stands beside the bytes for ever, so a number never changes its meaning and a dictionary that was shipped
is never altered. Blocks (BLOCK bytes of content each, a frame of their own, then a table of frame lengths) let a reader
take a range of a large message without unpacking the rest.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files

import zstandard

PLAIN, ZSTD, ZSTD_MAIL_V1, ZSTD_BLOCKS = 0, 1, 2, 3
BLOCK = 256 * 1024
LEVEL = 3
_BLOCK_LEVEL = 1  # large messages are base64 mostly: what a higher level finds there is not worth its time
_WORTH = 0.95  # what shrinks less than this is kept as it is
_DICTIONARIES = {ZSTD_MAIL_V1: "mail-v1.dict"}
_TABLE_END = struct.Struct("<I")

Read = Callable[[int, int], bytes]  # (offset, length) of the packed bytes

_local = threading.local()  # zstd contexts are not for two threads at once


@cache
def _dictionary(codec: int, level: int) -> zstandard.ZstdCompressionDict:
    data = files("mailplatform.store.dictionaries").joinpath(_DICTIONARIES[codec]).read_bytes()
    dictionary = zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)
    dictionary.precompute_compress(level=level)
    return dictionary


def _compressor(codec: int, level: int) -> zstandard.ZstdCompressor:
    key = f"c{codec}.{level}"
    found = getattr(_local, key, None)
    if found is None:
        dictionary = _dictionary(codec, level) if codec in _DICTIONARIES else None
        found = zstandard.ZstdCompressor(level=level, dict_data=dictionary)
        setattr(_local, key, found)
    return found


def _decompressor(codec: int) -> zstandard.ZstdDecompressor:
    key = f"d{codec}"
    found = getattr(_local, key, None)
    if found is None:
        dictionary = _dictionary(codec, LEVEL) if codec in _DICTIONARIES else None
        found = zstandard.ZstdDecompressor(dict_data=dictionary)
        setattr(_local, key, found)
    return found


def pack(content: bytes, *, level: int = LEVEL) -> tuple[int, bytes]:
    """(codec, bytes) for a blob that stands in a row."""
    packed = _compressor(ZSTD_MAIL_V1, level).compress(content)
    return (ZSTD_MAIL_V1, packed) if len(packed) < len(content) * _WORTH else (PLAIN, content)


def unpack(codec: int, packed: bytes, size: int) -> bytes:
    """The content again. size: its length, as the row says. Raises ValueError when the bytes are not what they should be."""
    if codec == PLAIN:
        content = bytes(packed)
    elif codec == ZSTD_BLOCKS:
        content = b"".join(unpack_range(codec, lambda offset, length: packed[offset : offset + length], len(packed), 0, size))
    else:
        try:
            content = _decompressor(codec).decompress(packed, max_output_size=size)
        except zstandard.ZstdError as error:
            raise ValueError(f"codec {codec}: {error}") from None
    if len(content) != size:
        raise ValueError(f"codec {codec}: {len(content)} bytes instead of {size}")
    return content


def pack_blocks(chunks: Iterable[bytes]) -> tuple[int, Iterator[bytes]]:
    """(codec, pieces) for a large blob. The first block decides whether packing is worth it."""
    blocks = _blocks(chunks)
    first = next(blocks, b"")
    compressor = _compressor(ZSTD_BLOCKS, _BLOCK_LEVEL)
    packed = compressor.compress(first)
    if len(packed) >= len(first) * _WORTH:
        return PLAIN, _chain(first, blocks)

    def pieces() -> Iterator[bytes]:
        lengths = [len(packed)]
        yield packed
        for block in blocks:
            frame = compressor.compress(block)
            lengths.append(len(frame))
            yield frame
        yield struct.pack(f"<{len(lengths)}I", *lengths) + _TABLE_END.pack(len(lengths))

    return ZSTD_BLOCKS, pieces()


def unpack_range(codec: int, read: Read, length: int, start: int, end: int) -> Iterator[bytes]:
    """The content's bytes from start up to end, in pieces. read gives packed bytes, of which there are ``length``.

    Raises ValueError when the bytes are not what they should be.
    """
    if codec == PLAIN:
        for at in range(start, end, BLOCK):
            yield read(at, min(BLOCK, end - at))
        return
    if codec != ZSTD_BLOCKS:
        raise ValueError(f"codec {codec} has no ranges")
    (count,) = _TABLE_END.unpack(read(length - 4, 4))
    table = read(length - 4 - 4 * count, 4 * count)
    lengths = struct.unpack(f"<{count}I", table)
    offset = 0
    for number, packed in enumerate(lengths):
        begin = number * BLOCK
        if begin >= end:
            break
        if begin + BLOCK > start:
            try:
                # Asked for anew at each block: whoever takes the pieces may do so in one thread after another.
                block = _decompressor(codec).decompress(read(offset, packed), max_output_size=BLOCK)
            except zstandard.ZstdError as error:
                raise ValueError(f"block {number}: {error}") from None
            yield block[max(start - begin, 0) : end - begin]
        offset += packed


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of exactly BLOCK, the last one shorter."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        view = memoryview(chunk)
        while size + len(view) >= BLOCK:
            cut = BLOCK - size
            yield b"".join([*held, view[:cut]])
            view, held, size = view[cut:], [], 0
        if view:
            held.append(bytes(view))
            size += len(view)
    if held:
        yield b"".join(held)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
