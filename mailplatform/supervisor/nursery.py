"""The nursery: one process that has imported the whole house once and forks a role on request.

Eleven roles started apart take 614 MiB, forked from here 132. It opens no connection, thread or loop, so a fork is
clean; it freezes the garbage collector, so that children do not copy pages by counting. Its end ends no role: they are
adopted by the supervisor. It talks to the supervisor over one SOCK_SEQPACKET pair: a request is a JSON object with file
descriptors, the answer the child's pid with its pidfd.

Requests: ``fork`` (a role: run(context)) and ``call`` (a function of keyword arguments, whose result or error goes as
JSON into the ready pipe). Descriptors: ready pipe, parent pipe, log, then the listening sockets.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mailplatform.settings.service import Listener, ServiceContext
from mailplatform.settings.site import SiteConfig, load
from mailplatform.supervisor.processes import name_process, reap, say

MESSAGE = 65536
DESCRIPTORS = 64
LOAD = "mailplatform.settings.process:load_house"
ENTER = "mailplatform.settings.process:enter_role"


def resolve(dotted: str) -> Callable[..., Any]:
    """ "package.module:function" → the function."""
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def main(control: socket.socket, home: Path, preload: list[str], load_with: str = LOAD, enter_with: str = ENTER) -> None:
    """Load everything, say so, and fork until the supervisor closes its end."""
    name_process("mp-nursery")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    try:
        site = load(home)
        if load_with:
            resolve(load_with)()
        for dotted in preload:
            resolve(dotted)
    except BaseException as error:
        traceback.print_exc()
        control.send(json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
        raise SystemExit(1) from None
    gc.collect()
    gc.freeze()
    control.settimeout(1.0)  # so that ended children are collected in time
    control.send(b'{"ready": true}')
    while True:
        for ended, code in reap().items():
            if code:
                say(site, "nursery", f"pid {ended} ended with {code}")
        try:
            text, fds, _, _ = socket.recv_fds(control, MESSAGE, DESCRIPTORS)
        except TimeoutError:
            continue
        if not text:
            return
        request = json.loads(text)
        pid = os.fork()
        if pid == 0:
            control.close()
            _child(request, fds, site, enter_with)
        try:
            watch = [os.pidfd_open(pid)]
        except ProcessLookupError:  # cannot be: nobody has collected it yet
            watch = []
        socket.send_fds(control, [json.dumps({"pid": pid}).encode()], watch)
        for fd in [*watch, *fds]:
            os.close(fd)


def _child(request: dict[str, Any], fds: list[int], site: SiteConfig, enter_with: str) -> None:
    """Never returns."""
    ready, parent, log, *sockets = fds
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for fd in (1, 2):
            os.dup2(log, fd)
        os.close(log)
        role, number = request["role"], request.get("number", 0)
        name_process(f"mp-{role}-{number}")
        gc.enable()
        is_role = request["do"] == "fork"
        serves = resolve(enter_with)(role, number if is_role else -1) if enter_with else lambda: None
        if not is_role:
            code = _call(request, ready)
        else:
            watch_parent(parent)
            resolve(request["run"])(_context(request, site, sockets, ready, parent, serves))
            code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _call(request: dict[str, Any], ready: int) -> int:
    try:
        answer = {"result": resolve(request["run"])(**request["arguments"])}
    except BaseException as error:
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"}
    with open(ready, "wb") as pipe:
        pipe.write(json.dumps(answer).encode() + b"\n")
    return 1 if "error" in answer else 0


def _context(
    request: dict[str, Any], site: SiteConfig, fds: list[int], ready: int, parent: int, serves: Callable[[], object]
) -> ServiceContext:
    sockets: dict[str, list[socket.socket]] = {}
    listeners: dict[str, Listener] = {}
    for given, fd in zip(request["listeners"], fds, strict=True):
        listener = Listener(**given)
        listeners.setdefault(listener.name, listener)
        sockets.setdefault(listener.name, []).append(socket.socket(fileno=fd))

    def say_ready() -> None:
        serves()
        with suppress(OSError):  # the supervisor has been replaced
            os.write(ready, b"ready\n")
        os.set_blocking(ready, False)

    def say_alive() -> None:
        with suppress(OSError):  # nobody reads now
            os.write(ready, b".")

    return ServiceContext(
        site=site,
        role=request["role"],
        number=request["number"],
        workers=request["workers"],
        sockets=sockets,
        listeners=listeners,
        ready=say_ready,
        alive=say_alive,
        parent_fd=parent,
    )


def watch_parent(parent: int) -> None:
    """When the supervisor ends, by whatever cause, its end of the pipe closes: drain as on SIGTERM."""

    def wait() -> None:
        while os.read(parent, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
