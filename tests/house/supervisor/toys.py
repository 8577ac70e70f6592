"""A toy instance: the real keeper, supervisor, nursery and Valkey over two roles that need neither Django nor a database.

`door` greets like SMTP and echoes one line; it lets a line under way end when it drains. `quiet` has no sockets. Run as
a program, this is the supervisor of such an instance; the keeper starts it.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mailplatform.settings.service import ServiceContext
from mailplatform.settings.site import Listener, SiteConfig, SiteError, home_from, load
from mailplatform.supervisor import endpoints
from mailplatform.supervisor.down import end_all, keeper_of
from mailplatform.supervisor.home import furnish
from mailplatform.supervisor.services import Service
from mailplatform.supervisor.supervise import Supervisor, sockets_from_environment, start_keeper
from mailplatform.supervisor.up import open_socket

MODULE = "tests.house.supervisor.toys"  # not __name__: as a program it is __main__
COMMAND = (sys.executable, "-m", MODULE)
CODE = Path(__file__).resolve().parents[3]


def services(site: SiteConfig) -> tuple[Service, ...]:
    ways = tuple(site.listeners()["smtp"])
    broken = (Service("broken", f"{MODULE}:run_broken"),) if site.smtp.max_errors == 1 else ()
    return (
        Service("quiet", f"{MODULE}:run_quiet"),
        *broken,
        Service("smtp", f"{MODULE}:run_door", 2, ways, stage=2, greeting="smtp"),
    )


def run_quiet(context: ServiceContext) -> None:
    reloaded = context.site.home / "run" / "reloaded"
    signal.signal(signal.SIGHUP, lambda *_: reloaded.write_text(f"{os.getpid()}"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    context.ready()
    while True:
        signal.pause()


def run_broken(context: ServiceContext) -> None:
    raise RuntimeError("this role cannot run")


def run_door(context: ServiceContext) -> None:
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    (listening,) = context.sockets["smtp"]
    context.ready()
    while not stopping:
        context.alive()
        if not select.select([listening], [], [], 0.05)[0]:
            continue
        try:
            connection, _ = listening.accept()
        except BlockingIOError:
            continue
        with connection:
            connection.settimeout(10)
            connection.sendall(b"220 toy %d\r\n" % os.getpid())
            connection.sendall(connection.recv(1024))


def patiently_opened(way: Listener, seconds: float = 5.0) -> socket.socket:
    """As `up` does over leftovers: those who were just killed let go of the port in a moment."""
    until = time.monotonic() + seconds
    while True:
        try:
            return open_socket(way)
        except SiteError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


class Instance:
    """A toy instance in a home of its own."""

    def __init__(self, home: Path, port: int, extra: str = "") -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        furnish(home, None)
        (home / "site.toml").write_text(f'[database]\ndsn = "host=/nowhere"\n[smtp]\nport = {port}\n{extra}')
        self.port = port
        self.site = load(home, environ={})

    def start(self) -> list[dict[str, str]]:
        """Start keeper and all; the reports of the supervisor until it serves or has failed."""
        way = self.site.listeners()["smtp"][0]
        reading, writing = os.pipe()
        with patiently_opened(way) as bound:
            extra = {"MAILPLATFORM_PROGRESS_FD": str(writing), "PYTHONPATH": str(CODE)}
            start_keeper(self.site, {(way.name, way.host, way.port): bound.fileno()}, extra=extra, fds=[writing], command=COMMAND)
        os.close(writing)
        reports = []
        with open(reading) as lines:
            for line in lines:
                reports.append(json.loads(line))
                if reports[-1]["state"] in ("up", "failed"):
                    break
        return reports

    def pids(self, role: str) -> list[int]:
        return [process.pid for process in endpoints.read_state(self.home).get(role, []) if process.alive()]

    def greeting(self) -> str:
        with socket.create_connection(("127.0.0.1", self.port), 5) as client:
            client.sendall(b"hello\r\n")
            return client.makefile().readline().strip()

    def whole(self) -> bool:
        """All roles run with all their workers, and the door answers."""
        counts = {"keeper": 1, "supervisor": 1, "nursery": 1, "valkey": 1, "quiet": 1, "smtp": 2}
        try:
            return all(len(self.pids(role)) == count for role, count in counts.items()) and self.greeting().startswith("220 toy")
        except OSError:
            return False

    def stop(self) -> bool:
        return end_all(self.home, 20)

    def running(self) -> bool:
        return keeper_of(self.home) is not None


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not so within {seconds} s"
        time.sleep(0.02)


if __name__ == "__main__":
    given = {name: int(os.environ.pop(f"MAILPLATFORM_{name}", "-1")) for name in ("PROGRESS_FD", "KEEPER_FD")}
    for fd in given.values():
        if fd >= 0:
            os.set_inheritable(fd, False)
    sys.exit(
        Supervisor(
            load(home_from(), environ={}),
            sockets_from_environment(),
            services=services,
            progress=given["PROGRESS_FD"],
            keeper_fd=given["KEEPER_FD"],
            house=False,
            command=COMMAND,
        ).run()
    )
