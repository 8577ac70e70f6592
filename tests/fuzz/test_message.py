"""Messages of any bytes through every reader of standards.message: no exception, the promised shapes, and bounded work.

Seeds in corpus/message are what once broke a reader, here or elsewhere; our own samples and others' mail serve beside them.
Long: `make fuzz MINUTES=N`.
"""

import os
import random
import time
from pathlib import Path

import pytest

from mailplatform.standards.message import headers, render, structure, text
from mailplatform.standards.message.summary import summarise
from tests.fuzz.hostile import hostile
from tests.fuzz.mutation import mutated
from tests.standards.imap_grammar import read_body, read_envelope
from tests.standards.message.test_structure import check as check_structure
from tests.standards.message.test_summary import PIECE_WORDS
from tests.standards.message.test_summary import check as check_summary
from tests.standards.samples import SAMPLES, corpus

SEEDS = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "corpus" / "message").iterdir())}


def survives(raw: bytes) -> None:
    """Everything that is promised of any message."""
    root = structure.parse(raw)
    check_structure(raw, root)
    check_summary(raw, summarise(raw))
    read_body(render.bodystructure(raw, root, False), False)
    for _, part in structure.paths(root):
        if part.embedded is not None:
            read_envelope(render.envelope(raw, part.embedded))
    for words in (text.search_text(raw, root), text.header_text(raw, root)):
        words.encode("utf-8")
        assert "\x00" not in words
    header = raw[: root.body_start]
    names = {name for name, _, _, _ in headers.fields(header)}
    assert headers.pick(header, names, negate=True) == b"\r\n"


@pytest.mark.parametrize("name", SEEDS)
def test_seeds(name: str):
    survives(SEEDS[name])


def test_mutations():
    dice = random.Random(5322)
    seeds = [*SAMPLES.values(), *SEEDS.values()]
    for _ in range(1500):
        survives(mutated(seeds, PIECE_WORDS, dice))


def test_hostile_messages_cost_their_size():
    """Quadratic work on these would take minutes; the slowest takes a tenth of a second when the machine is idle."""
    for name, raw in hostile(100_000):
        start = time.thread_time()
        root = structure.parse(raw)
        summarise(raw)
        text.search_text(raw, root)
        text.header_text(raw, root)
        headers.pick(raw, [b"a"], negate=True)
        assert time.thread_time() - start < 2.5, name


def test_hostile_messages_survive():
    for _, raw in hostile(3000):
        survives(raw)


@pytest.mark.fuzz
def test_long():
    end = time.monotonic() + 60 * float(os.environ.get("MINUTES", "5"))
    seed = int(os.environ.get("FUZZ_SEED", time.time_ns()))
    seeds = [*SAMPLES.values(), *SEEDS.values(), *(raw for raw in corpus().values() if len(raw) < 20_000)]
    count = 0
    while time.monotonic() < end:
        raw = mutated(seeds, PIECE_WORDS, random.Random(seed + count))
        start = time.thread_time()
        try:
            survives(raw)
        except Exception:
            (Path(__file__).parent / "corpus" / "message" / f"found-{seed + count}").write_bytes(raw)
            raise
        assert time.thread_time() - start < 5, seed + count
        count += 1
    assert count
