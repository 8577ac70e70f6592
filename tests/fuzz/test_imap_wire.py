"""The IMAP grammar under any bytes: an event or a Bad, never an exception, the same however the bytes arrive, and then in step.

Seeds in corpus/imap are whole conversations of clients (and what once broke). Long: `make fuzz MINUTES=N`.
"""

import itertools
import os
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.imap.wire import commands as c
from protocols.imap.wire import mutf7, names, sequence_sets
from protocols.imap.wire import search_keys as k
from protocols.imap.wire.commands import Command
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.fetch_items import Attribute, BodySection, Text
from protocols.imap.wire.flags import Flags
from protocols.imap.wire.literals import Chunk, Limits
from protocols.imap.wire.reader import AppendEnd, Bad, Continue, Event, Offer, Reader
from protocols.imap.wire.responses import refusal
from protocols.imap.wire.sequence_sets import STAR, SequenceSet
from tests.wire.imap.printing import printed
from tests.wire.imap.reading import shape, three_ways

CORPUS = Path(__file__).parent / "corpus" / "imap"
LIMITS = Limits(line=2000, literals=3000, discard=5000)
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)

WORDS = [
    *b"a1 |a2 |UID |NOOP|FETCH |STORE |SEARCH |APPEND |LOGIN |LIST |SELECT |STATUS ".split(b"|"),
    *b"MOVE |COPY |EXPUNGE|RENAME |LSUB |ENABLE ".split(b"|"),
    *b'1:*|1,2:3|*|(|)| |"|\\|\\Seen|$Junk|INBOX|&APw-|&|=|AAAA|]|BODY[|BODY.PEEK[HEADER.FIELDS (|<0.1>|ALL|FLAGS'.split(b"|"),
    *b"RETURN (|CHARSET utf-8 |OR |NOT |1-Feb-1994|FROM |HEADER |MODSEQ |(CHANGEDSINCE 5)|QRESYNC (|CONDSTORE".split(b"|"),
    *b"CREATE x (USE (\\Sent))|AUTHENTICATE PLAIN |ID NIL|SETQUOTA |+FLAGS.SILENT |IDLE\r\n|DONE\r\n".split(b"|"),
    *b"\r\n|\n|\r|\0|\xc3\xbc|\xff|{3}|{3+}\r\n|{0}\r\n|{2}\r\n|{9999999}\r\n|{9999999+}\r\n|~{3}\r\n".split(b"|"),
    b'"17-Jul-1996 02:44:25 -0700" ',
    b"x" * 70,
    b"x" * 2100,
]
SOUP = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=8)), max_size=40).map(b"".join)
CUTS = st.lists(st.integers(0, 4000), max_size=8)


def read(octets: bytes, cuts: list[int]) -> list[Event]:
    reader = Reader(LIMITS, multiappend=True)
    events: list[Event] = []
    edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    for start, stop in itertools.pairwise(edges):
        reader.feed(octets[start:stop])
        while (event := reader.next()) is not None:
            events.append(event)
            assert isinstance(event, Command | Bad | Continue | Offer | Chunk | AppendEnd)
            if isinstance(event, Bad):
                assert refusal(event.error).endswith(b"\r\n")
                assert refusal(event.error).count(b"\r\n") == 1
            if isinstance(event, Offer):
                if event.command.literal.size % 2:
                    reader.accept()
                else:
                    reader.refuse()
        assert reader.buffered <= LIMITS.line + LIMITS.literals + stop - start
    return events


def survives(octets: bytes, cuts: list[int]) -> None:
    once = shape(read(octets, []))
    assert shape(read(octets, cuts)) == once
    if len(octets) < 400:
        assert shape(read(octets, list(range(len(octets))))) == once


def in_step(octets: bytes) -> None:
    """After anything, enough line ends and octets bring the reader to the next command (unless it said it is over)."""
    reader = Reader(LIMITS)
    reader.feed(octets + b"\r\n" + b"x" * 6000 + b"\r\n")
    over = False
    for _ in range(3):
        reader.feed(b"\r\nzz NOOP\r\n")
        last: Event | None = None
        while (event := reader.next()) is not None:
            last = event
            over = over or (isinstance(event, Bad) and event.fatal)
            if isinstance(event, Offer):
                reader.refuse()
        if over:
            return
    assert last == c.Noop(b"zz")


@FEW
@given(SOUP, CUTS)
def test_any_bytes(octets: bytes, cuts: list[int]) -> None:
    survives(octets, cuts)
    in_step(octets)


@FEW
@given(st.binary(max_size=300))
def test_modified_utf7_of_any_bytes(octets: bytes) -> None:
    try:
        name = mutf7.decode(octets)
    except ValueError:
        return
    assert mutf7.encode(name) == octets


@FEW
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_modified_utf7_of_any_name(name: str) -> None:
    assert mutf7.decode(mutf7.encode(name)) == name


NAMES = st.text(st.sampled_from('abIiNnBoOxX/&üÄ台😀 .%*"\\~#'), max_size=12)


def naive_match(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(naive_match(pattern[1:], name[at:]) for at in range(len(name) + 1))
    if pattern[0] == "%":
        stop = name.find("/") if "/" in name else len(name)
        return any(naive_match(pattern[1:], name[at:]) for at in range(stop + 1))
    return bool(name) and pattern[0] == name[0] and naive_match(pattern[1:], name[1:])


@FEW
@given(st.text(st.sampled_from("ab/%*"), max_size=7), st.text(st.sampled_from("ab/"), max_size=8))
def test_patterns_match_as_a_naive_matcher_says(pattern: str, name: str) -> None:
    assert names.Matcher(pattern).matches(name) == naive_match(pattern, name)


NUMBER = st.one_of(st.integers(1, 30), st.just(STAR), st.integers(1, 2**32 - 1))
SETS = st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=6)


def ordered(pair: tuple[int, int]) -> tuple[int, int]:
    low, high = pair
    return (high, low) if high != STAR and (low == STAR or low > high) else (low, high)


SEQUENCES = SETS.map(lambda pairs: SequenceSet(tuple(ordered(pair) for pair in pairs)))


@FEW
@given(SETS, st.integers(0, 40))
def test_sequence_sets_mean_what_they_say(pairs: list[tuple[int, int]], maximum: int) -> None:
    text = b",".join((b"%d" % a if a else b"*") + b":" + (b"%d" % b if b else b"*") for a, b in pairs)
    found = sequence_sets.parse(text)
    assert sequence_sets.parse(found.render()) == found
    wanted = set()
    for a, b in pairs:
        if not maximum and not (a and b):
            continue
        low, high = sorted((a or maximum, b or maximum))
        wanted |= set(range(low, min(high, 60) + 1))
    ranges = found.resolve(maximum)
    assert {n for low, high in ranges for n in range(low, min(high, 60) + 1)} == wanted
    assert all(ranges[at][1] + 1 < ranges[at + 1][0] for at in range(len(ranges) - 1))


@FEW
@given(st.binary(max_size=30))
def test_sequence_sets_of_any_bytes(text: bytes) -> None:
    try:
        found = sequence_sets.parse(text)
    except BadSyntax:
        return
    assert sequence_sets.parse(found.render()) == found


# -- what is printed is read back ------------------------------------------------------------------------------------------------
WORD = st.text(st.sampled_from("abcXYZ0189$-_."), min_size=1, max_size=10)
STRING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
BOX = NAMES.map(names.canonical)
FLAGS = st.builds(
    Flags, st.integers(0, 31), st.lists(WORD, max_size=3, unique_by=lambda word: word.lower()).map(lambda words: tuple(words))
)
SECTION = st.builds(
    BodySection,
    st.lists(st.integers(1, 99), max_size=4).map(tuple),
    st.sampled_from([Text.ALL, Text.HEADER, Text.TEXT]),
    st.just(()),
    st.none() | st.tuples(st.integers(0, 9999), st.integers(1, 9999)),
    st.booleans(),
)
FIELDS = st.builds(
    BodySection,
    st.lists(st.integers(1, 99), max_size=2).map(tuple),
    st.sampled_from([Text.HEADER_FIELDS, Text.HEADER_FIELDS_NOT]),
    st.lists(WORD.map(str.encode), min_size=1, max_size=4).map(tuple),
)
ITEMS = st.lists(st.one_of(st.sampled_from(list(Attribute)), SECTION, FIELDS), min_size=1, max_size=6, unique=True).map(tuple)
LEAF = st.one_of(
    st.just(k.All()),
    st.builds(k.HasFlag, st.sampled_from([1, 2, 4, 8, 16]), st.booleans()),
    st.builds(k.HasKeyword, WORD, st.booleans()),
    st.builds(k.IsRecent, st.booleans()),
    st.builds(k.InSet, SEQUENCES, st.booleans()),
    st.builds(k.Contains, st.sampled_from(list(k.Field)), STRING),
    st.builds(k.HeaderContains, WORD, STRING),
    st.builds(k.Dated, st.sampled_from(list(k.Clock)), st.sampled_from(list(k.When)), st.dates()),
    st.builds(k.Sized, st.booleans(), st.integers(0, 2**40)),
    st.builds(k.ChangedSince, st.integers(0, 2**63 - 1)),
)
KEYS = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda keys: k.And(tuple(keys))),
        st.builds(k.Or, inner, inner),
        st.builds(k.Not, inner),
    ),
    max_leaves=8,
)
T = st.just(b"a.1")
MODSEQ = st.integers(0, 2**63 - 1)
RETURNS = st.lists(st.sampled_from(list(k.Return)), unique=True).map(tuple)
MODES = st.sampled_from(list(c.StoreMode))
RESOURCES = st.sampled_from(["STORAGE", "MESSAGE"])
COMMANDS = st.one_of(
    st.builds(c.Login, T, STRING, STRING),
    st.builds(c.Authenticate, T, st.just("PLAIN"), st.none() | st.binary(max_size=30)),
    st.builds(c.Select, T, BOX, st.booleans()),
    st.builds(c.Rename, T, BOX, BOX),
    st.builds(c.Delete, T, BOX),
    st.builds(c.Status, T, BOX, st.lists(st.sampled_from(list(c.StatusItem)), min_size=1, unique=True).map(tuple)),
    st.builds(c.Lsub, T, BOX.filter(lambda name: not set(name) & set("%*")), BOX),
    st.builds(c.Search, T, KEYS, st.none() | RETURNS, st.none(), st.booleans()),
    st.builds(c.Fetch, T, SEQUENCES, ITEMS),
    st.builds(
        c.Store,
        T,
        SEQUENCES,
        st.sampled_from(list(c.StoreMode)),
        FLAGS,
        st.booleans(),
        st.none() | st.integers(0, 2**63 - 1),
        st.booleans(),
    ),
    st.builds(c.Copy, T, SEQUENCES, BOX, st.booleans()),
    st.builds(c.Move, T, SEQUENCES, BOX, st.booleans()),
    st.builds(c.Expunge, T, st.none() | SEQUENCES),
    st.builds(c.SetQuota, T, WORD, st.lists(st.tuples(RESOURCES, MODSEQ)).map(tuple)),
)


@FEW
@given(COMMANDS)
def test_what_is_printed_is_read_back(command: Command) -> None:
    assert three_ways(printed(command)) == [command]


@pytest.mark.parametrize("seed", sorted(CORPUS.glob("*")), ids=lambda path: path.name)
def test_corpus(seed: Path) -> None:
    octets = seed.read_bytes()
    survives(octets, [1, 5, len(octets) // 2])
    in_step(octets)


def mutated(octets: bytes, chance: random.Random) -> bytes:
    """A few octets dropped, doubled, flipped, or a word put in."""
    found = bytearray(octets)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0:
                del found[at : at + chance.randrange(1, 12)]
            case 1:
                found[at:at] = found[at : at + chance.randrange(1, 40)]
            case 2:
                found[at:at] = chance.choice(WORDS)
            case _:
                if at < len(found):
                    found[at] = chance.randrange(256)
    return bytes(found)


def test_seeds_mutated() -> None:
    chance = random.Random(2)
    seeds = [path.read_bytes() for path in sorted(CORPUS.glob("*"))]
    for _ in range(300):
        octets = mutated(chance.choice(seeds), chance)
        survives(octets, [chance.randrange(len(octets) + 1) for _ in range(4)])
        in_step(octets)


@pytest.mark.fuzz
def test_long() -> None:
    until = time.monotonic() + 60 * float(os.environ.get("MINUTES", "1"))
    chance = random.Random()
    seeds = [path.read_bytes() for path in sorted(CORPUS.glob("*"))]
    rounds = 0
    while time.monotonic() < until:
        if rounds % 3:
            octets = mutated(chance.choice(seeds), chance)
        else:
            octets = b"".join(chance.choice(WORDS) for _ in range(chance.randrange(40)))
        try:
            survives(octets, [chance.randrange(len(octets) + 1) for _ in range(4)])
            in_step(octets)
        except Exception:
            print("octets:", octets)
            raise
        rounds += 1
    assert rounds > 0
