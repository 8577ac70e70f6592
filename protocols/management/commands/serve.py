"""``manage.py serve ROLE``: one process of a role of the service table in the foreground, for systemd units and containers.

It takes the sockets that systemd passes (LISTEN_FDS), told apart by the address they are bound to, and binds those that
are missing; tells systemd when it serves (NOTIFY_SOCKET); SIGTERM drains, SIGHUP reloads. Logs go to standard error.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mailplatform.settings.notify import READY, notify
from mailplatform.settings.process import enter_role
from mailplatform.settings.service import Listener, ServiceContext
from mailplatform.settings.site import SiteError
from mailplatform.supervisor.services import table
from mailplatform.supervisor.up import open_socket

_SYSTEMD_FIRST = 3  # sd_listen_fds(3)


class Command(BaseCommand):
    help = "Run one role in the foreground."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", choices=[service.name for service in table(settings.SITE)])
        parser.add_argument("--number", type=int, default=0, help="which worker of the role this is")

    def handle(self, *args: Any, role: str, number: int, **options: Any) -> None:
        service = next(service for service in table(settings.SITE) if service.name == role)
        handed = take_handed()
        sockets: dict[str, list[socket.socket]] = {}
        for way in service.listeners:
            try:
                one = handed.pop((way.host, way.port), None) or open_socket(way)
            except SiteError as error:
                raise CommandError(str(error)) from None
            one.setblocking(False)
            sockets.setdefault(way.name, []).append(one)
        if handed:
            raise CommandError(
                f"{role} does not listen on {', '.join(f'{host}:{port}' for host, port in handed)}: see check_site"
            )
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        serves = enter_role(role, number, listen=True)
        module, _, name = service.run.partition(":")
        run = getattr(importlib.import_module(module), name)
        listeners: dict[str, Listener] = {way.name: way for way in reversed(service.listeners)}

        def ready() -> None:
            serves()
            if not notify(READY, f"STATUS={role} serves"):
                self.stderr.write(f"{role} serves")

        run(ServiceContext(settings.SITE, role, number, service.workers, sockets, listeners, ready, listens=True))


def take_handed() -> dict[tuple[str, int], socket.socket]:
    """The listening sockets that systemd has passed, by the address they are bound to; {} when there are none."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    count = int(os.environ.get("LISTEN_FDS", "0"))
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):  # not for our children
        os.environ.pop(name, None)
    handed = {}
    for fd in range(_SYSTEMD_FIRST, _SYSTEMD_FIRST + count):
        os.set_inheritable(fd, False)
        one = socket.socket(fileno=fd)
        handed[one.getsockname()[:2]] = one
    return handed
