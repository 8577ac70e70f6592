"""``manage.py serve ROLE``: one role of the service table in the foreground, for systemd units and containers.

It binds the role's sockets itself (or takes those that systemd passes) and runs one worker; SIGTERM drains.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mailplatform.settings.process import enter_role
from mailplatform.settings.service import ServiceContext
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
        handed = int(os.environ.get("LISTEN_FDS", "0")) if os.environ.get("LISTEN_PID") == str(os.getpid()) else 0
        if handed and handed != len(service.listeners):
            raise CommandError(f"{role} has {len(service.listeners)} listeners, systemd passed {handed} sockets")
        sockets: dict[str, list[socket.socket]] = {}
        for index, way in enumerate(service.listeners):
            one = socket.socket(fileno=_SYSTEMD_FIRST + index) if handed else open_socket(way)
            one.setblocking(False)
            sockets.setdefault(way.name, []).append(one)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        enter_role(role)
        module, _, name = service.run.partition(":")
        run = getattr(importlib.import_module(module), name)
        listeners = {way.name: way for way in reversed(service.listeners)}
        ready = lambda: self.stderr.write(f"{role} serves")  # noqa: E731
        run(ServiceContext(settings.SITE, role, number, service.workers, sockets, listeners, ready))
