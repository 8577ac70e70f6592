"""The world outside of a measured instance: a DNS server for its domains, and messages put in its queue before it is let go."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.instance import SITE, Instance, family, free_port_base, make_users
from tests.support.dns_server import DnsServer
from tests.support.messages import a_message

DOMAIN, PASSWORD, SENDERS = "bench.test", "pw", 8
TERMS = """
[dns]
servers = ["127.0.0.1:{dns}"]

[outbound]
port = {port}

[submission]
messages_per_hour = 0
messages_per_day = 0
recipients_per_hour = 0
recipients_per_day = 0

[supervisor]
hung_seconds = 3600  # the role stands still on purpose
"""


def free_port() -> int:
    """A port that nobody has at any loopback address."""
    with socket.create_server(("", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def a_world(domains: Mapping[str, str]) -> Iterator[int]:
    """A DNS server on loopback, in a thread, that knows these domains by their exchanger's address; its port."""
    server, ready, loop = DnsServer(ttl=3600), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        async with server:
            for name, address in domains.items():
                server.set(name, "MX", f"10 mx.{name}.")
                server.set(f"mx.{name}", "A", address)
            ready.set()
            await stopping.wait()

    stopping = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(20)
    yield server.address[1]
    loop.call_soon_threadsafe(stopping.set)
    thread.join(10)
    loop.close()


@contextmanager
def an_instance(dns: int, port: int, *, more: str = "", users: int = SENDERS) -> Iterator[Instance]:
    """One of ours whose mail for the outside goes to this port; more: further lines of site.toml."""
    with tempfile.TemporaryDirectory(prefix="mpmeasure", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        instance = Instance(Path(folder) / "home", free_port_base(), SITE + TERMS.format(dns=dns, port=port) + more)
        instance.up()
        try:
            make_users(instance.home, DOMAIN, users, PASSWORD)
            yield instance
        finally:
            instance.down()


@contextmanager
def halted(pids: Sequence[int]) -> Iterator[None]:
    """These processes do nothing meanwhile."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def submit(
    address: tuple[str, int],
    recipients: Sequence[str | Sequence[str]],
    *,
    size: int = 5000,
    sign_in: bool = True,
    senders: int = SENDERS,
) -> None:
    """One message of so many octets to each, or to several together, over a few connections; each is a user's of its own."""
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            _send(address, recipients[number::senders], f"u{number + 1}@{DOMAIN}", size, sign_in)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def _send(address: tuple[str, int], recipients: Sequence[str | Sequence[str]], user: str, size: int, sign_in: bool) -> None:
    with socket.create_connection(address) as sock, sock.makefile("rb") as file:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def hear(*codes: bytes) -> None:
            for code in codes:
                line = file.readline()
                while line[3:4] == b"-":
                    line = file.readline()
                assert line.startswith(code), line

        hear(b"220")
        sock.sendall(b"EHLO bench.test\r\n")
        hear(b"250")
        if sign_in:
            sock.sendall(b"AUTH PLAIN " + base64.b64encode(f"\0{user}\0{PASSWORD}".encode()) + b"\r\n")
            hear(b"235")
        for recipient in recipients:
            paths = [recipient] if isinstance(recipient, str) else recipient
            named = "".join(f"RCPT TO:<{path}>\r\n" for path in paths)
            sock.sendall(f"MAIL FROM:<{user}>\r\n{named}DATA\r\n".encode())
            hear(b"250", *[b"250"] * len(paths), b"354")
            sock.sendall(a_message(author=user, to=paths[0], size=size) + b".\r\n")
            hear(b"250")
        sock.sendall(b"QUIT\r\n")
        hear(b"221")


def cpu_seconds(roots: Sequence[int]) -> float:
    """CPU time of these processes, all that descend from them, and those of their children that have ended."""
    total = 0
    for pid in family(roots):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")
