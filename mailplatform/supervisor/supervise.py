"""The supervisor: starts everything in order, watches every process, starts again what ends, drains all on SIGTERM.

It knows no Django and no mail: it starts the embedded servers and the nursery itself and asks the nursery for roles.
Invariants: the nursery's end ends no role; our own end ends every role (the pipe they hold closes, so they drain) but
neither Postgres nor Valkey, which the next supervisor adopts; the keeper's end brings a new keeper. The first start fails
with a reason when a step fails; later starts (after a crash) try on for ever.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mailplatform.settings.site import CODE, SiteConfig, SiteError, load
from mailplatform.supervisor import endpoints, probe
from mailplatform.supervisor.children import Children, StartFailed, Watched
from mailplatform.supervisor.loop import Loop
from mailplatform.supervisor.processes import Process, become_subreaper, end, identify, name_process, reap, say
from mailplatform.supervisor.services import Service, table

COMMAND = (sys.executable, str(CODE / "manage.py"), "_supervise")
FAILED_FIRST_START = 3
LOOK_SECONDS = 60.0


class Stopping(Exception):
    """SIGTERM came."""


class Supervisor:
    """One instance. ``run()`` returns the exit code.

    sockets: (listener name, host, port) → descriptor, bound by ``up``. progress: pipe to ``up`` at the first start, else -1.
    keeper_fd: pipe whose other end the keeper holds, -1 without one. services: the table. demo: make the first domain.
    house: False leaves Django out (toy roles). command: what runs such a supervisor, for a new keeper.
    """

    def __init__(
        self,
        site: SiteConfig,
        sockets: dict[tuple[str, str, int], int],
        *,
        services: Callable[[SiteConfig], tuple[Service, ...]] = table,
        progress: int = -1,
        keeper_fd: int = -1,
        demo: bool = True,
        house: bool = True,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.site, self.sockets, self.progress, self.keeper_fd = site, sockets, progress, keeper_fd
        self.demo, self.house, self.command = demo, house, command
        self.services = services(site)
        self.keeper: Process | None = None
        self.loop = Loop()
        preload = [service.run for service in self.services]
        self.children = Children(self.loop, site, sockets, preload, house=house, changed=self.publish, say=self.log)
        self.serving = False

    def run(self) -> int:
        name_process("mp-supervisor")
        become_subreaper()
        first = self.progress >= 0
        try:
            self._watch_signals()
            if self.keeper_fd >= 0:
                self.keeper = identify(os.getppid())
                self.loop.watch(self.keeper_fd, self._on_keeper_end)
            self._end_leftovers()
            if first:
                (self.site.home / "endpoints.json").unlink(missing_ok=True)
            self._start(first)
            while True:
                self.loop.turn(LOOK_SECONDS)
                reap()
        except Stopping:
            self._stop()
            return 0
        except StartFailed as error:
            self.log(f"start failed: {error}")
            self._stop()
            self._tell("failed", "", str(error))
            return FAILED_FIRST_START if first else 1

    # -- start

    def _start(self, first: bool) -> None:
        if self.site.embedded_redis:
            with self._step("Valkey"):
                self.children.start("valkey")
        if self.site.embedded_database:
            with self._step("Postgres"):
                self.children.start("postgres")
                self.children.postgres.ensure_database()
        with self._step("nursery"):
            self._until_ready([self.children.start("nursery")], 60, patient=False)
        if self.house:
            with self._step("schema"):
                self.children.call("mailplatform.settings.process:migrate", seconds=900)
            if self.demo and not endpoints.first_accounts(self.site.home):
                with self._step("demonstration"):
                    accounts = endpoints.choose_first_accounts(self.site.home)
                    self.children.call("mailplatform.demo.make:ensure", accounts=accounts)
                    endpoints.confirm_first_accounts(self.site.home)
            elif self.site.demo.sink:
                self.children.call("mailplatform.demo.queue:lead")
        self.children.patient = True
        for service in self.services:
            with self._step(service.name):
                workers = [self.children.start(f"{service.name}/{n}", service, n) for n in range(service.workers)]
                self._until_ready(workers, self.site.supervisor.ready_seconds, patient=not first)
                if first:
                    self._probe(service)
        self.serving = True
        self.publish()
        self.loop.after(LOOK_SECONDS, self._look_after_logs)
        self._tell("up", "", "")
        if self.progress >= 0:
            os.close(self.progress)
            self.progress = -1

    def _until_ready(self, watched: list[Watched], seconds: float, *, patient: bool) -> None:
        """Turn until all are ready. Otherwise StartFailed says which and why; with ``patient`` we go on without them."""
        until = time.monotonic() + seconds
        before = {one.name: one.failures for one in watched}
        while not all(one.ready for one in watched):
            ended = next((one for one in watched if one.failures > before[one.name]), None)
            if ended and not patient:
                raise StartFailed(f"{ended.name} ended: {self._last_words(ended.role)}")
            if time.monotonic() > until:
                slow = ", ".join(one.name for one in watched if not one.ready)
                self.log(f"{slow}: not ready within {seconds:.0f} s")
                if patient:
                    return
                raise StartFailed(f"{slow}: not ready within {seconds:.0f} s: {self._last_words(watched[0].role)}")
            self.loop.turn(0.2)

    def _probe(self, service: Service) -> None:
        """The door must answer in its protocol."""
        for way in service.listeners:
            until = time.monotonic() + self.site.supervisor.ready_seconds
            while why := probe.answers(way, service.greeting, proxies=self.site.proxy.networks):
                if time.monotonic() > until:
                    raise StartFailed(f"{way.name} does not answer: {why}")
                self.log(f"{way.name} does not answer yet: {why}")
                self.loop.turn(0.1)

    def _last_words(self, name: str) -> str:
        try:
            lines = (self.site.home / "log" / f"{name}.log").read_text("utf-8", "replace").splitlines()
        except OSError:
            lines = []
        said = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return f"{said} (log/{name}.log)"

    # -- watching

    def _watch_signals(self) -> None:
        receiving, sending = socket.socketpair()
        for one in (receiving, sending):
            one.setblocking(False)
        signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
        self._wakeup = (receiving, sending)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.loop.watch(receiving.fileno(), self._on_signal)

    def _on_signal(self) -> None:
        got = self._wakeup[0].recv(4096)
        reap()
        if signal.SIGTERM in got:
            raise Stopping
        if signal.SIGHUP in got:
            self._reload()

    def _reload(self) -> None:
        """SIGHUP: certificates and live settings in the roles; a new nursery for whatever is forked from now on."""
        try:
            load(self.site.home)
        except SiteError as error:
            self.log(f"reload refused: {error}")
            return
        self.log("reload")
        for one in self.children.all.values():
            if one.service and one.process:
                one.process.send(signal.SIGHUP)
        self.children.replace_nursery()

    def _on_keeper_end(self) -> None:
        """The keeper has ended but we live: a new one, which adopts us."""
        self.loop.forget(self.keeper_fd)
        os.close(self.keeper_fd)
        self.log("the keeper has ended; starting another")
        self.keeper_fd, held = os.pipe()
        self.loop.watch(self.keeper_fd, self._on_keeper_end)
        adoption = {"MAILPLATFORM_ADOPT": str(os.getpid()), "MAILPLATFORM_LIFELINE": str(held)}
        self.keeper = start_keeper(self.site, self.sockets, extra=adoption, fds=[held], command=self.command)
        os.close(held)
        self.publish()

    def _end_leftovers(self) -> None:
        """Roles of a supervisor before us drain by themselves; ask again, and kill what is left after its time."""
        old = endpoints.read_state(self.site.home)
        leftovers = [p for role, ps in old.items() if role not in ("keeper", "supervisor", "postgres", "valkey") for p in ps]
        living = [process for process in leftovers if process.send(signal.SIGTERM)]
        if living:
            self.log(f"{len(living)} processes of an earlier start are draining")
            self.loop.after(self.site.supervisor.stop_seconds, lambda: _kill(living))
        for process in old.get("valkey", []):
            self.children.valkey.process = process  # adopted when it answers

    def publish(self) -> None:
        """Tell the files who runs."""
        by_role: dict[str, list[Process]] = {
            "keeper": [self.keeper] if self.keeper else [],
            "supervisor": [identify(os.getpid())],
        }
        for one in self.children.all.values():
            by_role.setdefault(one.role, []).extend([one.process] if one.process else [])
        endpoints.write_state(self.site.home, by_role)
        if self.serving:
            listeners = {service.name: service.listeners for service in self.services if service.listeners}
            pids = {role: [process.pid for process in processes] for role, processes in by_role.items()}
            endpoints.write_endpoints(self.site, listeners, pids)

    def _look_after_logs(self) -> None:
        """A log that has grown too large is copied aside and cut; its writers append, so they go on at its new end."""
        for path in (self.site.home / "log").glob("*.log"):
            try:
                if path.stat().st_size > self.site.log.max_bytes:
                    path.with_name(path.name + ".1").write_bytes(path.read_bytes())
                    os.truncate(path, 0)
            except OSError as error:
                self.log(f"{path}: {error}")
        self.loop.after(LOOK_SECONDS, self._look_after_logs)

    # -- stop

    def _stop(self) -> None:
        """Doors first, then what works behind them, then the nursery, Valkey and Postgres."""
        self.children.stopping = True
        self.serving = False
        (self.site.home / "endpoints.json").unlink(missing_ok=True)
        living = [one for one in self.children.all.values() if one.process]
        for stage in sorted({one.service.stage for one in living if one.service}, reverse=True):
            self._drain(one for one in living if one.service and one.service.stage == stage)
        self._drain(one for one in living if one.name == "nursery")
        self.children.valkey.stop()
        if any(one.name == "postgres" for one in living):
            self.children.postgres.stop()
        endpoints.write_state(self.site.home, {})
        if self.keeper:
            self.keeper.send(signal.SIGTERM)

    def _drain(self, watched: Iterable[Watched]) -> None:
        processes = {one.name: one.process for one in watched if one.process}
        began = time.monotonic()
        killed_all = end(processes.values(), self.site.supervisor.stop_seconds)
        self.log(f"drained in {time.monotonic() - began:.1f} s: {', '.join(processes)}")
        for killed in killed_all:
            name = next(name for name, process in processes.items() if process == killed)
            self.log(f"{name} (pid {killed.pid}) did not drain within {self.site.supervisor.stop_seconds:.0f} s and was killed")
        reap()

    # -- saying

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        self._tell("begin", name, "")
        try:
            yield
        except StartFailed as error:
            raise StartFailed(f"{name}: {error}") from None
        except OSError as error:
            raise StartFailed(f"{name}: {error}") from error
        self._tell("done", name, f"{time.monotonic() - began:.1f} s")

    def _tell(self, state: str, step: str, text: str) -> None:
        if self.progress >= 0:
            try:
                os.write(self.progress, json.dumps({"state": state, "step": step, "text": text}).encode() + b"\n")
            except OSError:
                self.progress = -1

    def log(self, line: str) -> None:
        say(self.site, "supervisor", line)


def _kill(processes: Iterable[Process]) -> None:
    for process in processes:
        process.send(signal.SIGKILL)


def start_keeper(
    site: SiteConfig,
    sockets: dict[tuple[str, str, int], int],
    *,
    extra: dict[str, str],
    fds: Iterable[int] = (),
    command: Sequence[str] = COMMAND,
) -> Process:
    """Start a keeper in a session of its own; it starts (or adopts) the supervisor and holds the sockets.

    extra: more of its environment. fds: descriptors it is to inherit besides the sockets.
    command: what runs the supervisor.
    """
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if name not in ("MAILPLATFORM_KEEPER_FD", "MAILPLATFORM_PROGRESS_FD")
        },
        "MAILPLATFORM_HOME": str(site.home),
        "MAILPLATFORM_SOCKETS": json.dumps([[*key, fd] for key, fd in sockets.items()]),
        **extra,
    }
    log = os.open(site.home / "log" / "supervisor.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")), *command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=site.home,
        env=environment,
        pass_fds=[*sockets.values(), *fds],
        start_new_session=True,
    )
    process = identify(keeper.pid)
    keeper.returncode = 0  # it outlives us; nobody waits for it here
    os.close(log)
    return process


def sockets_from_environment() -> dict[tuple[str, str, int], int]:
    """The listening sockets that the keeper handed down."""
    return {(name, host, port): fd for name, host, port, fd in json.loads(os.environ.get("MAILPLATFORM_SOCKETS", "[]"))}
