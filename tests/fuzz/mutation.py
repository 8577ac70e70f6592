"""Mutations of octets by a seeded generator: what a fuzz run does to its seeds, the same each time for the same number."""

import random
from collections.abc import Sequence

_ODD = (
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b"\xff",
    b"\xe2\x80",
    b'"',
    b"\\",
    b"(",
    b"<",
    b"\x7f",
    b" ",
    b"\t",
    b"%",
    b"=",
    b"?",
    b"-",
    b"--",
)


def mutated(seeds: Sequence[bytes], words: Sequence[bytes], dice: random.Random, longest: int = 20_000) -> bytes:
    """One seed after a few changes: words and odd octets put in, stretches dropped, doubled, or taken from another seed."""
    octets = bytearray(dice.choice(seeds)[:longest])
    for _ in range(dice.randint(1, 8)):
        at = dice.randint(0, len(octets))
        stop = min(len(octets), at + dice.choice((1, 1, 4, 20, 200)))
        match dice.randint(0, 6):
            case 0:
                octets[at:at] = dice.choice(words)
            case 1:
                octets[at:stop] = dice.choice(_ODD)
            case 2:
                del octets[at:stop]
            case 3:
                octets[at:at] = octets[at:stop] * dice.randint(1, 5)
            case 4:
                other = dice.choice(seeds)
                start = dice.randint(0, len(other))
                octets[at:stop] = other[start : start + dice.choice((10, 100, 1000))]
            case 5:
                for place in range(at, stop):
                    octets[place] ^= 1 << dice.randint(0, 7)
            case _:
                octets[at:stop] = bytes(dice.getrandbits(8) for _ in range(stop - at))
    return bytes(octets)
