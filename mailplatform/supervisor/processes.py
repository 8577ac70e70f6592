"""Processes as Linux knows them: identity beyond the pid, watching by descriptor, adoption, and leaving root behind.

A pid alone names nothing for long: it is used again. So what is written down is pid, start time and boot, and whoever
signals a recorded process compares first. Standard library only.
"""

from __future__ import annotations

import ctypes
import datetime
import json
import os
import pwd
import select
import signal
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailplatform.settings.site import SiteConfig

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Process:
    """One process for good: ``started`` is boot id and start time in clock ticks."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Whether it still runs (a zombie does not)."""
        return self.started != "" and started(self.pid) == self.started

    def send(self, number: int) -> bool:
        """Signal it; False when it has ended (or never was this one)."""
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True


def started(pid: int) -> str:
    """Boot id and start time of a living process, "" when there is none. Field 22 of proc(5) stat."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else f"{boot}/{fields[18]}"


def identify(pid: int) -> Process:
    """The process that has this pid now."""
    return Process(pid, started(pid))


def end(processes: Iterable[Process], seconds: float, first: int = signal.SIGTERM) -> list[Process]:
    """Ask all to end, wait, kill what is left. Returns those that had to be killed."""
    living = [process for process in processes if process.send(first)]
    until = time.monotonic() + seconds
    while (living := [process for process in living if process.alive()]) and time.monotonic() < until:
        time.sleep(0.02)
    for process in living:
        process.send(signal.SIGKILL)
    until = time.monotonic() + 5
    while any(process.alive() for process in living) and time.monotonic() < until:
        time.sleep(0.01)
    return living


def ended(pidfd: int) -> bool:
    """Whether the process behind a pidfd has ended."""
    return bool(select.select([pidfd], [], [], 0)[0])


def become_subreaper() -> None:
    """Orphans below us become our children, so that nothing escapes to init."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Be sent this signal when the parent ends, by whatever cause."""
    _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def name_process(name: str) -> None:
    """What ps and top call us (15 bytes)."""
    _libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def reap() -> dict[int, int]:
    """Collect every child that has ended: pid → exit code (negative: the signal)."""
    ends: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ends
        if pid == 0:
            return ends
        ends[pid] = os.waitstatus_to_exitcode(status)


def drop_to(uid: int) -> None:
    """Become that user with its groups, for good, with its home and name in the environment. No-op when we are it."""
    if os.geteuid() == uid:
        return
    try:
        entry = pwd.getpwuid(uid)
        name, gid, home = entry.pw_name, entry.pw_gid, entry.pw_dir
        os.initgroups(name, gid)
    except KeyError:
        name, gid, home = str(uid), uid, "/"
        os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    os.environ.update(USER=name, LOGNAME=name, HOME=home)


def reachable_by(uid: int, paths: Iterable[Path]) -> bool:
    """Whether that user can read all these paths (asked by being that user in a child)."""
    if os.geteuid() != 0:
        return all(os.access(path, os.R_OK) for path in paths)
    child = os.fork()
    if child == 0:
        try:
            drop_to(uid)
            os._exit(0 if all(os.access(path, os.R_OK) for path in paths) else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def say(site: SiteConfig, role: str, line: str) -> None:
    """One line of our own log, in the shape that `[log] format` asks for; roles log by runtime.log, which needs no Django either
    but stands beside us."""
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if site.log.format == "json":
        said = {"at": at, "level": "info", "role": role, "pid": os.getpid(), "module": "mailplatform.supervisor", "message": line}
        print(json.dumps(said, ensure_ascii=False), flush=True)
    else:
        print(f"{at} info {role}[{os.getpid()}] {line}", flush=True)


def peer(connection: socket.socket) -> tuple[int, int]:
    """(pid, uid) at the other end of a unix socket."""
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, uid
