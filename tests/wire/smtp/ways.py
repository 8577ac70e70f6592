"""Three ways to feed the same bytes: whole, byte by byte, and with something behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

R = TypeVar("R")


def ways(data: bytes) -> Iterator[list[bytes]]:
    """The chunkings of `data` that a socket could produce."""
    yield [data]
    yield [data[n : n + 1] for n in range(len(data))]
    for cut in range(1, len(data)):
        yield [data[:cut], data[cut:]]


def same_all_ways(data: bytes, run: Callable[[list[bytes]], R]) -> R:
    """What `run` gives, being the same for every chunking."""
    whole = run([data])
    for chunks in ways(data):
        assert run(chunks) == whole, chunks
    return whole
