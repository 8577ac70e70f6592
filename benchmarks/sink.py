"""Mail exchangers for measuring: one fast process that takes everything, or misbehaves by the address it was called at.

    python -m benchmarks.sink PORT 127.0.0.2=take 127.0.0.3=later …

take: everything, at once; later: 451 to each recipient; slow: each reply after 20 seconds; silent: not even a greeting. On
standard input, `count` is answered by the number of messages and the time of the last one, `domains` by a JSON object of the
time of each recipient domain's last message.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvloop

from benchmarks.instance import ROOT

TARPIT = 20.0
_READY = {b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}
_OK = b"250 ok\r\n"


class Exchanger(asyncio.Protocol):
    """One connection. `taken`, `last`, `domains` are of all of them."""

    taken = 0
    last = 0.0
    domains: dict[str, float] = {}

    def __init__(self, way: str) -> None:
        self._way = way
        self._held = b""
        self._in_data = self._over = False
        self._recipients: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        if self._way != "silent":
            self._say(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        held = self._held + data
        said: list[bytes] = []
        while not self._over:
            end = held.find(b"\r\n.\r\n" if self._in_data else b"\r\n")
            if end < 0:
                break
            if self._in_data:
                held = held[end + 5 :]
                self._take()
                said.append(_OK)
            else:
                said.append(self._command(held[:end]))
                held = held[end + 2 :]
        self._held = held
        if said:
            self._say(b"".join(said))
        if self._over:
            self._transport.close()

    def _command(self, line: bytes) -> bytes:
        word = line[:4].upper()
        if word == b"RCPT":
            if self._way == "later":
                return b"451 4.2.1 not now\r\n"
            self._recipients.append(line[line.rfind(b"@") + 1 : line.find(b">")].decode())
        elif word == b"DATA":
            if not self._recipients:
                return b"503 nobody\r\n"
            self._in_data = True
        elif word == b"RSET":
            self._recipients = []
        self._over = word == b"QUIT"
        return _READY.get(word, _OK)

    def _take(self) -> None:
        self._in_data = False
        Exchanger.taken += 1
        Exchanger.last = now = time.time()
        for domain in self._recipients:
            Exchanger.domains[domain] = now
        self._recipients = []

    def _say(self, words: bytes) -> None:
        if self._way == "slow":
            asyncio.get_running_loop().call_later(TARPIT, self._write, words)
        else:
            self._transport.write(words)

    def _write(self, words: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(words)


def _answer() -> None:
    line = sys.stdin.readline()
    if not line:
        asyncio.get_running_loop().stop()
        return
    told = json.dumps(Exchanger.domains) if line.strip() == "domains" else f"{Exchanger.taken} {Exchanger.last!r}"
    print(told, flush=True)


async def _serve(port: int, ways: Mapping[str, str]) -> None:
    loop = asyncio.get_running_loop()
    for address, way in ways.items():
        await loop.create_server(partial(Exchanger, way), address, port, backlog=1000)
    loop.add_reader(0, _answer)
    print("ready", flush=True)
    await loop.create_future()


class Sink:
    """The process, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _ask(self, word: str) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def count(self) -> tuple[int, float]:
        """Messages so far, and when the last one came (time.time)."""
        number, last = self._ask("count").split()
        return int(number), float(last)

    def domains(self) -> dict[str, float]:
        """When the last message for each recipient domain came."""
        found: dict[str, float] = json.loads(self._ask("domains"))
        return found

    def wait(self, number: int, seconds: float) -> float:
        """Until so many have come; when the last one came. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while True:
            taken, last = self.count()
            if taken >= number:
                return last
            if time.monotonic() > until:
                raise TimeoutError(f"{taken} of {number} messages after {seconds:.0f} s")
            time.sleep(0.05)


@contextmanager
def a_sink(port: int, ways: Mapping[str, str]) -> Iterator[Sink]:
    """One that listens at these addresses."""
    command = [sys.executable, "-m", "benchmarks.sink", str(port), *(f"{address}={way}" for address, way in ways.items())]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n", "the sink does not start"
        try:
            yield Sink(process)
        finally:
            process.terminate()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), dict(way.split("=") for way in sys.argv[2:])))
