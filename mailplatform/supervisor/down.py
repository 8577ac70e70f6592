"""``manage.py down`` and ``manage.py status``, and what ``up`` shares with them: who runs here, and how it is told."""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mailplatform.settings.site import load
from mailplatform.supervisor import endpoints, probe
from mailplatform.supervisor.home import instance_home
from mailplatform.supervisor.processes import Process, end
from mailplatform.supervisor.services import table

ORDER = ("keeper", "supervisor")
WITHOUT_TICKS = "without-ticks"  # in run/; written by the role outbound while no tick comes


def keeper_of(home: Path) -> Process | None:
    """The living keeper of this home, or the living supervisor where the keeper is being replaced."""
    state = endpoints.read_state(home)
    return next((process for role in ORDER for process in state.get(role, []) if process.alive()), None)


def end_all(home: Path, seconds: float, *, only_of: int | None = None) -> bool:
    """Stop whatever of this instance runs: in order through the keeper, then leftovers by recorded pid and start time.

    only_of: touch processes of that user only (root does not believe a file that somebody else wrote).
    Returns whether anything was recorded as running.
    """

    def ours(process: Process) -> bool:
        try:
            return process.alive() and (only_of is None or os.stat(f"/proc/{process.pid}").st_uid == only_of)
        except OSError:
            return False

    state = endpoints.read_state(home)
    ran = any(state.values())
    told: set[Process] = set()
    until = time.monotonic() + seconds
    while chiefs := [process for role in ORDER for process in state.get(role, []) if ours(process)]:
        for process in chiefs:
            if process not in told:  # both are told: a keeper may be being replaced right now
                process.send(signal.SIGTERM)
                told.add(process)
        if time.monotonic() > until:
            end(chiefs, 0)
            break
        time.sleep(0.02)
        state = endpoints.read_state(home)
    rest = {role: [process for process in processes if ours(process)] for role, processes in state.items()}
    servers = [*rest.pop("valkey", []), *rest.pop("postgres", [])]
    workers = [process for processes in rest.values() for process in processes]
    if workers or servers:
        end(workers, min(seconds, 20))
        end(servers, 30, signal.SIGINT)
    return ran


def down(home: Path, arguments: Sequence[str]) -> int:
    """Drain and stop everything. Exit code 0, also when nothing ran."""
    parser = argparse.ArgumentParser(prog="manage.py down", description="Drain and stop everything of this home.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    site = load(home)
    ran = end_all(home, site.supervisor.stop_seconds * 3) if home.exists() else False
    (home / "endpoints.json").unlink(missing_ok=True)
    print(json.dumps({"stopped": ran}) if given.json else f"{'stopped' if ran else 'nothing was running'} ({home})")
    return 0


def status(home: Path, arguments: Sequence[str]) -> int:
    """Who runs and whether each door answers. Exit code 0 when all do, else 1."""
    parser = argparse.ArgumentParser(prog="manage.py status", description="Who runs, and whether each door answers.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    site = load(home)
    state = endpoints.read_state(home)
    said = endpoints.read(home / "endpoints.json") or {}
    doors = []
    for service in table(site):
        for way in service.listeners:
            ports = [w["port"] for w in said.get("listeners", {}).get(service.name, []) if w["tls"] == way.tls] or [way.port]
            seen = replace(way, port=ports[0])
            why = probe.answers(seen, service.greeting, proxies=site.proxy.networks) if said else "not started"
            doors.append(
                {"listener": way.name, "host": way.host, "port": ports[0], "tls": way.tls, "answers": not why, "why": why}
            )
    alive = {role: [p.pid for p in ps if p.alive()] for role, ps in state.items()}
    missing = sorted(role for role, pids in alive.items() if not pids)
    runs = any(alive.values())
    away = probe.valkey_answers(site.redis_url) if runs else ""
    well = bool(said) and not missing and not away and all(door["answers"] for door in doors)
    alone = _without_ticks(home) if runs else ""
    if given.json:
        told = {"home": str(home), "running": well, "pids": alive, "missing": missing, "doors": doors}
        told |= {"valkey": {"answers": runs and not away, "why": away}, "without_ticks_since": alone or None}
        print(json.dumps({**told, "retries_by": ("outbound" if alone else "ticks") if runs else None}, indent=1))
    else:
        print(f"{home}: {'running' if well else 'not running' if not runs else 'partly running'}")
        for door in doors:
            where = f"{door['host']}:{door['port']}" if door["port"] else door["host"]
            print(f"  {door['listener']:<12} {where:<16} {door['tls']:<9} {door['why'] or 'answers'}")
        for role, pids in alive.items():
            print(f"  {role:<12} {' '.join(map(str, pids)) or 'missing'}")
        for line in _in_words(away, alone, site.outbound.tick_missing_seconds):
            print(f"  {line}")
    return 0 if well else 1


def _in_words(away: str, alone: str, patience: float) -> list[str]:
    """What is the matter with Valkey and the ticks, and who does their work meanwhile. away: why Valkey does not answer."""
    lines = []
    if away:
        lines.append(f"Valkey is away ({away}). Mail goes on: news reaches readers within a second, limits count by process.")
    if alone:
        why = "" if away else "; look at the roles beat and worker"
        lines.append(f"No ticks since {alone}: the outbound agent releases retries and makes reports itself{why}.")
    elif away:
        lines.append(f"After {patience:.0f} s without a tick the outbound agent will release retries and make reports itself.")
    return lines


def _without_ticks(home: Path) -> str:
    """Since when the outbound agent has done the ticks' work itself; "" when ticks come."""
    try:
        return (home / "run" / WITHOUT_TICKS).read_text("utf-8").strip()
    except OSError:
        return ""


def print_table(home: Path, clone: Path, *, as_json: bool, foreground: bool) -> None:
    """What listens where, the accounts of the first domain, how to stop."""
    said: dict[str, Any] = endpoints.read(home / "endpoints.json") or {}
    if as_json:
        print(json.dumps(said, indent=1), flush=True)
        return
    lines = ["", f"mailplatform serves from {home}", ""]
    for role, ways in said.get("listeners", {}).items():
        for way in ways:
            where = f"{way['host']}:{way['port']}" if way["port"] else way["host"]
            lines.append(f"  {role:<12} {where:<18} {'TLS: ' + way['tls'] if way['tls'] != 'none' else 'no TLS'}")
    for name, url in said.get("urls", {}).items():
        lines.append(f"  {name:<12} {url}")
    if accounts := said.get("accounts"):
        lines += ["", "  accounts of the first domain (passwords stand in endpoints.json too)"]
        lines += [f"  {one['address']:<28} {one['password']:<24} {one['role']}" for one in accounts]
    usual = home in (clone / "var", instance_home(clone))
    manage = ".venv/bin/python manage.py" + ("" if usual else f" --home {home}")
    if accounts:
        lines += ["", f"  what there is to be seen, line by line: {manage} tour"]
    else:
        lines += ["", "  an empty house begins with a domain and somebody to administer it:"]
        lines += [f"  {manage} domain add example.org"]
        lines += [f"  {manage} mailbox add admin@example.org --role administrator --generate-password"]
    where = "" if usual else f" HOME_DIR={home}"
    stop = "Ctrl-C drains and stops all" if foreground else f"stop: make down{where}"
    lines += ["", f"  {stop}     who runs: make status{where}     (in {clone})", ""]
    print("\n".join(lines), flush=True)
