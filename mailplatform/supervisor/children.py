"""The supervisor's processes: the nursery, the workers it forks, and the embedded servers.

Every process is watched by its pidfd, so it does not matter whose child it is. One that ends is started again after a
pause that doubles while it keeps ending and is forgotten once it has run steadily for a minute. A role's pipe says when it is
ready, and then that its loop goes round; one that has said so and falls silent hangs, and is killed.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mailplatform.settings.service import beat_seconds
from mailplatform.settings.site import CODE, SiteConfig
from mailplatform.supervisor.embedded import EmbeddedError, Postgres
from mailplatform.supervisor.loop import Loop
from mailplatform.supervisor.nursery import DESCRIPTORS, MESSAGE
from mailplatform.supervisor.processes import Process, identify, reap
from mailplatform.supervisor.services import Service
from mailplatform.supervisor.valkey import Valkey

STEADY_SECONDS = 60.0


class StartFailed(Exception):
    """A step of the start cannot be done; the text says why."""


@dataclass(slots=True, eq=False)
class Watched:
    """A process that should always run: a worker ("smtp/0"), "nursery", "postgres" or "valkey"."""

    name: str
    service: Service | None = None
    number: int = 0
    process: Process | None = None
    pidfd: int = -1
    ready_fd: int = -1
    ready: bool = False
    began: float = 0.0
    failures: int = 0
    heard: float = 0.0  # the last sign of life of a role that gives them; 0: it has given none

    @property
    def role(self) -> str:
        return self.name.partition("/")[0]


class Children:
    """All processes of one instance but the keeper and ourselves.

    sockets: (listener name, host, port) → its descriptor. house: False leaves Django out (toy roles in tests).
    changed: called whenever a process comes, goes or becomes ready. say: one line for the log.
    """

    def __init__(
        self,
        loop: Loop,
        site: SiteConfig,
        sockets: dict[tuple[str, str, int], int],
        preload: Sequence[str],
        *,
        house: bool,
        changed: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.loop, self.site, self.sockets, self.preload, self.house = loop, site, sockets, preload, house
        self.changed, self.say = changed, say
        self.all: dict[str, Watched] = {}
        self.stopping = False
        self.patient = False  # once serving, a server that does not start is tried again; before, it fails the start
        self._control: socket.socket | None = None
        self._parent_read, self._parent_write = os.pipe()
        self._looked = time.monotonic()
        self._look_again()
        self.postgres = Postgres.of(site)
        self.valkey = Valkey.of(site)

    def log_fd(self, name: str) -> int:
        """<home>/log/<name>.log, for appending. The caller closes it."""
        return os.open(self.site.home / "log" / f"{name}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def start(self, name: str, service: Service | None = None, number: int = 0) -> Watched:
        """Begin to run it, now and whenever it ends."""
        one = self.all.setdefault(name, Watched(name, service, number))
        self._run(one)
        return one

    def _run(self, one: Watched) -> None:
        if self.stopping or one.pidfd >= 0:
            return
        if one.service:
            self._fork(one, one.service)
        elif one.name == "nursery":
            self._start_nursery(one)
        else:
            self._start_server(one)

    # -- servers

    def _start_server(self, server: Watched) -> None:
        """Start Postgres or Valkey, or adopt the one that runs.

        Once we serve, in a thread: recovery after a crash may take its time, and roles that end must not wait for it.
        """
        self.postgres.retry_seconds = 0 if self.patient else self.site.supervisor.database_retry_seconds
        begin = self.postgres.start if server.name == "postgres" else self.valkey.start
        if not self.patient:
            try:
                self._server_runs(server, begin())
            except (EmbeddedError, OSError) as error:
                raise StartFailed(str(error)) from None
            return
        done, said = os.pipe()
        outcome: list[Process | Exception] = []

        def work() -> None:
            try:
                outcome.append(begin())
            except Exception as error:
                outcome.append(error)
            os.close(said)

        def finish() -> None:
            self.loop.forget(done)
            os.close(done)
            (result,) = outcome
            if isinstance(result, Process):
                self._server_runs(server, result)
            elif not self.stopping:
                self.say(f"{server.name}: {result}")
                self._later(server)

        self.loop.watch(done, finish)
        threading.Thread(target=work, name=server.name, daemon=True).start()

    def _server_runs(self, server: Watched, process: Process) -> None:
        try:
            pidfd = os.pidfd_open(process.pid)
        except ProcessLookupError:
            self._later(server)
            return
        self._watch(server, process, pidfd)
        server.ready = True
        self.changed()

    # -- the nursery and what it forks

    def _start_nursery(self, nursery: Watched) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(10)
        self._hang_up()
        self._control = ours
        log = self.log_fd("nursery")
        child = subprocess.Popen(
            [sys.executable, str(CODE / "manage.py"), "_nursery", str(theirs.fileno()), str(int(self.house)), *self.preload],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.site.home,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        pidfd, process = os.pidfd_open(child.pid), identify(child.pid)
        child.returncode = 0  # reap() collects it; Popen must not wait for it
        os.close(log)
        theirs.close()
        self.loop.watch(ours.fileno(), lambda: self._on_word(nursery, ours))
        self._watch(nursery, process, pidfd)

    def _on_word(self, nursery: Watched, control: socket.socket) -> None:
        """The nursery's first word: it is ready, or why not."""
        self.loop.forget(control.fileno())
        try:
            word = json.loads(control.recv(MESSAGE) or b"{}")
        except (OSError, ValueError):
            word = {}
        nursery.ready = bool(word.get("ready"))
        if "error" in word:
            self.say(f"nursery: {word['error']}")
        self.changed()

    def _hang_up(self) -> None:
        if self._control is not None:
            self.loop.forget(self._control.fileno())
            self._control.close()
            self._control = None

    def _fork(self, worker: Watched, service: Service) -> None:
        nursery = self.all.get("nursery")
        if nursery is None or not nursery.ready:
            self.loop.after(0.05, lambda: self._run(worker))
            return
        ready, said = os.pipe()
        log = self.log_fd(service.name)
        request = {
            "do": "fork",
            "role": service.name,
            "run": service.run,
            "number": worker.number,
            "workers": service.workers,
            "listeners": [asdict(way) for way in service.listeners],
        }
        doors = [self.sockets[way.name, way.host, way.port] for way in service.listeners]
        process, pidfd = self._ask(request, [said, self._parent_read, log, *doors])
        os.close(said)
        os.close(log)
        if process is None:
            os.close(ready)
            self.loop.after(0.2, lambda: self._run(worker))
            return
        worker.ready_fd = ready
        self.loop.watch(ready, lambda: self._on_ready(worker))
        self._watch(worker, process, pidfd)

    def _ask(self, request: dict[str, Any], fds: list[int]) -> tuple[Process | None, int]:
        """A request to the nursery, answered at once by pid and pidfd; (None, -1) when it does not answer: it is ended."""
        try:
            if self._control is None:
                return None, -1
            socket.send_fds(self._control, [json.dumps(request).encode()], fds)
            text, got, _, _ = socket.recv_fds(self._control, MESSAGE, DESCRIPTORS)
            if text and got:
                return identify(int(json.loads(text)["pid"])), got[0]
        except (OSError, ValueError):
            pass
        nursery = self.all["nursery"]
        nursery.ready = False
        if nursery.process:
            nursery.process.send(signal.SIGKILL)
        return None, -1

    def call(self, run: str, seconds: float = 60, **arguments: Any) -> Any:
        """A function of the house, in a child of the nursery; its result. StartFailed with its error."""
        answer, said = os.pipe()
        log = self.log_fd("house")
        request = {"do": "call", "role": "manage", "run": run, "arguments": arguments}
        process, pidfd = self._ask(request, [said, self._parent_read, log])
        os.close(said)
        os.close(log)
        if process is None:
            os.close(answer)
            raise StartFailed("the nursery has ended; see log/nursery.log")
        until = time.monotonic() + seconds
        text = b""
        with selectors.DefaultSelector() as waiting, open(answer, "rb", buffering=0) as pipe:
            waiting.register(pipe, selectors.EVENT_READ)
            while not text.endswith(b"\n"):
                if waiting.select(0.2):
                    more = pipe.read(65536)
                    if not more:
                        break
                    text += more
                elif time.monotonic() > until:
                    process.send(signal.SIGKILL)
                    raise StartFailed(f"{run} did not end within {seconds:.0f} s")
                else:
                    self.loop.turn(0)
        os.close(pidfd)
        result = json.loads(text or b'{"error": "it ended without a word; see log/house.log"}')
        if "error" in result:
            raise StartFailed(str(result["error"]))
        return result["result"]

    def replace_nursery(self) -> None:
        """A new nursery with what code and settings say now; roles live on."""
        nursery = self.all["nursery"]
        nursery.began, nursery.failures, nursery.ready = time.monotonic() - 2 * STEADY_SECONDS, 0, False
        if nursery.process:
            nursery.process.send(signal.SIGTERM)

    # -- ends

    def _watch(self, one: Watched, process: Process, pidfd: int) -> None:
        one.process, one.pidfd, one.ready, one.began, one.heard = process, pidfd, False, time.monotonic(), 0.0
        self.loop.watch(pidfd, lambda: self._on_end(one))
        self.changed()

    def _on_ready(self, worker: Watched) -> None:
        """The first word says that it is ready, a dot that its loop goes round."""
        said = os.read(worker.ready_fd, 4096)
        if not said:
            self._close_ready(worker)
        if b"." in said:
            worker.heard = time.monotonic()
        if worker.ready != bool(said or worker.ready):
            worker.ready = True
            self.changed()

    def _look_again(self) -> None:
        if every := beat_seconds(self.site):
            self.loop.after(every, self._end_the_hung)

    def _end_the_hung(self) -> None:
        """Kill roles that have been silent for too long. Where we were stopped ourselves, their words have not been read yet."""
        now, most = time.monotonic(), self.site.supervisor.hung_seconds
        late = now - self._looked > 2 * beat_seconds(self.site) + 1
        self._looked = now
        for worker in self.all.values():
            if worker.process is None or not worker.heard or self.stopping:
                continue
            if late:
                worker.heard = now
            elif now - worker.heard > most:
                self.say(f"{worker.name} (pid {worker.process.pid}) has not moved for {now - worker.heard:.0f} s: killed")
                worker.heard = 0.0
                worker.process.send(signal.SIGKILL)
        self._look_again()

    def _on_end(self, one: Watched) -> None:
        self.loop.forget(one.pidfd)
        os.close(one.pidfd)
        pid = one.process.pid if one.process else 0
        code = reap().get(pid)
        one.process, one.pidfd, one.ready = None, -1, False
        self._close_ready(one)
        if not self.stopping:
            self.say(f"{one.name} (pid {pid}) ended" + (f" with {code}" if code is not None else ""))
            self._later(one)
        self.changed()

    def _later(self, one: Watched) -> None:
        """Start it again after its pause."""
        if time.monotonic() - one.began > STEADY_SECONDS:
            one.failures = 0
        limits = self.site.supervisor
        pause = min(limits.restart_first_seconds * 2**one.failures, limits.restart_longest_seconds)
        one.failures = min(one.failures + 1, 30)
        self.loop.after(pause, lambda: self._run(one))

    def _close_ready(self, worker: Watched) -> None:
        if worker.ready_fd >= 0:
            self.loop.forget(worker.ready_fd)
            os.close(worker.ready_fd)
            worker.ready_fd = -1
