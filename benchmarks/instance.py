"""One instance of the product in a home of its own, started and stopped by the commands a person would type."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailplatform.settings.site import USUAL_PORTS

ROOT = Path(__file__).resolve().parents[1]
# Passwords over loopback without TLS, and limits that do not stand in a load generator's way: for measuring only.
SITE = """\
[access]
plaintext_networks = ["127.0.0.0/8"]

[smtp]
max_connections_per_address = 1000

[imap]
max_connections_per_address = 5000
"""


@dataclass(slots=True)
class Instance:
    """`home` is made when it is not there; its site.toml is written only then."""

    home: Path
    port_base: int = 20000
    site: str = SITE

    def manage(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` for this home."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments, "--home", str(self.home)]
        return subprocess.run(command, cwd=ROOT, check=check, text=True, **options)

    def up(self) -> float:
        """Start it and wait until all doors answer; the seconds that took."""
        if not (self.home / "site.toml").exists():
            self.home.mkdir(parents=True, exist_ok=True)
            (self.home / "site.toml").write_text(self.site)
        began = time.monotonic()
        self.manage("up", "--port-base", str(self.port_base), "--no-demo", "--detach", stdout=sys.stderr)
        return time.monotonic() - began

    def down(self) -> None:
        self.manage("down", check=False, stdout=sys.stderr)

    def endpoints(self) -> dict[str, Any]:
        """What stands in endpoints.json now; {} while it is not there."""
        try:
            found: dict[str, Any] = json.loads((self.home / "endpoints.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def address(self, role: str, tls: tuple[str, ...] = ("none", "starttls")) -> tuple[str, int]:
        """Host and port of the first listener of a role that begins without (or with) TLS."""
        for listener in self.endpoints()["listeners"][role]:
            if listener["tls"] in tls:
                return listener["host"], listener["port"]
        raise LookupError(f"{role}: no listener with TLS {' or '.join(tls)}")

    def pids(self) -> list[int]:
        """Every process of the instance, by its own account and by descent."""
        return family(pid for pids in self.endpoints().get("pids", {}).values() for pid in pids)


def free_port_base() -> int:
    """A port base none of whose doors is taken now, above the usual ones."""
    for base in range(20000, 60000, 1000):
        if all(_is_free(base + usual) for usual in USUAL_PORTS.values()):
            return base
    raise LookupError("no free port base")


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def family(roots: Iterable[int]) -> list[int]:
    """These processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found: dict[int, None] = {}
    waiting = [pid for pid in roots if Path(f"/proc/{pid}").exists()]
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found[pid] = None
            waiting.extend(children.get(pid, ()))
    return list(found)


def pss_mib(pids: Iterable[int]) -> float:
    """Proportional set size of these processes together, in MiB: shared pages are counted once."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def commands(pids: Iterable[int]) -> dict[int, str]:
    """The command line of each process that still runs."""
    found = {}
    for pid in pids:
        try:
            found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue
    return found


def make_users(home: Path, domain: str, count: int, password: str) -> None:
    """Run benchmarks.users for this home, as the user that owns it."""
    variables = {
        "MAILPLATFORM_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "mailplatform.settings.computed",
        "PYTHONPATH": str(ROOT),
    }
    owner = home.stat()
    drop = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    command = [sys.executable, "-m", "benchmarks.users", domain, str(count), password]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | variables, **drop)  # type: ignore[call-overload]
