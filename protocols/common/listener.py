"""A listening door: what all connections of one role in one process share.

The supervisor binds the sockets and hands them in; N workers of a role accept on the same ones. A listener holds the
limits, the networks whose PROXY header is believed, the certificate in force (swapped at SIGHUP; living connections
keep theirs), and the living connections, so that a stopping service can let each end what it has in hand.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import weakref
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from mailplatform.runtime import metrics
from mailplatform.runtime.tls import Certificates
from protocols.common.limits import Connections
from protocols.common.peer import Network, Peer
from protocols.common.stream import Connection
from protocols.common.transcript import Transcript

log = logging.getLogger(__name__)

OPENED = metrics.Counter(
    "connections_total", "Connections by listener: let in, or refused because there are too many.", "listener", "outcome"
)
_living: weakref.WeakSet[Listener] = weakref.WeakSet()
metrics.Gauge(
    "connections",
    "Open connections.",
    lambda: {(one.name,): float(len(one.connections)) for one in list(_living)},
    "listener",
)


class Listener:
    """The shared part of a role's connections.

    factory: makes the session of one connection. idle, total: seconds. tls: None where there is no certificate (then neither
    STARTTLS nor implicit TLS is offered). proxies: networks that must send a PROXY header.
    """

    def __init__(
        self,
        name: str,
        factory: Callable[[Listener], Connection],
        *,
        limits: Connections,
        idle: float = 300.0,
        total: float = 86_400.0,
        tls: Certificates | None = None,
        implicit_tls: bool = False,
        proxies: tuple[Network, ...] = (),
        proxy_seconds: float = 5.0,
        handshake_seconds: float = 30.0,
        transcripts: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.name: str = name
        self.loop = loop or asyncio.get_running_loop()
        self.limits = limits
        self.idle = idle
        self.total = total
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.proxies = proxies
        self.proxy_seconds = proxy_seconds
        self.handshake_seconds = handshake_seconds
        self.connections: set[Connection] = set()
        self.draining = False
        self._factory = factory
        self._transcripts = transcripts
        self._servers: list[asyncio.AbstractServer] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._empty: asyncio.Event = asyncio.Event()
        _living.add(self)

    async def listen(self, sockets: Iterable[socket.socket], backlog: int = 1024) -> None:
        """Accept on sockets that are bound already."""
        for sock in sockets:
            sock.setblocking(False)
            create = self.loop.create_unix_server if sock.family == socket.AF_UNIX else self.loop.create_server
            self._servers.append(await create(self.connection, sock=sock, backlog=backlog))

    def connection(self) -> Connection:
        """A protocol object for one accepted connection."""
        return self._factory(self)

    def enter(self, connection: Connection) -> bool:
        """Count a connection in, its peer now being known."""
        entered = not self.draining and self.limits.enter(connection.peer.address)
        OPENED.add(1, self.name, "let in" if entered else "refused")
        return entered

    def left(self, connection: Connection, *, entered: bool) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        if entered:
            self.limits.leave(connection.peer.address)
        if not self.connections:
            self._empty.set()

    def transcript(self, peer: Peer) -> Transcript | None:
        """Where this connection is written down, if anywhere."""
        return Transcript(f"{self.name} {peer.address}:{peer.port}") if self._transcripts else None

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine of a connection; it is kept until it ends, and its failure is logged."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: a session's work failed", self.name, exc_info=error)

    async def drain(self, seconds: float) -> int:
        """Stop accepting, let every connection end what it has in hand, cut off what is left. How many were cut off."""
        self.draining = True
        for server in self._servers:
            server.close()
        for connection in list(self.connections):
            connection.finish()
        if self.connections:
            self._empty.clear()
            try:
                await asyncio.wait_for(self._empty.wait(), seconds)
            except TimeoutError:
                pass
        left = list(self.connections)
        for connection in left:
            connection.abort()
        return len(left)
