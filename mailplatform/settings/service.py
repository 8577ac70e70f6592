"""What a role of the service table is given when it starts.

A role is one program of the mail system (smtp, imap, agent, index, web, worker, beat). Whoever starts it (the nursery,
``manage.py serve`` under systemd, a test) calls ``run(context)`` in the main thread of a process of its own and gets no
value back: returning is a clean end. Standard library only, so that doors, the store and the supervisor may all import it.

Signals of every role: SIGTERM drains (stop accepting, finish what runs, return), a second SIGTERM ends at once; SIGHUP
reads certificates and live settings anew; SIGINT is ignored (a terminal's Ctrl-C reaches the supervisor, which drains).
The end of the parent is turned into SIGTERM by the starter (a thread reads ``parent_fd`` until EOF), so a role needs to
handle signals only.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mailplatform.settings.site import SiteConfig

Tls = Literal["none", "starttls", "implicit"]


@dataclass(frozen=True, slots=True)
class Listener:
    """One way in: where it listens and how TLS begins there. ``name`` is unique in the service table ("imaps").

    host: an address, or the path of a Unix socket (then port is 0, and mode and group are the socket's; "" the user's own).
    """

    name: str
    host: str
    port: int
    tls: Tls = "none"
    mode: int = 0o600
    group: str = ""

    @property
    def is_unix(self) -> bool:
        return self.host.startswith("/")

    @property
    def place(self) -> str:
        """Where, for people."""
        return self.host if self.is_unix else f"{self.host}:{self.port}"


def _nothing() -> None:
    return None


def beat_seconds(site: SiteConfig) -> float:
    """Four signs of life in the time after which a role counts as hung, and at least one in five seconds; 0: none are wanted."""
    return min(site.supervisor.hung_seconds / 4, 5.0)


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """All that ``run(context)`` of a role receives.

    site: the configuration in force. role: the name in the service table. number: 0 … workers - 1.
    sockets: listener name → its bound sockets, listening and non-blocking, shared by all workers of the role; one a
        configured address. listeners: listener name → host, port, tls (the first address where there are several).
    alive: call it every `beat_seconds` from the loop that does the role's work. A role that has done so once counts as hung,
        is killed and started again when it stops doing so; one that never does is left alone.
    ready: call it once, when the role serves (a door: when it accepts; others: when they have begun their work).
    parent_fd: the pipe to the parent, -1 when there is none; for information, roles need not watch it.
    listens: started alone (a unit, a container): ``[metrics] listen`` is this role's.
    """

    site: SiteConfig
    role: str
    number: int = 0
    workers: int = 1
    sockets: Mapping[str, list[socket.socket]] = field(default_factory=dict)
    listeners: Mapping[str, Listener] = field(default_factory=dict)
    ready: Callable[[], None] = _nothing
    alive: Callable[[], None] = _nothing
    parent_fd: int = -1
    listens: bool = False

    @property
    def beat_seconds(self) -> float:
        """How often `alive` is to be called; 0 when nobody listens."""
        return beat_seconds(self.site) if self.alive is not _nothing else 0.0


Run = Callable[[ServiceContext], None]
