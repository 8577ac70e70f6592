r"""Plays a transcript: what a client says, what the server must answer, line by line. Knows no protocol.

A transcript is a text file, read once as documentation and run as a test:

    # a comment; empty lines are for the eye
    S: 220 $host ESMTP                  the server's next line; `$host` is captured (no spaces), later uses must be equal
    C: EHLO client.test                 sent with CRLF; `$name` in it is what was captured
    S: 250-$(host) greets $client       `$(name)` where a letter follows
    S: 250 2.0.0 Ok: $trace:[0-9a-z]+   a capture with a pattern of its own (up to the next space; the pattern has no groups)
    S: 250 $...                         `$...` is any text
    S*: * FLAGS $...                    consecutive `S*:` lines may come in any order
    S+: * 3 EXISTS                      skip the server's lines until this one
    C= b"DATA\r\n" + b"x" * 900         exact bytes, Python literals, + and * (no substitution)
    C[b]: NOOP                          another session; opened at its first mention (so are `S[b]:`, `!b`)
    ! action words …                    an action that the test passed in; `! [b] action` for a session
    ! closed                            built in: the server has closed · close, half-close: the client does
    ! starttls                          built in: the client side of a TLS handshake begins now

Captured names are lower-case letters, digits and `_`, so IMAP's `$Forwarded` means itself.
Comparison is on bytes decoded as latin-1.
"""

from __future__ import annotations

import ast
import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 5.0
_LINE = re.compile(r"(?P<who>[CS][*+=]?)(?:\[(?P<session>\w+)\])?(?P<mark>:|(?<==)) ?(?P<text>.*)\Z")
_ACTION = re.compile(r"! *(?:\[(?P<session>\w+)\] *)?(?P<text>.+)\Z")
_NAME = re.compile(r"\$(?:\((?P<quoted>[a-z][a-z0-9_]*)\)|(?P<plain>[a-z][a-z0-9_]*)(?::(?P<pattern>[^ ]+))?|(?P<any>\.\.\.))")

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[str], Awaitable[Wire]]
Action = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a transcript: who (C, S, S*, S+, C=, !), in which session, what; and where it stands."""

    who: str
    session: str
    text: str
    where: str


class Mismatch(AssertionError):
    """The server said something else."""


def read(text: str, name: str = "transcript") -> list[Step]:
    """The steps of a transcript. Raises ValueError on a line that is none."""
    steps = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        if found := _ACTION.match(line):
            steps.append(Step("!", found["session"] or "", found["text"].strip(), where))
        elif found := _LINE.match(line):
            steps.append(Step(found["who"], found["session"] or "", found["text"], where))
        else:
            raise ValueError(f"{where}: not a line of a transcript: {line!r}")
    return steps


def pattern(text: str, known: Mapping[str, str]) -> re.Pattern[str]:
    """The regular expression that a server's line must match; unknown names become its groups."""
    out, at, new = [], 0, set()
    for found in _NAME.finditer(text):
        out.append(re.escape(text[at : found.start()]))
        at = found.end()
        name = found["quoted"] or found["plain"]
        if found["any"]:
            out.append(".*")
        elif name in known:
            out.append(re.escape(known[name]))
        elif name in new:
            out.append(f"(?P={name})")
        else:
            new.add(name)
            out.append(f"(?P<{name}>{found['pattern'] or '[^ ]+?'})")
    out.append(re.escape(text[at:]))
    return re.compile("".join(out) + r"\Z", re.DOTALL)


def substituted(text: str, known: Mapping[str, str], where: str) -> str:
    """A client's line with what was captured put in."""

    def value(found: re.Match[str]) -> str:
        name = found["quoted"] or found["plain"]
        if name not in known:
            raise ValueError(f"{where}: ${name} was never captured")
        return known[name] + (f":{found['pattern']}" if found["pattern"] else "")

    return _NAME.sub(value, text)


def octets(text: str) -> bytes:
    """The bytes of a `C=` line. Raises ValueError when it is more than literals, sums and repetitions."""

    def value(node: ast.expr) -> bytes:
        match node:
            case ast.Constant(bytes() as found):
                return found
            case ast.BinOp(left, ast.Add(), right):
                return value(left) + value(right)
            case ast.BinOp(left, ast.Mult(), ast.Constant(int() as times)):
                return value(left) * times
        raise ValueError(f"not octets: {text}")

    return value(ast.parse(text.strip(), mode="eval").body)


class Player:
    """Plays one transcript. `variables` holds what was captured, and may hold values before it starts."""

    def __init__(
        self, connect: Connect, variables: Mapping[str, str] | None = None, actions: Mapping[str, Action] | None = None
    ) -> None:
        self._connect = connect
        self._actions = dict(actions or {})
        self._wires: dict[str, Wire] = {}
        self.variables: dict[str, str] = dict(variables or {})

    async def play(self, steps: list[Step]) -> dict[str, str]:
        """Play all steps; the captures. Raises Mismatch with the place, what was expected and what came."""
        try:
            at = 0
            while at < len(steps):
                group = [steps[at]]
                while steps[at].who == "S*" and at + len(group) < len(steps) and self._joins(steps[at + len(group)], group):
                    group.append(steps[at + len(group)])
                at += len(group)
                await self._step(group)
        finally:
            for _, writer in self._wires.values():
                writer.close()
        return self.variables

    @staticmethod
    def _joins(step: Step, group: list[Step]) -> bool:
        return step.who == "S*" and step.session == group[0].session

    async def _step(self, group: list[Step]) -> None:
        step = group[0]
        if step.who == "!":
            await self._act(step)
            return
        reader, writer = await self._wire(step.session)
        if step.who == "C":
            writer.write(substituted(step.text, self.variables, step.where).encode("utf-8") + b"\r\n")
        elif step.who == "C=":
            writer.write(octets(step.text))
        elif step.who == "S":
            self._match(step, await self._line(reader, step))
        elif step.who == "S+":
            seen = []
            while not self._matches(step, line := await self._line(reader, step, seen)):
                seen.append(line)
        else:
            await self._any_order(group, reader)

    async def _any_order(self, group: list[Step], reader: asyncio.StreamReader) -> None:
        left = list(group)
        while left:
            line = await self._line(reader, left[0])
            for step in left:
                if self._matches(step, line):
                    left.remove(step)
                    break
            else:
                wanted = " | ".join(repr(step.text) for step in left)
                raise Mismatch(f"{left[0].where}: expected one of {wanted}\n got {line!r}")

    async def _line(self, reader: asyncio.StreamReader, step: Step, seen: list[str] | None = None) -> str:
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\r\n"), SECONDS)
        except asyncio.IncompleteReadError as error:
            raise Mismatch(
                f"{step.where}: expected {step.text!r}\n the server closed after {error.partial!r}; seen {seen}"
            ) from None
        except TimeoutError:
            raise Mismatch(f"{step.where}: expected {step.text!r}\n the server says nothing; seen {seen}") from None
        return line[:-2].decode("latin-1")

    def _matches(self, step: Step, line: str) -> bool:
        found = pattern(step.text, self.variables).match(line)
        if found:
            self.variables.update(found.groupdict())
        return bool(found)

    def _match(self, step: Step, line: str) -> None:
        if not self._matches(step, line):
            raise Mismatch(f"{step.where}: expected {step.text!r}\n got {line!r}\n with {self.variables}")

    async def _act(self, step: Step) -> None:
        name, *words = substituted(step.text, self.variables, step.where).split()
        if name in self._actions:
            result = self._actions[name](*words)
            if isinstance(result, Awaitable):
                await result
            return
        reader, writer = await self._wire(step.session)
        match name:
            case "closed":
                rest = await asyncio.wait_for(reader.read(), SECONDS)
                if rest:
                    raise Mismatch(f"{step.where}: expected the end\n got {rest!r}")
            case "close":
                writer.close()
            case "half-close":
                writer.write_eof()
            case "starttls":
                context = ssl.create_default_context()
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                await writer.drain()
                await asyncio.wait_for(writer.start_tls(context, server_hostname=words[0] if words else None), SECONDS)
            case _:
                raise ValueError(f"{step.where}: no action {name!r}")

    async def _wire(self, session: str) -> Wire:
        if session not in self._wires:
            self._wires[session] = await self._connect(session)
        return self._wires[session]


async def in_process(factory: Callable[[], asyncio.Protocol]) -> Wire:
    """A client's reader and writer, connected to a server protocol in this process over a socketpair."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(factory, theirs)
    return await asyncio.open_connection(sock=ours, limit=1 << 20)


async def play(
    path: Path | str, connect: Connect, variables: Mapping[str, str] | None = None, actions: Mapping[str, Action] | None = None
) -> dict[str, str]:
    """Play a file (Path) or a text (str)."""
    steps = read(path.read_text("utf-8"), path.name) if isinstance(path, Path) else read(path)
    return await Player(connect, variables, actions).play(steps)
