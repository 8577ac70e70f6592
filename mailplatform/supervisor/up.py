"""``manage.py up``: one command from a fresh clone to a platform that answers, a line for each step.

Two stages. *prepare* runs under any Python 3.11 with the standard library alone, as root where root calls: environment,
home, sockets. *start* runs under the environment's Python as the home's owner: certificate, keeper, then it prints what
the supervisor reports. Root imports no code that the service user could have changed, and opens ports below 1024.
"""

from __future__ import annotations

import argparse
import errno
import grp
import json
import os
import pwd
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mailplatform.settings.notify import READY, STOPPING, notify
from mailplatform.settings.service import Listener
from mailplatform.settings.site import CODE, SiteConfig, SiteError, load
from mailplatform.supervisor import bootstrap
from mailplatform.supervisor import home as homes
from mailplatform.supervisor.down import end_all, keeper_of, print_table
from mailplatform.supervisor.processes import Process, drop_to
from mailplatform.supervisor.supervise import start_keeper

BACKLOG = 1024


class StepFailed(Exception):
    """A step has failed and has said so."""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start everything; Ctrl-C drains and stops all.")
    parser.add_argument("--port-base", type=int, metavar="N", help="ports are N + 25, N + 143, N + 993, N + 80 (default 10000)")
    parser.add_argument("--detach", action="store_true", help="return when everything answers")
    parser.add_argument("--no-demo", action="store_true", help="an empty product: no domain example.test, no sink")
    parser.add_argument("--json", action="store_true", help="print endpoints.json instead of a table")
    return parser.parse_args(arguments)


def prepare(home: Path, arguments: Sequence[str]) -> int:
    """The first stage; ends in exec of the second. Returns only when a step fails."""
    given = options(arguments)
    code = CODE
    try:
        with step("environment") as done:
            done(bootstrap.ensure())
            bootstrap.compile_code(CODE)
        with step("home") as done:
            owner = homes.claim(home)
            user = pwd.getpwuid(owner)
            if bootstrap.closed(CODE):
                code = home / "code" if keeper_of(home) else bootstrap.install(CODE, home, owner, user.pw_gid)
            done(f"{home}, user {user.pw_name}" + (f", code in {code}" if code != CODE else ""))
        with step("site") as done:
            _as_owner(owner, lambda: homes.furnish(home, given.port_base, demo=not given.no_demo))
            if given.port_base is not None:
                os.environ["MAILPLATFORM_PORT_BASE"] = str(given.port_base)
            site = load(home)
            done(str(site.path))
        sockets: dict[tuple[str, str, int], socket.socket] = {}
        if not keeper_of(home):
            left = end_all(home, 10, only_of=owner)
            with step("addresses") as done:
                sockets = bind(site, patience=5 if left else 0)
                done(", ".join(f"{name} {port}" for name, _, port in sockets))
    except StepFailed:
        return 1
    for one in sockets.values():
        one.set_inheritable(True)
    os.environ["MAILPLATFORM_SOCKETS"] = json.dumps([[*key, one.fileno()] for key, one in sockets.items()])
    os.environ["MAILPLATFORM_STAGE"] = "start"
    os.environ["MAILPLATFORM_CLONE"] = str(CODE)
    drop_to(owner)
    os.environ["HOME"] = str(home)
    os.chdir(home)
    python = str(code / ".venv" / "bin" / "python")
    os.execv(python, [python, str(code / "manage.py"), "up", *arguments])  # noqa: S606


def start(home: Path, arguments: Sequence[str]) -> int:
    """The second stage: as the owner, under the environment's Python."""
    given = options(arguments)
    os.environ.pop("MAILPLATFORM_STAGE")
    clone = Path(os.environ.pop("MAILPLATFORM_CLONE"))
    listening = {(name, host, port): fd for name, host, port, fd in json.loads(os.environ.pop("MAILPLATFORM_SOCKETS"))}
    site = load(home)
    keeper = keeper_of(home)
    if keeper:
        print("it runs already", file=sys.stderr)
    else:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.default_int_handler)
        try:
            with step("certificate") as done:
                homes.furnish_sockets(site)
                done(homes.certificate(site))
            with step("sockets") as done:
                made = {(way.name, way.host, way.port): open_socket(way) for way in _unix(site)}
                done(", ".join(path for _, path, _ in made))
            for key, one in made.items():
                one.set_inheritable(True)
                listening[key] = one.detach()
            keeper = _start(site, listening, demo=not given.no_demo)
        except StepFailed:
            return 1
        except KeyboardInterrupt:
            print("\nstopping", file=sys.stderr)
            end_all(home, site.supervisor.stop_seconds)
            return 130
    print_table(home, clone, as_json=given.json, foreground=not given.detach)
    notify(READY, "STATUS=everything answers")
    return 0 if given.detach else _stay(home, site, keeper)


def bind(site: SiteConfig, patience: float = 0) -> dict[tuple[str, str, int], socket.socket]:
    """Every address of the table, bound and listening: (name, host, port) → socket. Raises SiteError.

    Unix sockets are not among them: the home's owner makes those.
    patience: seconds for which a refusal is tried again, while processes of an earlier start let go.
    """
    sockets: dict[tuple[str, str, int], socket.socket] = {}
    until = time.monotonic() + patience
    for way in (way for ways in site.listeners().values() for way in ways if not way.is_unix):
        while (way.name, way.host, way.port) not in sockets:
            try:
                sockets[way.name, way.host, way.port] = open_socket(way)
            except SiteError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
    return sockets


def _unix(site: SiteConfig) -> Iterator[Listener]:
    return (way for ways in site.listeners().values() for way in ways if way.is_unix)


def open_socket(way: Listener) -> socket.socket:
    """A listening, non-blocking socket. Raises SiteError that says why it cannot be."""
    if way.is_unix:
        return _open_unix(way)
    family = socket.AF_INET6 if ":" in way.host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        one.bind((way.host, way.port))
        one.listen(BACKLOG)
    except OSError as error:
        one.close()
        why = {
            errno.EADDRINUSE: "is taken by another program: end it, or choose other ports with PORT_BASE=",
            errno.EACCES: "needs root: start as root, or choose other ports with PORT_BASE=",
            errno.EADDRNOTAVAIL: "is not an address of this machine: see [network] addresses",
        }.get(error.errno or 0, f"cannot be opened: {error.strerror}")
        raise SiteError(f"{way.host} port {way.port} ({way.name}) {why}") from None
    one.setblocking(False)
    return one


def _open_unix(way: Listener) -> socket.socket:
    """A socket file of the wanted mode and group; one that nobody listens on any more is replaced."""
    path, one = Path(way.host), socket.socket(socket.AF_UNIX)
    try:
        if path.is_socket():
            if one.connect_ex(way.host) == 0:
                raise OSError(errno.EADDRINUSE, "another program listens there")
            one.close()
            path.unlink()
            one = socket.socket(socket.AF_UNIX)
        before = os.umask(0o777 & ~way.mode)
        try:
            one.bind(way.host)
        finally:
            os.umask(before)
        if way.group:
            os.chown(path, -1, grp.getgrnam(way.group).gr_gid, follow_symlinks=False)
        one.listen(BACKLOG)
    except (OSError, KeyError) as error:
        one.close()
        why = f"there is no group {way.group}" if isinstance(error, KeyError) else getattr(error, "strerror", None) or str(error)
        raise SiteError(f"{way.host} ({way.name}) cannot be opened: {why}") from None
    one.setblocking(False)
    return one


def _start(site: SiteConfig, listening: dict[tuple[str, str, int], int], *, demo: bool) -> Process:
    reading, writing = os.pipe()
    extra = {"MAILPLATFORM_PROGRESS_FD": str(writing), "MAILPLATFORM_DEMO": "1" if demo else "0"}
    keeper = start_keeper(site, listening, extra=extra, fds=[writing])
    os.close(writing)
    for fd in listening.values():
        os.close(fd)
    under_way = ""
    with open(reading, encoding="utf-8") as reports:
        for line in reports:
            report: dict[str, Any] = json.loads(line)
            match report["state"]:
                case "begin":
                    under_way = report["step"]
                case "done":
                    print(f"  ok      {report['step']}: {report['text']}", file=sys.stderr, flush=True)
                case "failed":
                    print(f"  FAILED  {report['text']}", file=sys.stderr, flush=True)
                    raise StepFailed
                case "up":
                    return keeper
    print(f"  FAILED  {under_way or 'supervisor'}: it ended without a word; see {site.home}/log/supervisor.log", file=sys.stderr)
    raise StepFailed


def _stay(home: Path, site: SiteConfig, keeper: Process | None) -> int:
    """In the foreground until Ctrl-C (drain and stop all) or until somebody else stopped it."""
    try:
        while keeper := keeper_of(home):
            watch = os.pidfd_open(keeper.pid)
            try:
                while keeper.alive():
                    time.sleep(0.5)
            finally:
                os.close(watch)
            time.sleep(1)  # a keeper that was killed is replaced
        print("it has been stopped", file=sys.stderr)
        return 0
    except KeyboardInterrupt:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        notify(STOPPING)
        print("\ndraining …", file=sys.stderr, flush=True)
        end_all(home, site.supervisor.stop_seconds * 3)
        print("stopped", file=sys.stderr, flush=True)
        return 0


def _as_owner(owner: int, action: Callable[[], None]) -> None:
    """Do it in a child that has become the owner. Raises SiteError with what went wrong."""
    if os.geteuid() == owner:
        action()
        return
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            drop_to(owner)
            action()
            os._exit(0)
        except BaseException as error:
            os.write(writing, f"{error}".encode()[:4000])
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        why = pipe.read()
    if os.waitpid(child, 0)[1]:
        raise SiteError(why)


@contextmanager
def step(name: str) -> Iterator[Callable[[str], None]]:
    """One line: what was done, or FAILED and why."""
    said: list[str] = []
    began = time.monotonic()
    try:
        yield said.append
    except (SiteError, homes.HomeError, bootstrap.BootstrapError, OSError) as error:
        print(f"  FAILED  {name}: {error}", file=sys.stderr, flush=True)
        raise StepFailed from None
    print(f"  ok      {name}: {'; '.join([*said, f'{time.monotonic() - began:.1f} s'])}", file=sys.stderr, flush=True)
