"""What an idle client costs: the memory of the IMAP processes with 500 connections under TLS in IDLE, less that before them.

Proportional set size, so that what processes share is counted once. The clients live here, outside the instance.
"""

from __future__ import annotations

import ssl
import sys
import time

from benchmarks.instance import Instance, pss_mib
from tests.support.clients.imap import Imap

CONNECTIONS, USERS = 500, 100
SETTLE_SECONDS = 20  # sessions are written behind, young garbage is collected


def measure(instance: Instance, *, domain: str, password: str) -> dict[str, float | None]:
    """KiB a connection, after one client of each user has come and gone (caches and code pages are not the clients')."""
    host, port = instance.address("imap", ("implicit",))
    for number in range(USERS):
        _idle(host, port, f"u{number + 1}@{domain}", password).close()
    time.sleep(SETTLE_SECONDS)
    before, house = _imap(instance), pss_mib(instance.pids())
    clients = [_idle(host, port, f"u{number % USERS + 1}@{domain}", password) for number in range(CONNECTIONS)]
    time.sleep(SETTLE_SECONDS)
    after = _imap(instance)
    grown = pss_mib(instance.pids()) - house
    for client in clients:
        client.close()
    words = f"ours: idle: {before:.1f} MiB → {after:.1f} MiB; all processes, the database's cache too, {grown:+.1f} MiB"
    print(words, file=sys.stderr, flush=True)
    return {"idle_tls_kib": (after - before) * 1024 / CONNECTIONS}


def _imap(instance: Instance) -> float:
    return pss_mib(instance.endpoints()["pids"]["imap"])


def _idle(host: str, port: int, login: str, password: str) -> Imap:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    imap = Imap.connect(host, port, tls=context)
    imap.login(login, password)
    imap.select()
    imap.start("IDLE")
    imap.read_answer()
    return imap
