"""A mail exchanger on loopback that behaves as badly as a test wants, and remembers what it was told.

Its answers are a script: `mx.say["RCPT"] = [451, 451, 250]` answers RCPT with these codes in turn, the last one for ever;
a text is sent as it is, `HANG` says nothing for ever, `CLOSE` hangs up instead, a callable gets the argument. Stages are
GREETING, EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA, DOT, RSET, QUIT. Nothing here is of the product: it reads lines.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Act:
    """Something else than an answer."""

    name: str


HANG, CLOSE, FLOOD, RESET = Act("hang"), Act("close"), Act("flood"), Act("reset")
Line = int | str | bytes | Act
Answer = Line | Callable[[str], Line]
USUAL = {"GREETING": "220 mx.test ESMTP", "DATA": 354, "QUIT": 221, "STARTTLS": 220, "AUTH": 235}


@dataclass
class Taken:
    """One message that was answered 2xx at its end."""

    reverse_path: str
    forward_paths: list[str]
    content: bytes
    tls: bool
    connection: int


@dataclass
class FakeMx:
    """`async with FakeMx() as mx:` then `mx.port`. extensions: what EHLO offers. context: a server TLS context for STARTTLS."""

    extensions: Sequence[str] = ("PIPELINING", "8BITMIME", "SIZE 1000000")
    context: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    implicit: bool = False
    name: str = "mx.test"
    say: dict[str, Sequence[Answer]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    living: int = 0
    most_living: int = 0
    port: int = 0
    shook_hands: list[str] = field(default_factory=list)
    reached: Counter[str] = field(default_factory=Counter)

    async def __aenter__(self) -> FakeMx:
        tls = self.context if self.implicit else None
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self._moved = asyncio.Event()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def at(self, stage: str, times: int = 1) -> None:
        """Wait until the stage was reached so often."""
        while self.reached[stage] < times:
            self._moved.clear()
            await self._moved.wait()

    async def emptied(self) -> None:
        """Wait until no connection is left."""
        while self.living:
            self._moved.clear()
            await self._moved.wait()

    def next(self, stage: str, argument: str) -> Line:
        self.reached[stage] += 1
        self._moved.set()
        script = self.say.get(stage)
        if not script:
            return self._usual(stage)
        answer = script[min(self.reached[stage], len(script)) - 1]
        return answer(argument) if callable(answer) else answer

    def _usual(self, stage: str) -> Line:
        if stage == "EHLO":
            offers = [*self.extensions, *(["STARTTLS"] if self.context and not self.implicit else [])]
            return "\r\n".join(f"250{'-' if n < len(offers) else ' '}{word}" for n, word in enumerate([self.name, *offers]))
        return USUAL.get(stage, 250)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.living += 1
        self.most_living = max(self.living, self.most_living)
        try:
            await _Session(self, reader, writer, self.connections).run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError, asyncio.LimitOverrunError):
            pass
        finally:
            self.living -= 1
            self._moved.set()
            self._tasks.discard(task)
            writer.transport.abort()


class _Hung(ConnectionError):
    """It was told to close."""


class _Session:
    def __init__(self, mx: FakeMx, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.mx, self.reader, self.writer, self.number = mx, reader, writer, number
        self.tls = mx.implicit
        self.in_mail = False
        self.reverse_path, self.forward_paths = "", []

    async def run(self) -> None:
        await self.answer("GREETING", "")
        while line := (await self.reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
            self.mx.commands.append(line)
            verb, _, argument = line.partition(" ")
            verb = verb.upper()
            if (verb == "RCPT" and not self.in_mail) or (verb == "DATA" and not self.forward_paths):
                self.writer.write(b"503 not now\r\n")
                continue
            code = await self.answer(verb, argument)
            if verb in ("MAIL", "EHLO", "HELO", "RSET"):
                self.in_mail = verb == "MAIL" and 200 <= code < 300
                self.reverse_path, self.forward_paths = argument[6:].partition(">")[0], []
            if verb == "RCPT" and 200 <= code < 300:
                self.forward_paths.append(argument[4:].partition(">")[0])
            elif verb == "STARTTLS" and code == 220 and self.mx.context is not None:
                await self.writer.start_tls(self.mx.context)
                self.tls = True
            elif verb == "AUTH" and code == 334:
                while code == 334:
                    self.mx.commands.append((await self.reader.readline()).decode().strip())
                    code = await self.answer("AUTH", self.mx.commands[-1])
            elif verb == "DATA" and code == 354:
                await self.data()
            elif verb == "QUIT":
                return

    async def data(self) -> None:
        content = bytearray()
        while True:
            line = await self.reader.readline()
            if not line:
                raise _Hung
            if line == b".\r\n":
                break
            content += line[1:] if line.startswith(b".") else line
        code = await self.answer("DOT", "")
        if 200 <= code < 300 and self.forward_paths:
            taken = Taken(self.reverse_path, self.forward_paths, bytes(content), self.tls, self.number)
            self.mx.taken.append(taken)
        self.in_mail = False
        self.forward_paths = []

    async def answer(self, stage: str, argument: str) -> int:
        said = self.mx.next(stage, argument)
        if said == HANG:
            await asyncio.Event().wait()
        if said == CLOSE:
            raise _Hung
        if said == RESET:
            sock: Any = self.writer.get_extra_info("socket")
            sock.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER 0: a reset
            raise _Hung
        if said == FLOOD:
            with suppress(ConnectionError):
                while True:
                    self.writer.write((b"250-" + b"x" * 60 + b"\r\n") * 100)
                    await self.writer.drain()
                    await asyncio.sleep(0)
            raise _Hung
        if isinstance(said, bytes):
            self.writer.write(said)
            await self.writer.drain()
            return 0
        text = said if isinstance(said, str) else f"{said} {stage.lower()} says so"
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()
        return int(text[:3]) if text[:3].isdigit() else 0
