"""Envelope addresses, header address lists, dates, parameters and encoded words under any bytes.

Seeds in corpus/address, one value a file. Long: `make fuzz MINUTES=N`.
"""

import os
import random
import time
from pathlib import Path

import pytest

from mailplatform.standards import address
from mailplatform.standards.message import addresses, dates, decode, params, threads

SEEDS = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "corpus" / "address").iterdir())}
WORDS = [
    b"<", b">", b"@", b".", b'"', b"\\", b"a", b"B", b"[", b"]", b"[IPv6:", b"::1", b"192.0.2.1", b"xn--", b"bcher-kva",
    b"postmaster", b"\xc3\xbc", b"\xc3\x9f", b"\xe4\xbe\x8b", b"\xcc\x81", b"\xe2\x80\x8d", b"\xff", b"\x00", b" ", b",",
    b";", b":", b"(", b")", b"\r\n ", b"=?utf-8?q?", b"=?utf-8?b?", b"?=", b"=41", b"w6k=", b"*0*=", b"utf-8''%41", b"; ",
    b"=", b"Tue, ", b"24 Nov 2026 10:00:00 +0100", b"re: ", b"[fwd: ", b"(fwd)",
    b"x" * 64, b"y." * 40,
]  # fmt: skip


_STRICT = (
    address.parse,
    address.reverse_path,
    address.forward_path,
    lambda value: address.domain_name(value.decode("utf-8", "replace")),
    lambda value: address.localpart(value.decode("latin-1")),
)


def survives(value: bytes) -> None:
    """A value or a BadAddress from the strict reader; values that keep their promises from the lenient ones."""
    for read in _STRICT:
        try:
            found = read(value)
        except address.BadAddress as refused:
            assert 0 <= refused.at <= len(value) and refused.problem.isascii()
            continue
        assert "\x00" not in str(found) and "\n" not in str(found)
        if isinstance(found, address.Address):
            assert address.parse(str(found)) == found
            assert address.parse(found.key).key == found.key
            assert found.domain.unicode
    for member in addresses.parse(value):
        assert member.local is not None or member.host is None
    for reading in (decode.decoded(value), threads.base_subject(decode.decoded(value)), *threads.identifications(value)):
        reading.encode("utf-8")
        assert "\x00" not in reading
    for name, text in params.parameters(value):
        assert name.isascii() and "\x00" not in text
    dates.parse(value)


@pytest.mark.parametrize("name", SEEDS)
def test_seeds(name: str):
    survives(SEEDS[name])


def made(dice: random.Random) -> bytes:
    value = b"".join(dice.choices(WORDS, k=dice.randint(1, 14)))
    return value if dice.random() < 0.5 else dice.choice(list(SEEDS.values()))[: dice.randint(0, 80)] + value


def test_words():
    dice = random.Random(5321)
    for _ in range(4000):
        survives(made(dice))


def test_long_values_cost_their_size():
    start = time.thread_time()
    for word in WORDS:
        value = word * (50_000 // len(word))
        survives(value)
        survives(b"<" + value + b">")
        survives(b"a@" + value)
    assert time.thread_time() - start < 60


@pytest.mark.fuzz
def test_long():
    end = time.monotonic() + 60 * float(os.environ.get("MINUTES", "5"))
    seed = int(os.environ.get("FUZZ_SEED", time.time_ns()))
    count = 0
    while time.monotonic() < end:
        value = made(random.Random(seed + count))
        try:
            survives(value)
        except Exception:
            (Path(__file__).parent / "corpus" / "address" / f"found-{seed + count}").write_bytes(value)
            raise
        count += 1
    assert count
