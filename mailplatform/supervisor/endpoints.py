"""What an instance says of itself in files: run/state.json for whoever stops or adopts it, endpoints.json for clients.

``endpoints.json`` (mode 0600) is written when all doors answer and holds exactly: ``listeners`` (role → list of host,
port, tls), ``pids`` (role → list), ``urls``, ``accounts`` (address, password, role), ``site`` (the configuration in
force). ``state.json`` names every process by pid, boot and start time, so that a leftover is ended and nothing else.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mailplatform.settings.service import Listener
from mailplatform.settings.site import SiteConfig
from mailplatform.supervisor.processes import Process

ACCOUNTS = "first_accounts.json"  # in secrets/
FIRST_ACCOUNTS = (
    {"address": "admin@example.test", "role": "administrator", "name": "First Administrator"},
    {"address": "anna@example.test", "role": "employee", "name": "Anna Rossi"},
    {"address": "bruno@example.test", "role": "employee", "name": "Bruno Keller"},
)


def write_private(path: Path, value: Any) -> None:
    """JSON, mode 0600, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, ensure_ascii=False)
        file.write("\n")
    partial.rename(path)


def read(path: Path) -> Any:
    """The JSON of a file, None when it is not there or not JSON."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def write_state(home: Path, processes: Mapping[str, Sequence[Process]]) -> None:
    """Name all processes, role by role; keeper, supervisor, nursery, postgres, valkey among them."""
    write_private(home / "run" / "state.json", {role: [[p.pid, p.started] for p in ps] for role, ps in processes.items()})


def read_state(home: Path) -> dict[str, list[Process]]:
    """Role → processes as last written; {} when nothing is known."""
    state = read(home / "run" / "state.json")
    if not isinstance(state, dict):
        return {}
    return {role: [Process(int(pid), str(started)) for pid, started in ps] for role, ps in state.items()}


def choose_first_accounts(home: Path) -> list[dict[str, str]]:
    """The first domain's accounts with fresh passwords, written down before they are made: a crash forgets none."""
    path = home / "secrets" / ACCOUNTS
    chosen = read(path)
    if not isinstance(chosen, dict):
        accounts = [{**one, "password": secrets.token_urlsafe(12)} for one in FIRST_ACCOUNTS]
        chosen = {"made": False, "accounts": accounts}
        write_private(path, chosen)
    return list(chosen["accounts"])


def confirm_first_accounts(home: Path) -> None:
    """They exist now; a later start leaves them alone, also when they have been removed since."""
    write_private(home / "secrets" / ACCOUNTS, {"made": True, "accounts": choose_first_accounts(home)})


def first_accounts(home: Path) -> list[dict[str, str]]:
    """Address, password and role of the first domain's accounts, as made at the first start; [] when they were not."""
    chosen = read(home / "secrets" / ACCOUNTS)
    if not isinstance(chosen, dict) or not chosen["made"]:
        return []
    return [{name: one[name] for name in ("address", "password", "role")} for one in chosen["accounts"]]


def write_endpoints(site: SiteConfig, listeners: Mapping[str, Sequence[Listener]], pids: Mapping[str, Sequence[int]]) -> None:
    ways = {role: [{"host": way.host, "port": way.port, "tls": way.tls} for way in ws] for role, ws in listeners.items()}
    urls = {}
    for way in reversed(listeners.get("web", ())):
        urls["web tls" if way.tls == "implicit" else "web"] = f"{_scheme(way)}://{_in_url(way.host)}:{way.port}/"
    value = {
        "listeners": ways,
        "pids": {role: list(numbers) for role, numbers in pids.items()},
        "urls": urls,
        "accounts": first_accounts(site.home),
        "site": str(site.path),
    }
    write_private(site.home / "endpoints.json", value)


def _scheme(way: Listener) -> str:
    return "https" if way.tls == "implicit" else "http"


def _in_url(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host
