"""``manage.py check_site``: what is in force, where it comes from, and what it adds up to. Needs no database."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mailplatform.settings.defaults import TABLES
from mailplatform.settings.site import SiteConfig, load
from mailplatform.supervisor.services import RESERVED, connections, memory_mib, table


def check_site(home: Path, arguments: Sequence[str]) -> int:
    """Print the effective configuration. Exit code 1 when the service table may need more connections than allowed."""
    parser = argparse.ArgumentParser(prog="manage.py check_site", description="Explain the configuration in force.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--changed", action="store_true", help="only what differs from the defaults")
    given = parser.parse_args(arguments)
    site = load(home)
    need, allowed = connections(site), site.database.most_connections
    if given.json:
        print(json.dumps({"path": str(site.path), "values": _values(site), "connections": need, "allowed": allowed,
                          "memory_mib": memory_mib(site), "services": _services(site)}, indent=1))  # fmt: skip
    else:
        _explain(site, only_changed=given.changed)
    if need > allowed:
        print(f"REFUSED: the service table may open {need} connections, [database] most_connections says {allowed}")
        return 1
    return 0


def _values(site: SiteConfig) -> dict[str, dict[str, Any]]:
    return {name: dataclasses.asdict(getattr(site, name)) for name in TABLES}


def _services(site: SiteConfig) -> list[dict[str, Any]]:
    return [
        {
            "role": service.name,
            "workers": service.workers,
            "connections": service.workers * service.connections,
            "memory_mib": service.workers * service.memory_mib,
            "listeners": [dataclasses.asdict(way) for way in service.listeners],
        }
        for service in table(site)
    ]


def _explain(site: SiteConfig, *, only_changed: bool) -> None:
    there = "" if site.path.exists() else " (not there: all defaults)"
    print(f"home {site.home}\nconfiguration {site.path}{there}\nhost name {site.hostname}")
    print(f"database {_where(site.embedded_database)}; redis {_where(site.embedded_redis)}")
    for name, kind in TABLES.items():
        shown = []
        for field in dataclasses.fields(kind):
            value = getattr(getattr(site, name), field.name)
            changed = value != field.default
            if changed or not only_changed:
                shown.append(f"  {'*' if changed else ' '} {field.name} = {_toml(value):<12}  {field.metadata['meaning']}")
        if shown:
            print("\n".join([f"\n[{name}]", *shown]))
    print("\n(* differs from the default)\n\nrole       workers  connections  memory MiB  listens on")
    for row in _services(site):
        ways = ", ".join(f"{way['host']}{':' if way['port'] else ''}{way['port'] or ''} {way['tls']}" for way in row["listeners"])
        print(f"{row['role']:<10} {row['workers']:>7}  {row['connections']:>11}  {row['memory_mib']:>10}  {ways}")
    print(f"{'reserve':<10} {'':>7}  {RESERVED:>11}")
    print(f"{'sum':<10} {'':>7}  {connections(site):>11}  {memory_mib(site):>10}  all")


def _where(embedded: bool) -> str:
    return "embedded" if embedded else "outside"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, bool)) else str(value)
