"""A role as a process: it serves, reads certificates anew at SIGHUP, drains at SIGTERM."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from tests.house.smtp.test_doors import name_of
from tests.support.certificate import a_certificate
from tests.support.clients.smtp import SmtpClient
from tests.support.smtp_role import role

Scene = Callable[[int, int], Awaitable[None]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    a_certificate(tmp_path / "tls", "one.test")
    (tmp_path / "site.toml").write_text('[network]\nhostname = "one.test"\n')
    return tmp_path


def play(home: Path, scene: Scene) -> tuple[int | None, list[str]]:
    """Run a scene(port, pid) against the role in a process; its exit code and what it said."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    said = []
    with socket.create_server(("127.0.0.1", 0)) as sock:
        process = spawn.Process(target=role, args=(home, sock, theirs))
        process.start()
        theirs.close()
        try:
            said.append(ours.recv())
            assert process.pid is not None
            uvloop.run(scene(sock.getsockname()[1], process.pid))
            process.join(10)
        finally:
            if process.is_alive():
                process.kill()
                process.join()
    while ours.poll():
        try:
            said.append(ours.recv())
        except EOFError:
            break
    return process.exitcode, said


def test_it_drains_at_sigterm(home: Path) -> None:
    async def scene(port: int, pid: int) -> None:
        idle, working = [await SmtpClient.connect("127.0.0.1", port) for _ in range(2)]
        await working.group("MAIL FROM:<a@b.test>", "RCPT TO:<u1@a.test>", "DATA")
        os.kill(pid, signal.SIGINT)  # a terminal's Ctrl-C is the supervisor's
        os.kill(pid, signal.SIGTERM)
        assert (await idle.answer()).code == 421
        working.send(b"x\r\n.\r\n")
        assert (await working.answer()).code == 250
        assert (await working.answer()).code == 421
        await working.close()
        await idle.close()

    assert play(home, scene) == (0, ["ready", "stopped"])


def test_a_second_sigterm_ends_at_once(home: Path) -> None:
    async def scene(port: int, pid: int) -> None:
        client = await SmtpClient.connect("127.0.0.1", port)
        await client.group("MAIL FROM:<a@b.test>", "RCPT TO:<u1@a.test>")
        os.kill(pid, signal.SIGTERM)
        await asyncio.sleep(0.1)
        assert (await client.command("DATA")).code == 354
        os.kill(pid, signal.SIGTERM)
        assert await asyncio.wait_for(client.reader.read(), 5) == b""

    assert play(home, scene) == (1, ["ready"])


def test_it_reads_certificates_anew_at_sighup(home: Path) -> None:
    async def shown(port: int) -> str:
        client = await SmtpClient.connect("127.0.0.1", port)
        await client.start_tls()
        name = name_of(client)
        await client.close()
        return name

    async def scene(port: int, pid: int) -> None:
        assert await shown(port) == "one.test"
        a_certificate(home / "tls", "two.test")
        shutil.rmtree(home / "tls" / "one.test")
        os.kill(pid, signal.SIGHUP)
        for _ in range(100):
            if await shown(port) == "two.test":
                break
            await asyncio.sleep(0.02)
        assert await shown(port) == "two.test"
        os.kill(pid, signal.SIGTERM)

    assert play(home, scene) == (0, ["ready", "stopped"])
