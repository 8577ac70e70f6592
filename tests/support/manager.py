"""A very small service manager: it starts what a unit file says as systemd would, so that units are tried where no systemd runs.

Of a unit it keeps: ExecStart and %i, Environment, User, the sockets of its socket unit (LISTEN_FDS), NOTIFY_SOCKET, WatchdogSec,
NoNewPrivileges, MemoryDenyWriteExecute, UMask. It does not make namespaces or system call filters.
"""

import ctypes
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailplatform.supervisor.processes import drop_to

_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE, _REFUSE_EXEC_GAIN = 38, 65, 1
_libc = ctypes.CDLL(None, use_errno=True)


def directives(path: Path) -> list[tuple[str, str]]:
    lines = [line for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


class Unit:
    """A running instance of ``mailplatform-ROLE@.service`` in `folder`."""

    def __init__(self, folder: Path, role: str, owner: int, runtime: Path, number: int = 0) -> None:
        said = dict(directives(folder / f"mailplatform-{role}@.service"))
        self.sockets = [_listening(value) for name, value in _of(folder / said.get("Sockets", "")) if name == "ListenStream"]
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        where = runtime / f"notify-{role}-{number}"
        self.manager.bind(str(where))
        where.chmod(0o777)
        watchdog = float(said.get("WatchdogSec", 0))
        environment = {
            **dict(word.split("=", 1) for word in said["Environment"].split()),
            "PATH": os.environ["PATH"],
            "NOTIFY_SOCKET": str(where),
            **({"WATCHDOG_USEC": str(int(watchdog * 1e6 / 4))} if watchdog else {}),
        }
        fds = [one.fileno() for one in self.sockets]
        command = shlex.split(said["ExecStart"].replace("%i", str(number)))

        def become() -> None:
            for n, fd in enumerate([os.dup2(fd, 100 + n) for n, fd in enumerate(fds)]):
                os.dup2(fd, 3 + n)
            os.umask(int(said["UMask"], 8))
            drop_to(owner)
            assert _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            assert _libc.prctl(_PR_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0) == 0

        # LISTEN_PID is the process's own, so a shell that execs sets it.
        listening = f"LISTEN_FDS={len(fds)} LISTEN_PID=$$ exec" if fds else "exec"
        self.log = (runtime / f"{role}-{number}.log").open("wb")
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f"{listening} {shlex.join(command)}"],
            env=environment,
            cwd=said["WorkingDirectory"],
            stdout=self.log,
            stderr=self.log,
            close_fds=False,
            preexec_fn=become,
        )

    def heard(self, word: str, seconds: float = 180) -> str:
        """The next thing it tells that begins so."""
        until = time.monotonic() + seconds
        while True:
            self.manager.settimeout(max(0.01, until - time.monotonic()))
            try:
                said = self.manager.recv(4096).decode()
            except TimeoutError:
                raise AssertionError(f"{word} was not told: {Path(self.log.name).read_text()[-2000:]}") from None
            if said.startswith(word):
                return said

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            for one in (*self.sockets, self.manager, self.log):
                one.close()


@contextmanager
def running(folder: Path, roles: list[str], owner: int, runtime: Path) -> Iterator[dict[str, Unit]]:
    """All ready; ended in the end, whatever happened."""
    units = {}
    try:
        for role in roles:
            units[role] = Unit(folder, role, owner, runtime)
        for unit in units.values():
            unit.heard("READY=1")
        yield units
    finally:
        for unit in units.values():
            if unit.process.poll() is None:
                unit.process.kill()
                unit.process.wait()


def _of(path: Path) -> list[tuple[str, str]]:
    return directives(path) if path.is_file() else []


def _listening(value: str) -> socket.socket:
    if value.startswith("/"):
        one = socket.socket(socket.AF_UNIX)
        one.bind(value)
    else:
        host, _, port = value.rpartition(":")
        one = socket.socket(socket.AF_INET6 if host.startswith("[") else socket.AF_INET)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host.strip("[]"), int(port)))
    one.listen(1024)
    return one
