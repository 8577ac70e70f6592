"""Any bytes on the IMAP port, over a real database: answers of IMAP or a clean end, never a traceback, never a hung session.

Commands that are good in some state, in any order, mixed with octets that are good in none, cut into segments at will; now and
then two clients of one mailbox at once. Every answer is read strictly. `make fuzz` runs `test_long` for minutes; the short one
is part of the suite. Seeds, and what once broke something, stand in corpus/imap_session/ and are played each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
import uvloop
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.common.listener import Listener
from tests.support.clients.imap_answers import untagged
from tests.support.imap_door import a_mailbox, imap_listener
from tests.transcripts.runner import in_process

CORPUS = Path(__file__).parent / "corpus" / "imap_session"
LOGIN = b'l LOGIN anna@a.test "correct horse"\r\n'
SELECT = b"s SELECT INBOX (CONDSTORE)\r\n"
PATIENCE = 60.0
"""Seconds after which a session is stuck; a busy machine alone may take a dozen."""
LITERAL = re.compile(rb"\{([0-9]+)\}\r\n\Z")
PART = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n"
    b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--b--\r\n"
)

COMMANDS = """\
CAPABILITY|NOOP|CHECK|CLOSE|UNSELECT|EXPUNGE|STARTTLS|IDLE|DONE|NAMESPACE|ID NIL|ID ("name" "fuzz" "version" NIL)
ENABLE CONDSTORE|SELECT INBOX|SELECT inbox (CONDSTORE)|EXAMINE INBOX|SELECT Trash|SELECT Nowhere|EXAMINE Archive
SELECT Work/Plans|SELECT "" (QRESYNC (1 1))|CREATE Work/Plans|CREATE Work/|CREATE &AOQ-|CREATE INBOX|CREATE "a*b"
CREATE x (USE (\\Sent))|DELETE Work/Plans|DELETE Work|DELETE INBOX|RENAME Work/Plans Work/Other|RENAME Work Play
RENAME Play Work|RENAME INBOX Old|DELETE Old|RENAME x x|SUBSCRIBE Work|UNSUBSCRIBE Junk|LIST "" "*"|LIST "" %|LIST "" ""
LIST (SUBSCRIBED RECURSIVEMATCH) "" (% "W*") RETURN (CHILDREN STATUS (MESSAGES RECENT HIGHESTMODSEQ))
LIST (SPECIAL-USE) "" "*" RETURN (SUBSCRIBED SPECIAL-USE)|LSUB "" "%"|LSUB Work "/*"
STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)|STATUS Trash (HIGHESTMODSEQ SIZE DELETED APPENDLIMIT)
STATUS INBOX (MAILBOXID)|GETQUOTAROOT INBOX|GETQUOTA ""|SETQUOTA "" (STORAGE 1)|FETCH 1:* (UID FLAGS MODSEQ)|FETCH * FULL
FETCH 1 (BODYSTRUCTURE ENVELOPE BODY)|UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)|FETCH 1:3 BODY[]
FETCH 1:* (BODY.PEEK[HEADER.FIELDS (Subject)] BODY[TEXT]<0.3> BODY[2.HEADER] BODY[2.1] BODY[1.MIME] BODY[9])
FETCH 4294967295 UID|UID FETCH 1:* RFC822.HEADER|FETCH 2,1 (RFC822 RFC822.TEXT)
UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)|STORE 1:* +FLAGS (\\Deleted $Fuzz)|STORE 1 FLAGS ()
UID STORE 1:* -FLAGS.SILENT (\\Deleted \\Seen)|STORE 1 +FLAGS (\\Recent)
STORE 1:* (UNCHANGEDSINCE 3) FLAGS.SILENT (\\Answered)|UID STORE * (UNCHANGEDSINCE 99999999) +FLAGS \\Flagged|COPY 1:* Archive
COPY 1 INBOX|UID COPY 1:* Nowhere|MOVE 1 Trash|UID MOVE 1:* INBOX|MOVE 1:2 Nowhere|UID EXPUNGE 1:5|SEARCH ALL
SEARCH RETURN () NOT (OR SEEN (DELETED UNKEYWORD $Fuzz))|UID SEARCH RETURN (MIN MAX COUNT) MODSEQ 2|SEARCH RECENT 1:*
SEARCH CHARSET UTF-8 TEXT "x" SINCE 1-Jan-2020 SENTBEFORE 1-Jan-2030|SEARCH CHARSET X ALL
SEARCH BODY one LARGER 1 SMALLER 99999 UID 1:*|SEARCH HEADER Subject x FROM "" NOT NEW OLD ON 24-Nov-2026|LOGOUT|UID NOOP
FETCH|AUTHENTICATE PLAIN|AUTHENTICATE PLAIN =|AUTHENTICATE X|*|AGFubmFAYS50ZXN0AGNvcnJlY3QgaG9yc2U="""

MESSAGES = [b"", b"a: b", PART, b"\x00\xff\r", b"Subject: x\r\n\r\n" + b"y" * 3000]
FRAGMENTS = (
    st.sampled_from([b"t " + command.encode() + b"\r\n" for command in re.split(r"[|\n]", COMMANDS)])
    | st.sampled_from([b"a APPEND INBOX (\\Seen $Fuzz) {%d+}\r\n%b\r\n" % (len(one), one) for one in MESSAGES])
    | st.sampled_from([b"a APPEND Trash {%d}\r\n%b\r\n" % (len(one), one) for one in MESSAGES])
    | st.sampled_from([LOGIN, SELECT, b"DONE\r\n", b"*\r\n", b"l LOGIN {11}\r\nanna@a.test {13+}\r\ncorrect horse\r\n"])
    | st.sampled_from(
        [b"\r\n", b"\n", b"\r", b"a ", b"a APPEND INBOX {99999999+}\r\nx", b"a LOGIN {5000000}\r\n", b"{3+}\r\n", b"("]
    )
    | st.sampled_from([b'"', b"\\", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n", b"\xff\x00", b"x" * 700, b"z" * 70_000])
    | st.binary(max_size=12)
)
TALK = st.builds(
    lambda start, pieces: start + b"".join(pieces),
    st.sampled_from([b"", LOGIN, LOGIN + SELECT, LOGIN + SELECT, LOGIN + SELECT]),
    st.lists(FRAGMENTS, max_size=25),
)
CUTS = st.lists(st.integers(0, 10_000), max_size=6)
SAYS = st.tuples(TALK, CUTS)
TURN = st.one_of(SAYS.map(lambda one: [one]), st.tuples(SAYS, SAYS).map(list))
Say = tuple[bytes, list[int]]


def check_answers(heard: bytes) -> None:
    """Read everything the server said, strictly."""
    at = 0
    while at < len(heard):
        answer = b""
        while True:
            end = heard.find(b"\r\n", at) + 2
            assert end > 1, f"no line: {heard[at : at + 80]!r}"
            answer += heard[at:end]
            at = end
            literal = LITERAL.search(answer)
            if literal is None:
                break
            size = int(literal[1])
            assert at + size <= len(heard), "a literal is cut off"
            answer += heard[at : at + size]
            at += size
        if answer.startswith(b"+ "):
            continue
        lead, _, rest = answer[:-2].partition(b" ")
        if lead != b"*":  # a tag of any form: read the rest as an untagged status
            assert rest.startswith((b"OK ", b"NO ", b"BAD ")), answer
        untagged(b"* " + rest)


async def talk(door: Listener, said: bytes, cuts: list[int]) -> None:
    """Say it in segments, hang up our half, read to the end."""
    reader, writer = await in_process(door.connection)

    async def say() -> None:
        edges = sorted({0, len(said), *(cut % (len(said) + 1) for cut in cuts)})
        # The server may have hung up first, as after LOGOUT; what it said until then is read all the same.
        with contextlib.suppress(RuntimeError, ConnectionError):
            for start, end in pairwise(edges):
                writer.write(said[start:end])
                await asyncio.sleep(0)
            writer.write_eof()

    try:
        _, heard = await asyncio.gather(say(), asyncio.wait_for(reader.read(), PATIENCE))
    except ConnectionError:
        return
    finally:
        writer.close()
    check_answers(heard)


@dataclass(slots=True)
class Door:
    """A door that lives through many conversations, on a loop that runs while one is held."""

    listener: Listener
    run: Callable[[Awaitable[None]], None]
    complaints: list[logging.LogRecord]
    rounds: int = 0

    async def _round(self, says: list[Say]) -> None:
        await asyncio.gather(*(talk(self.listener, *one) for one in says))
        self.rounds += 1
        emptied = b"e STORE 1:* +FLAGS.SILENT (\\Deleted)\r\nx EXPUNGE\r\n" if self.rounds % 20 == 0 else b""
        reader, writer = await in_process(self.listener.connection)
        writer.write(LOGIN + SELECT + emptied + b"z LOGOUT\r\n")
        heard = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
        assert heard.endswith(b"z OK LOGOUT completed\r\n"), heard[-300:]
        for _ in range(200):
            if not self.listener.connections:
                break
            await asyncio.sleep(0.005)
        assert not self.listener.connections
        assert self.listener.limits.now == 0

    def check(self, says: list[Say]) -> None:
        self.run(self._round(says))
        assert [(record.getMessage(), record.exc_info) for record in self.complaints] == []


@pytest.fixture
def door(real: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    site = django_settings.SITE
    access = replace(site.access, lockout_failures=1_000_000)
    monkeypatch.setattr(django_settings, "SITE", replace(site, access=access))
    a_mailbox("anna@a.test")
    with errors() as complaints, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stack = contextlib.AsyncExitStack()

        async def begin() -> Listener:
            return await stack.enter_async_context(imap_listener(tick_seconds=0.5))

        async def wait(work: Awaitable[None]) -> None:
            await work

        yield Door(runner.run(begin()), lambda work: runner.run(wait(work)), complaints)
        runner.run(stack.aclose())


@contextlib.contextmanager
def errors() -> Iterator[list[logging.LogRecord]]:
    """What is logged as an error meanwhile, asyncio's own complaints included."""
    complaints: list[logging.LogRecord] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = complaints.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield complaints
    finally:
        logging.getLogger().removeHandler(handler)


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
