"""How fast the SMTP door itself is: 5 KB transactions against a spine that takes everything at once.

    python -m benchmarks.smtp_null [--seconds 3] [--connections 10] [--size 5000]

The server runs in a process of its own; the figure is transactions per second of *its* CPU time, so that neither the
client nor the number of cores counts. The envelope goes as one pipelined group, as real senders do it.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import socket
import time
from typing import Any

import uvloop

from mailplatform.mailflow.transaction import Accepted, Disposition, Recipient, Transaction
from mailplatform.runtime.spool import Room, Spooled
from mailplatform.standards.address import Path
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.service import tune_collector
from protocols.smtp.roles import MX, Limits
from protocols.smtp.session import SmtpSession
from protocols.smtp.spine import Spine

ENVELOPE = b"MAIL FROM:<sender@example.org> BODY=8BITMIME SIZE=5000\r\nRCPT TO:<u1@a.test>\r\nDATA\r\n"


def null_spine() -> Spine:
    """Knows everybody, takes everything."""
    number = 0

    def new_id(_at: object) -> str:
        nonlocal number
        number += 1
        return f"{number:020x}"

    async def admit(path: Path, _transaction: Transaction) -> Recipient:
        return Recipient(str(path), Disposition.LOCAL)

    def known(path: Path, _transaction: Transaction) -> Recipient:
        return Recipient(str(path), Disposition.LOCAL)

    async def deliver(transaction: Transaction, spooled: Spooled) -> Accepted:
        spooled.read()
        return Accepted(transaction.trace_id, 1, 0)

    return Spine(new_id, admit, deliver, known)


def server(sock: socket.socket, report: Any) -> None:
    """Serve until the parent says stop; report CPU seconds."""

    async def run() -> None:
        listener = Listener(
            "smtp",
            lambda opened: SmtpSession(opened, MX, limits, spine, room, "mx.example.test"),
            limits=Connections(5000, 5000),
        )
        await listener.listen([sock])
        before = resource.getrusage(resource.RUSAGE_SELF)
        await asyncio.get_running_loop().run_in_executor(None, report.recv)
        after = resource.getrusage(resource.RUSAGE_SELF)
        report.send(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        await listener.drain(1)

    limits, spine, room = Limits(transactions=10**9), null_spine(), Room()
    tune_collector()
    uvloop.run(run())


class Client(asyncio.Protocol):
    """One connection in lock step: a group, its replies, the message, its reply."""

    def __init__(self, message: bytes, until: float) -> None:
        self.message, self.until = message, until
        self.sent = self.waiting = 0
        self.done = asyncio.get_running_loop().create_future()
        self.greeted = self.in_data = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.greeted:
            if data.startswith(b"220"):
                self.transport.write(b"EHLO bench.test\r\n")
                return
            self.greeted = True
            self._next()
            return
        self.waiting -= data.count(b"\n")
        if data[0:1] not in b"23":
            raise AssertionError(data)
        if self.waiting == 0:
            if self.in_data:
                self.sent += 1
                self._next()
            else:
                self.in_data, self.waiting = True, 1
                self.transport.write(self.message)

    def _next(self) -> None:
        if time.monotonic() > self.until:
            self.transport.close()
            self.done.set_result(None)
            return
        self.in_data, self.waiting = False, 3
        self.transport.write(ENVELOPE)


def measure(connections: int, seconds: float, size: int) -> tuple[float, float, float]:
    """(transactions a second, transactions a second of server CPU, cores the server used)."""
    sock = socket.create_server(("127.0.0.1", 0))
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=server, args=(sock, theirs))
    process.start()
    line = b"0123456789abcdefghijklmnopqrstuvwxyz 0123456789abcdefghijklm\r\n"
    message = (b"Subject: bench\r\nFrom: a@example.org\r\n\r\n" + line * (size // len(line))) + b".\r\n"

    async def run() -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        began = time.monotonic()
        clients = []
        for _ in range(connections):
            _, client = await loop.create_connection(lambda: Client(message, began + seconds), *sock.getsockname())
            clients.append(client)
        await asyncio.gather(*(client.done for client in clients))
        return sum(client.sent for client in clients), time.monotonic() - began

    sent, wall = uvloop.run(run())
    ours.send("stop")
    cpu = float(ours.recv())
    process.join()
    return sent / wall, sent / cpu, cpu / wall


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--connections", type=int, nargs="*", default=[1, 10, 50])
    options.add_argument("--size", type=int, default=5000)
    args = options.parse_args()
    print(f"SMTP door, null spine, {args.size} octets, {os.cpu_count()} cores")
    for connections in args.connections:
        rate, per_cpu, cores = measure(connections, args.seconds, args.size)
        print(f"{connections:5d} connections  {rate:9.0f}/s  {per_cpu:9.0f}/s a core  ({cores:.2f} cores)")


if __name__ == "__main__":
    main()
