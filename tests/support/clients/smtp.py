"""A small SMTP client for tests: says exactly what it is told, so that it can also be told to be wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from protocols.smtp.wire.data import stuffed

SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: its code, its enhanced status code if it has one, and its lines without the code."""

    code: int
    lines: tuple[str, ...]

    @property
    def enhanced(self) -> str:
        word = self.lines[-1].partition(" ")[0]
        return word if word.count(".") == 2 and word.replace(".", "").isdigit() else ""

    def __str__(self) -> str:
        return f"{self.code} {self.lines[-1]}"


class SmtpClient:
    """One connection. Build it with `connect`, or on a reader and writer of your own and `greeting`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, host: str, port: int, *, ehlo: str | None = "client.test", tls: bool = False) -> SmtpClient:
        """Connect, read the greeting, say EHLO unless told not to."""
        client = cls(*await asyncio.open_connection(host, port, ssl=insecure() if tls else None))
        await client.answer()
        if ehlo:
            await client.command(f"EHLO {ehlo}")
        return client

    async def answer(self) -> Answer:
        """The next reply. Raises ConnectionResetError when the server hung up."""
        lines = []
        while True:
            line = await asyncio.wait_for(self.reader.readline(), SECONDS)
            if not line.endswith(b"\r\n"):
                raise ConnectionResetError(f"the server hung up after {line!r}")
            text = line[:-2].decode("ascii")
            lines.append(text[4:])
            if text[3:4] != "-":
                return Answer(int(text[:3]), tuple(lines))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def command(self, line: str) -> Answer:
        self.send(line.encode() + b"\r\n")
        return await self.answer()

    async def group(self, *lines: str) -> list[Answer]:
        """Commands in one write (RFC 2920) and their replies."""
        self.send(b"".join(line.encode() + b"\r\n" for line in lines))
        return [await self.answer() for _ in lines]

    async def start_tls(self) -> Answer:
        answer = await self.command("STARTTLS")
        if answer.code == 220:
            await self.writer.start_tls(insecure())
        return answer

    async def deliver(self, reverse_path: str, forward_paths: Sequence[str], message: bytes, params: str = "") -> list[Answer]:
        """A whole transaction, pipelined; the replies to MAIL, each RCPT, DATA, and the end of data when it came so far."""
        mail = f"MAIL FROM:<{reverse_path}>" + (f" {params}" if params else "")
        answers = await self.group(mail, *(f"RCPT TO:<{path}>" for path in forward_paths), "DATA")
        if answers[-1].code == 354:
            self.send(stuffed(message))
            answers.append(await self.answer())
        return answers

    async def quit(self) -> Answer:
        answer = await self.command("QUIT")
        await self.close()
        return answer

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass


def insecure() -> ssl.SSLContext:
    """A client context that takes the self-signed certificate of a test."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
