"""Any bytes on the POP3 port, in every state, over a real database: answers of POP3 or a clean end, never a traceback, a session
that hangs, or a maildrop that stays locked.

Seeds, and what once broke something, stand in corpus/pop3_session/ and are played each time. `make fuzz` runs `test_long`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from logging import LogRecord
from pathlib import Path

import pytest
import uvloop
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailplatform.mailflow import arrivals
from protocols.common.listener import Listener
from protocols.pop3.wire.grammar import BadLine, Lines, parse
from tests.fuzz.test_imap_session import errors
from tests.support.imap_door import a_mailbox, imap_listener
from tests.support.pop3_door import given_back, pop3_listener
from tests.transcripts.runner import in_process

CORPUS = Path(__file__).parent / "corpus" / "pop3_session"
LOGIN = b"USER anna@a.test\r\nPASS correct horse\r\n"
PATIENCE = 60.0

COMMANDS = """\
CAPA|NOOP|STAT|LIST|UIDL|LIST 1|UIDL 2|RETR 1|RETR 2|RETR 3|TOP 1 0|TOP 2 9|TOP 3 1|DELE 1|DELE 2|DELE 2|RSET|QUIT|STLS|UTF8|LANG
LANG it|LANG *|LANG x-y|AUTH|AUTH PLAIN|AUTH PLAIN =|AUTH SCRAM-SHA-256|AUTH X|*|=|AGFubmFAYS50ZXN0AGNvcnJlY3QgaG9yc2U=
AUTH PLAIN AGFubmFAYS50ZXN0AGNvcnJlY3QgaG9yc2U=|AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=|bm90aGluZw==
USER anna@a.test|USER|PASS wrong|PASS correct horse|RETR|RETR 0|RETR 4294967296|RETR -1|TOP 1|TOP 1 99999999999|DELE 9
APOP anna x|HELP"""

FRAGMENTS = (
    st.sampled_from([command.encode() + b"\r\n" for command in re.split(r"[|\n]", COMMANDS)])
    | st.sampled_from([LOGIN, b"\r\n", b"\n", b"\r", b" ", b".\r\n", b"\x00", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n"])
    | st.sampled_from([b"\xff\xfe\r\n", b"USER \xc3\xa9\r\n", b"x" * 2000, b"y" * 20_000, b"RETR 1\r\n" * 30])
    | st.binary(max_size=12)
)
TALK = st.builds(
    lambda start, pieces: start + b"".join(pieces), st.sampled_from([b"", LOGIN, LOGIN, LOGIN]), st.lists(FRAGMENTS, max_size=25)
)
SAYS = st.tuples(TALK, st.lists(st.integers(0, 30_000), max_size=6))
TURN = st.one_of(SAYS.map(lambda one: [one]), st.tuples(SAYS, SAYS).map(list))
Say = tuple[bytes, list[int]]


@given(st.lists(FRAGMENTS, max_size=20), st.lists(st.integers(1, 50), max_size=10))
@settings(max_examples=150, deadline=None, database=None)
def test_the_grammar_answers_anything(pieces: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(pieces)
    found: list[list[object]] = []
    for steps in ([len(octets)], cuts):
        lines, said, at = Lines(1024), [], 0
        for step in [*steps, len(octets)]:
            lines.feed(octets[at : at + step])
            at += step
            while (line := lines.next()) is not None:
                try:
                    said.append(str(line) if isinstance(line, BadLine) else parse(line))
                except BadLine as error:
                    said.append(str(error))
        assert lines.buffered <= 1024
        found.append(said)
    assert found[0] == found[1]


async def talk(door: Listener, said: bytes, cuts: list[int]) -> bytes:
    """Say it in segments, hang up our half, read to the end."""
    reader, writer = await in_process(door.connection)

    async def say() -> None:
        edges = sorted({0, len(said), *(cut % (len(said) + 1) for cut in cuts)})
        with contextlib.suppress(RuntimeError, ConnectionError):  # the server may have hung up first, as after QUIT
            for start, end in pairwise(edges):
                writer.write(said[start:end])
                await asyncio.sleep(0)
            writer.write_eof()

    try:
        _, heard = await asyncio.gather(say(), asyncio.wait_for(reader.read(), PATIENCE))
    except ConnectionError:
        return b""
    finally:
        writer.close()
    assert heard.startswith(b"+OK ") and heard.endswith(b"\r\n"), heard[-200:]
    assert heard.count(b"\n") == heard.count(b"\r\n")
    return heard


@dataclass(slots=True)
class Door:
    """A door that lives through many conversations, on a loop that runs while one is held."""

    listener: Listener
    run: Callable[[Awaitable[None]], None]
    complaints: list[LogRecord]
    fill: Callable[[], Awaitable[None]]
    rounds: int = 0

    async def _round(self, says: list[Say]) -> None:
        if self.rounds % 10 == 0:
            await self.fill()
        await asyncio.gather(*(talk(self.listener, *one) for one in says))
        self.rounds += 1
        await given_back(self.listener)
        heard = await talk(self.listener, LOGIN + b"STAT\r\nQUIT\r\n", [])
        answers = heard.split(b"\r\n")
        assert len(answers) == 6 and all(answer.startswith(b"+OK") for answer in answers[:5]), heard
        await given_back(self.listener)
        assert self.listener.limits.now == 0

    def check(self, says: list[Say]) -> None:
        self.run(self._round(says))
        assert [(record.getMessage(), record.exc_info) for record in self.complaints] == []


async def fill(imap: Listener) -> None:
    """Three messages more."""
    reader, writer = await in_process(imap.connection)
    writer.write(b'l LOGIN anna@a.test "correct horse"\r\n')
    for number, content in enumerate((b"Subject: x\r\n\r\n.dot\r\n", b"bare\nlf", b"y" * 300_000)):
        writer.write(b"a%d APPEND INBOX {%d+}\r\n%b\r\n" % (number, len(content), content))
    writer.write(b"z LOGOUT\r\n")
    heard = await reader.read()
    writer.close()
    assert heard.count(b" OK [APPENDUID") == 3, heard


@pytest.fixture
def door(real: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    site = django_settings.SITE
    monkeypatch.setattr(django_settings, "SITE", replace(site, access=replace(site.access, lockout_failures=1_000_000)))
    a_mailbox("anna@a.test")
    with errors() as complaints, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stack = contextlib.AsyncExitStack()

        async def begin() -> tuple[Listener, Listener]:
            """The door, and one to bring mail in by; both stay, as each has connections to the database."""
            return await stack.enter_async_context(pop3_listener()), await stack.enter_async_context(imap_listener())

        async def wait(work: Awaitable[None]) -> None:
            await work

        door, imap = runner.run(begin())
        yield Door(door, lambda work: runner.run(wait(work)), complaints, lambda: fill(imap))
        runner.run(stack.aclose())
    arrivals.drain(5)  # its packs are of this database


def test_short(door: Door) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(TURN)
    def once(says: list[Say]) -> None:
        door.check(says)

    once()
    assert door.rounds >= 40


def test_corpus(door: Door) -> None:
    seeds = sorted(CORPUS.glob("*"))
    assert seeds
    for seed in seeds:
        said = seed.read_bytes()
        door.check([(said, [])])
        door.check([(said, [1, 2, 3, *range(0, len(said), 7)]), (said, [len(said) // 2])])


@pytest.mark.fuzz
def test_long(door: Door) -> None:
    until = time.monotonic() + 60 * float(os.environ.get("MINUTES", "1"))

    @settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(TURN)
    def once(says: list[Say]) -> None:
        if time.monotonic() < until:
            door.check(says)

    while time.monotonic() < until:
        once()
    assert door.rounds > 0
