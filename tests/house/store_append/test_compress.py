"""Packing of blobs: what goes in comes out, whole and in ranges, and damage is told."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.store import compress
from mailplatform.store.compress import BLOCK, PLAIN, ZSTD_BLOCKS, ZSTD_MAIL_V1
from mailplatform.store.dictionaries.build import samples
from tests.support.messages import a_message


@given(st.binary(max_size=5000))
def test_anything_comes_back(content) -> None:
    codec, packed = compress.pack(content)
    assert compress.unpack(codec, packed, len(content)) == content
    assert len(packed) <= len(content)


def test_mail_shrinks_and_noise_is_kept_as_it_is() -> None:
    mail = a_message(size=5000)
    codec, packed = compress.pack(mail)
    assert codec == ZSTD_MAIL_V1 and len(packed) < len(mail) / 3
    assert compress.pack(random.Random(1).randbytes(3000))[0] == PLAIN


def test_the_dictionary_pays_for_short_mails() -> None:
    fresh = list(samples(50, seed=7))
    packed = sum(len(compress.pack(mail)[1]) for mail in fresh)
    assert packed < sum(map(len, fresh)) / 2.5


def test_damage_is_told() -> None:
    codec, packed = compress.pack(a_message(size=3000))
    with pytest.raises(ValueError):
        compress.unpack(codec, packed[:-5], 3000)
    with pytest.raises(ValueError):
        compress.unpack(codec, packed, 2999)
    with pytest.raises(ValueError):
        compress.unpack(99, packed, 3000)


def blocks_of(content: bytes, piece: int) -> tuple[int, bytes]:
    codec, pieces = compress.pack_blocks(content[at : at + piece] for at in range(0, len(content), piece))
    return codec, b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 17])
@pytest.mark.parametrize("piece", [1000, BLOCK, 5 * BLOCK])
def test_blocks_come_back_whole(size, piece) -> None:
    content = (b"all mail is the same " * (size // 20 + 1))[:size]
    codec, packed = blocks_of(content, piece)
    assert codec == (ZSTD_BLOCKS if size > 100 else PLAIN)
    assert compress.unpack(codec, packed, size) == content


@given(st.integers(0, 900_000), st.integers(0, 900_000), st.booleans())
def test_any_range_of_blocks(start, length, noise) -> None:
    content = RANGED[noise]
    codec, packed = PACKED[noise]
    end = min(start + length, len(content))
    read = [0]

    def piece(offset: int, size: int) -> bytes:
        read[0] += size
        return packed[offset : offset + size]

    assert b"".join(compress.unpack_range(codec, piece, len(packed), start, end)) == content[start:end]
    if not noise and length < BLOCK:
        assert read[0] < len(packed)


RANGED = (b"".join(b"line %d of a long text\r\n" % n for n in range(40_000)), random.Random(2).randbytes(900_000))
PACKED = tuple(blocks_of(content, 70_000) for content in RANGED)


def test_noise_in_blocks_is_plain() -> None:
    assert [codec for codec, _ in PACKED] == [ZSTD_BLOCKS, PLAIN]


def test_pieces_may_be_taken_in_one_thread_after_another() -> None:
    """A zstd context is not for two threads at once, and a stream is advanced by whichever thread of a bridge is free."""
    content = b"".join(b"%d line\r\n" % number for number in range(200_000))
    codec, made = compress.pack_blocks([content])
    packed = b"".join(made)

    def reading() -> Iterator[bytes]:
        return compress.unpack_range(codec, lambda offset, length: packed[offset : offset + length], len(packed), 0, len(content))

    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            streams = [(reading(), bytearray()) for _ in range(8)]
            for _ in range(len(content) // compress.BLOCK + 1):
                taken = [(held, threads.submit(next, stream, b"")) for stream, held in streams]
                for held, piece in taken:
                    held += piece.result()
            assert all(held == content for _, held in streams)
