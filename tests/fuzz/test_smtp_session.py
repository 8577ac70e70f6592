"""Any bytes on the SMTP port: replies of SMTP or a clean end, never a traceback, never a session that hangs.

`make fuzz` runs `test_long` for minutes; the short one is part of the suite. Inputs are sequences of fragments that a
grammar-blind mutator would need years to find, cut into segments at will. Crashes once found stand in corpus/smtp/ and
are played each time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.common.listener import Listener
from protocols.smtp.roles import Limits
from tests.support.smtp_sink import Sink, listener
from tests.transcripts.runner import in_process

CORPUS = Path(__file__).parent / "corpus" / "smtp"
REPLY = re.compile(rb"(?:[2-5][0-5][0-9][ -][ -~]*\r\n)*\Z")
LIMITS = replace(Limits(), errors=5, recipients=5, message=5000, idle_commands=20, line=300, data_line=500, command_seconds=20.0)

FRAGMENTS = st.sampled_from(
    [line.encode() + b"\r\n" for line in (
        "EHLO x", "HELO x", "MAIL FROM:<a@b.test>", "MAIL FROM:<> SIZE=1", "MAIL FROM:<bug@b.test>", "RCPT TO:<u1@a.test>",
        "RCPT TO:<bug@a.test>", "RCPT TO:<unknown@a.test>", "DATA", ".", "RSET", "NOOP", "QUIT", "STARTTLS", "AUTH PLAIN AAA=",
        "BDAT 10 LAST", "VRFY x", "EXPN x", "HELP", "LHLO x", "GET / HTTP/1.1", "y" * 3000,
    )]
    + [b"\r", b"\n", b"\r\n", b"\r\n.\r\n", b".", b"\x00", b"\xff\xfe", b"\x16\x03\x01\x02\x00\x01", b"MAIL FROM:<", b"@"]
    + [b">", b" ", b'"', b"\\", b"SMTPUTF8", b"=", b"\xc3\xa9", b"x" * 400]
)  # fmt: skip
TALK = st.lists(FRAGMENTS | st.binary(max_size=12), max_size=25)


def mx() -> Listener:
    return listener(Sink(), limits=LIMITS)


async def survive(talk: bytes, cuts: list[int], make: Callable[[], Listener]) -> bytes:
    """Say it in segments, hang up our half, read to the end; what was answered."""
    door = make()
    reader, writer = await in_process(door.connection)
    edges = sorted({0, len(talk), *(cut % (len(talk) + 1) for cut in cuts)})
    try:
        for start, end in pairwise(edges):
            if not writer.is_closing():  # after QUIT the server has hung up
                writer.write(talk[start:end])
            await asyncio.sleep(0)
        if not writer.is_closing():
            writer.write_eof()
        heard = await asyncio.wait_for(reader.read(), 10)
    except (ConnectionError, RuntimeError):  # uvloop's word for a handle closed in between
        heard = b""
    writer.close()
    assert await door.drain(5) == 0
    assert not door.connections
    assert door.limits.now == 0
    return heard


def check(talk: bytes, cuts: list[int], make: Callable[[], Listener] = mx) -> None:
    complaints: list[logging.LogRecord] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = complaints.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        heard = uvloop.run(survive(talk, cuts, make))
    finally:
        logging.getLogger().removeHandler(handler)
    assert REPLY.match(heard), heard
    planted = [record for record in complaints if record.exc_info and isinstance(record.exc_info[1], ZeroDivisionError)]
    assert len(planted) == len(complaints), [record.getMessage() for record in complaints]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(TALK, st.lists(st.integers(0, 10_000), max_size=6))
def test_short(talk: list[bytes], cuts: list[int]) -> None:
    check(b"".join(talk), cuts)


@pytest.mark.parametrize("seed", sorted(CORPUS.glob("*")), ids=lambda path: path.name)
def test_corpus(seed: Path) -> None:
    talk = seed.read_bytes()
    check(talk, [])
    check(talk, list(range(len(talk))) if len(talk) < 2000 else [1, 2, 3, len(talk) // 2])


@pytest.mark.fuzz
def test_long() -> None:
    until = time.monotonic() + 60 * float(os.environ.get("MINUTES", "1"))

    @settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(TALK, st.lists(st.integers(0, 10_000), max_size=6))
    def once(talk: list[bytes], cuts: list[int]) -> None:
        if time.monotonic() < until:
            check(b"".join(talk), cuts)

    rounds = 0
    while time.monotonic() < until:
        once()
        rounds += 1
    assert rounds > 0
