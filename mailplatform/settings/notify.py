"""What systemd is told of a service (sd_notify(3)): ready, stopping, alive. Nothing happens where nobody listens.

A datagram of ``NAME=value`` lines to the socket that NOTIFY_SOCKET names; "@…" is an abstract one. Standard library only.
"""

from __future__ import annotations

import os
import socket
import time

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def notify(*lines: str) -> bool:
    """Say it; whether somebody listens. Raises nothing: a service goes on without its manager."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address[0] == "@":
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as telling:
            telling.settimeout(1.0)  # a manager that does not listen holds nobody
            telling.connect(address)
            telling.sendall("\n".join(lines).encode())
    except OSError:
        return False
    return True


def reloading() -> bool:
    """RELOADING=1 carries the moment (sd_notify(3), Type=notify-reload); READY=1 ends it."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_seconds() -> float:
    """How often at least systemd wants to hear ALIVE from this process; 0: never (sd_watchdog_enabled(3))."""
    pid = os.environ.get("WATCHDOG_PID", "")
    if pid and pid != str(os.getpid()):
        return 0.0
    said = os.environ.get("WATCHDOG_USEC", "0")
    return int(said) / 1e6 if said.isdigit() else 0.0
