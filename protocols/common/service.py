"""A role of the service table that serves sockets: event loop, signals, certificates, draining.

`serve(context, build)` is the `run(context)` of every socket door. It makes a uvloop loop (STACK: an idle TLS
connection costs a tenth of asyncio's), lets `build` make the listeners, accepts, and calls `context.ready()`. SIGTERM
drains: no more connections are accepted, every session ends what it has in hand, what is left after the deadline is cut
off; a second SIGTERM ends at once. SIGHUP reads the certificates anew; living connections keep theirs. SIGINT is
ignored: a terminal's Ctrl-C reaches the supervisor, which drains.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network

import uvloop

from mailplatform.runtime import health
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.notify import READY, STOPPING, notify, reloading
from mailplatform.settings.service import ServiceContext
from protocols.common.listener import Listener
from protocols.common.peer import Network

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Doors:
    """What `build` returns: listener name → Listener, for the names of `context.sockets`; what to do at SIGHUP besides reading
    certificates, and what to end after the last connection is gone."""

    listeners: dict[str, Listener]
    drain_seconds: float = 20.0
    reload: list[Callable[[], None]] = field(default_factory=list)
    stop: list[Callable[[], Awaitable[None] | None]] = field(default_factory=list)


Build = Callable[[ServiceContext, Certificates | None], Doors | Awaitable[Doors]]


def serve(context: ServiceContext, build: Build) -> None:
    """Run a role until it is told to stop."""
    tune_collector()
    tune_allocator()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(context, build))


async def _serve(context: ServiceContext, build: Build) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def terminate() -> None:
        if stopping.is_set():
            log.warning("%s %d: told twice to stop, ending now", context.role, context.number)
            os._exit(1)
        stopping.set()

    loop.add_signal_handler(signal.SIGTERM, terminate)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    certificates = certificates_of(context)
    built = build(context, certificates)
    doors = await built if isinstance(built, Awaitable) else built

    def reload() -> None:
        log.info("%s %d: reading certificates and settings anew", context.role, context.number)
        reloading()
        if certificates is not None:
            certificates.reload()
        for again in doors.reload:
            again()
        notify(READY)

    loop.add_signal_handler(signal.SIGHUP, reload)
    for name, listener in doors.listeners.items():
        await listener.listen(context.sockets.get(name, ()))
    health.current().lives("loop", health.loop_turns(loop.call_soon_threadsafe))
    context.ready()
    beat(context, loop)
    log.info("%s %d: serving %s", context.role, context.number, ", ".join(doors.listeners))
    await stopping.wait()
    health.current().draining()
    notify(STOPPING)
    left = sum(await asyncio.gather(*(listener.drain(doors.drain_seconds) for listener in doors.listeners.values())))
    log.info("%s %d: stopping, %d connections cut off", context.role, context.number, left)
    for end in doors.stop:
        ending = end()
        if isinstance(ending, Awaitable):
            await ending


def beat(context: ServiceContext, loop: asyncio.AbstractEventLoop) -> None:
    """Signs of life to the supervisor, as long as this loop goes round."""
    if context.beat_seconds:
        context.alive()
        loop.call_later(context.beat_seconds, beat, context, loop)


def certificates_of(context: ServiceContext) -> Certificates | None:
    """The site's certificates; None, and a word in the log, when there are none yet."""
    site = context.site
    try:
        return Certificates(site.home / "tls", site.hostname, minimum=site.tls.minimum_version)
    except (OSError, ValueError) as error:
        log.error("no TLS on %s: %s", context.role, error)
        return None


def proxies_of(context: ServiceContext) -> tuple[Network, ...]:
    """The networks whose connections begin with a PROXY header."""
    return tuple(ip_network(text) for text in context.site.proxy.networks)


def tune_collector() -> None:
    """A session is many small objects that live long: collecting the young ones after every 700 costs more than it frees."""
    gc.set_threshold(20_000, 20, 100)


_M_MMAP_THRESHOLD = -3  # malloc.h of glibc


def tune_allocator() -> None:
    """Let large blocks go back to the system when they are freed.

    glibc raises the size from which it asks the system for each such block that is freed. A password hash (19 MiB) then lies in
    the heap, and the TLS buffers of later connections (256 KiB, of which an idle one uses little) in what it has written on: an
    idle IMAP connection cost 93 KiB, and costs 33 without that. Other C libraries have no need.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 128 * 1024)
