"""How a process is: whether it lives, whether it can serve, what it counts; asked over HTTP on a socket of its own.

Every role answers ``/healthz`` (200: it lives; its loop turns), ``/readyz`` (200: it serves and has its database) and
``/metrics`` on ``<role>.<number>.status`` among the instance's unix sockets, and, where ``[metrics] listen`` says so, on a TCP
address too (containers). One daemon thread a process serves them one after the other, each within two seconds, so that nobody
can hold it. It also tells systemd's watchdog that the process lives: one that hangs is started anew.

Invariants: nothing here is on the way of a message; a lost database makes a role unready, never dead.
"""

from __future__ import annotations

import ipaddress
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mailplatform.runtime import metrics
from mailplatform.settings.notify import ALIVE, notify, watchdog_seconds

log = logging.getLogger(__name__)

Check = Callable[[], str]
"""Says "" when all is well, else what is wrong."""
Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
REMEMBERED = 3.0
"""Seconds for which the answer of a check of readiness is kept: whoever asks in a loop costs no connections."""
_DEADLINE = 2.0
_LONGEST = 8192
_TEXT = "text/plain; charset=utf-8"


class Health:
    """The state of this process: starting, ready, draining; and what is looked at when somebody asks."""

    def __init__(self, role: str, number: str) -> None:
        self.role, self.number = role, number
        self.state = "starting"
        self.stop: Callable[[], None] = lambda: None
        self._living: dict[str, Check] = {}
        self._serving: dict[str, Check] = {}
        self._asked: tuple[float, list[str]] = (0.0, [])
        self._asking = threading.Lock()

    def ready(self) -> None:
        self.state = "ready"

    def draining(self) -> None:
        self.state = "draining"

    def lives(self, name: str, check: Check) -> None:
        """Without this the process is of no use and should be started anew."""
        self._living[name] = check

    def needs(self, name: str, check: Check) -> None:
        """Without this the process cannot serve for now."""
        self._serving[name] = check

    def dead(self) -> list[str]:
        """Why it should be started anew; [] when it lives."""
        return _failing(self._living)

    def unready(self) -> list[str]:
        """Why it cannot serve; [] when it can."""
        if self.state != "ready":
            return [self.state]
        with self._asking:
            at, failing = self._asked
            if time.monotonic() - at > REMEMBERED:
                failing = _failing(self._serving)
                self._asked = (time.monotonic(), failing)
        return failing

    def answer(self, path: str) -> tuple[int, str, str]:
        """(status, content type, body) of a GET."""
        match path.partition("?")[0]:
            case "/healthz":
                return _verdict(self.dead())
            case "/readyz":
                return _verdict(self.unready())
            case "/metrics":
                return 200, metrics.CONTENT_TYPE, metrics.render({"role": self.role, "process": self.number})
        return 404, _TEXT, "/healthz, /readyz, /metrics\n"


_current = Health("manage", "0")
metrics.Gauge("ready", "1 when the process serves.", lambda: float(not current().unready()))


def current() -> Health:
    """Of this process."""
    return _current


def begin(role: str, number: str) -> Health:
    """A new process: forget what the one that forked it was."""
    global _current
    _current = Health(role, number)
    return _current


def serve(health: Health, path: Path, address: tuple[str, int] | None, networks: Networks) -> Callable[[], None]:
    """Answer on a unix socket, and on a TCP address to `networks`, in a thread of its own, until what is returned is called.
    Raises OSError.

    /healthz and /readyz say nothing that a neighbour may not know, but the address is still for `networks` only.
    """
    path.unlink(missing_ok=True)
    local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    local.bind(str(path))
    path.chmod(0o600)
    sockets = [local]
    if address is not None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        outside = socket.socket(family, socket.SOCK_STREAM)
        outside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        outside.bind(address)
        sockets.append(outside)
    for one in sockets:
        one.listen(16)
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=_serve, args=(health, sockets, networks, theirs), name="health", daemon=True)
    thread.start()

    def stop() -> None:
        ours.send(b"x")
        thread.join()
        for one in (ours, theirs, *sockets):
            one.close()

    health.stop = stop  # holds what would be collected, and closed, if the caller does not keep it
    return stop


def _serve(health: Health, sockets: Sequence[socket.socket], networks: Networks, stopping: socket.socket) -> None:
    period = watchdog_seconds() / 3
    due = time.monotonic() + period
    while True:
        wait = max(0.0, due - time.monotonic()) if period else None
        for listening in select.select([stopping, *sockets], [], [], wait)[0]:
            if listening is stopping:
                return
            try:
                peer, address = listening.accept()
                with peer:
                    if listening.family == socket.AF_UNIX or within(address[0], networks):
                        _exchange(peer, health)
            except OSError:
                pass  # who asked has gone
            except Exception:
                log.exception("health: a question could not be answered")
        if period and time.monotonic() >= due:
            due = time.monotonic() + period
            if failing := health.dead():
                log.error("health: not telling the watchdog: %s", "; ".join(failing))
            else:
                notify(ALIVE)


def _exchange(peer: socket.socket, health: Health) -> None:
    until = time.monotonic() + _DEADLINE
    asked = b""
    while b"\r\n\r\n" not in asked and len(asked) < _LONGEST:
        peer.settimeout(max(0.01, until - time.monotonic()))
        more = peer.recv(_LONGEST)
        if not more or time.monotonic() > until:
            return
        asked += more
    words = asked.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if len(words) != 3 or words[0] not in ("GET", "HEAD"):
        status, kind, body = 405, _TEXT, "GET\n"
    else:
        status, kind, body = health.answer(words[1])
    said = body.encode()
    head = f"HTTP/1.0 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n".encode()
    peer.settimeout(_DEADLINE)
    peer.sendall(head if words[0] == "HEAD" else head + said)


def _failing(checks: dict[str, Check]) -> list[str]:
    failing = []
    for name, check in checks.items():
        try:
            why = check()
        except Exception as error:
            why = type(error).__name__
        if why:
            failing.append(f"{name}: {why}")
    return failing


def _verdict(failing: list[str]) -> tuple[int, str, str]:
    return (503, _TEXT, "\n".join([*failing, ""])) if failing else (200, _TEXT, "ok\n")


def within(address: str, networks: Networks) -> bool:
    """Whether an address, a v4-mapped one too, is in one of the networks; no address is in none."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in networks)


def asked(path: Path, question: str, seconds: float = _DEADLINE) -> tuple[int, str]:
    """(status, body) of another process's answer on its unix socket. Raises OSError when it is gone or too slow."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(seconds)
        peer.connect(str(path))
        peer.sendall(f"GET {question} HTTP/1.0\r\n\r\n".encode())
        said = b""
        while more := peer.recv(65536):
            said += more
    head, _, body = said.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        raise OSError(f"{path}: not an answer")
    return int(words[1]), body.decode()


def everyone(folder: Path, question: str) -> Iterator[tuple[str, int, str]]:
    """(role.number, status, body) of every process of an instance; sockets of processes that are gone are removed.

    Status 0 is a process that does not answer.
    """
    for path in sorted(folder.glob("*.status")):
        try:
            yield path.stem, *asked(path, question)
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError as error:
            yield path.stem, 0, f"{error}"


def loop_turns(call_soon_threadsafe: Callable[[Callable[[], None]], object], seconds: float = 5.0) -> Check:
    """A check that an event loop comes to what is put before it."""

    def check() -> str:
        turned = threading.Event()
        call_soon_threadsafe(turned.set)
        return "" if turned.wait(seconds) else f"the event loop has not turned for {seconds:.0f} s"

    return check
