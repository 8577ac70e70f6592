"""An SMTP role over a sink, for a process of its own: a spawned one imports this module by itself, and Django only then."""

import importlib
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socket

import django


def role(home: Path, sock: socket, ready: Connection) -> None:
    """What runs in the process; it says "ready" and "stopped"."""
    django.setup()
    importlib.import_module("tests.support.smtp_sink").run(home, sock, ready)
