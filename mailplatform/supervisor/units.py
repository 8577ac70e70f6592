"""``manage.py units --out DIR``: systemd units of this site, made from the one service table, so that they never drift from it.

``mailplatform.target`` wants everything: ``mailplatform-prepare.service`` (schema and rights, once a start), and for each role a
template ``mailplatform-ROLE@.service`` with an instance a process. Doors get their sockets from ``mailplatform-ROLE.socket``,
which systemd binds as root, ports below 1024 too, so no role has any capability, and a restart refuses no connection.
``mailplatform-up.service`` is the other way: the whole instance with its embedded servers in one unit.

Every service is confined (systemd.exec(5)): `systemd-analyze security` rates it 3.0 or better, by test. Standard library only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mailplatform.settings.service import Listener
from mailplatform.settings.site import CODE, SiteConfig, load
from mailplatform.supervisor.services import Service, table

_PREPARE = "mailplatform-prepare.service"
_TARGET = "mailplatform.target"
_HEAD = "# Written by `manage.py units` from the service table: changes belong into drop-ins (systemctl edit), not here.\n"
_UNWATCHED = ("web", "worker", "beat")  # their main process does not answer for its health itself
_CONFINED = """\
NoNewPrivileges=yes
CapabilityBoundingSet={capabilities}
AmbientCapabilities={capabilities}
ProtectSystem=strict
ReadWritePaths={home}
ProtectHome={protect_home}
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
{private_users}ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged{denied}
SystemCallErrorNumber=EPERM
UMask=0077
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the units will run. home: of the instance; code: this program with its .venv."""

    user: str
    home: Path
    code: Path

    @property
    def command(self) -> str:
        return f"{self.code}/.venv/bin/python {self.code}/manage.py --home {self.home}"


def units(home: Path, arguments: Sequence[str]) -> int:
    """Write the units of this home's site."""
    parser = argparse.ArgumentParser(prog="manage.py units", description="Write systemd units from the service table.")
    parser.add_argument("--out", type=Path, required=True, help="folder, e.g. /etc/systemd/system")
    parser.add_argument("--user", default="mailplatform", help="system user that the services run as")
    parser.add_argument("--code", type=Path, default=CODE, help="where this program is installed with its .venv")
    given = parser.parse_args(arguments)
    site = load(home)
    made = texts(site, Place(given.user, site.home, given.code))
    given.out.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (given.out / name).write_text(text)
        print(given.out / name)
    if site.embedded_database or site.embedded_redis:
        print(
            f"{site.path} names no outside {'Postgres' if site.embedded_database else 'Valkey or Redis'}: "
            "enable mailplatform-up.service, which brings its own; the others need [database] and [redis]"
        )
    return 0


def texts(site: SiteConfig, place: Place) -> dict[str, str]:
    """File name → unit."""
    services = table(site)
    made = {_TARGET: _target(services), _PREPARE: _prepare(place), "mailplatform-up.service": _up(site, place)}
    for service in services:
        made[f"mailplatform-{service.name}@.service"] = _service(site, service, place)
        if _by_systemd(service):
            made[f"mailplatform-{service.name}.socket"] = _socket(service)
    return made


def _target(services: Sequence[Service]) -> str:
    instances = [f"mailplatform-{one.name}@{number}.service" for one in services for number in range(one.workers)]
    sockets = [f"mailplatform-{one.name}.socket" for one in services if _by_systemd(one)]
    wants = "".join(f"Wants={name}\n" for name in (_PREPARE, *sockets, *instances))
    return f"{_HEAD}[Unit]\nDescription=mailplatform\n{wants}\n[Install]\nWantedBy=multi-user.target\n"


def _prepare(place: Place) -> str:
    return (
        f"{_HEAD}[Unit]\nDescription=mailplatform: schema and rights\n{_after()}PartOf={_TARGET}\n\n"
        f"[Service]\nType=oneshot\nRemainAfterExit=yes\n{_runs(place)}ExecStart={place.command} prepare\nTimeoutStartSec=1h\n\n"
        f"{_confined(place)}"
    )


def _service(site: SiteConfig, service: Service, place: Place) -> str:
    sockets = f"Sockets=mailplatform-{service.name}.socket\n" if _by_systemd(service) else ""
    # gunicorn says ready from the worker that serves, not from its main process.
    notify = "NotifyAccess=all\n" if service.name == "web" else ""
    watchdog = "" if service.name in _UNWATCHED else "WatchdogSec=60\n"
    resources = "" if service.name == "index" else " @resources"  # it makes itself nicer
    groups = "".join(f"SupplementaryGroups={way.group}\n" for way in service.listeners if way.group)
    giving = "\nSystemCallFilter=@chown" if groups else ""  # the socket goes to that group
    return (
        f"{_HEAD}[Unit]\nDescription=mailplatform: {service.name} %i\n{_after(_PREPARE)}Requires={_PREPARE}\nPartOf={_TARGET}\n\n"
        f"[Service]\nType=notify\n{notify}{_runs(place)}{sockets}"
        f"ExecStart={place.command} serve {service.name} --number %i\nExecReload=/bin/kill -HUP $MAINPID\n"
        f"Restart=always\nRestartSec=1\n{watchdog}TimeoutStartSec=120\nTimeoutStopSec={site.supervisor.stop_seconds:.0f}\n"
        f"KillMode=mixed\nLimitNOFILE=65536\nTasksMax=256\nMemoryMax={_memory(service)}M\n\n"
        f"{groups}{_confined(place, denied=resources + giving)}\n[Install]\nWantedBy={_TARGET}\n"
    )


def _up(site: SiteConfig, place: Place) -> str:
    low = any(way.port < 1024 for ways in site.listeners().values() for way in ways)
    return (
        f"{_HEAD}[Unit]\nDescription=mailplatform: the whole instance, embedded servers too\n{_after()}Conflicts={_TARGET}\n\n"
        f"[Service]\nType=notify\nNotifyAccess=all\n{_runs(place)}ExecStart={place.command} up --no-demo\n"
        f"Restart=on-failure\nRestartSec=5\nTimeoutStartSec=15min\nTimeoutStopSec={site.supervisor.stop_seconds * 3 + 60:.0f}\n"
        "KillMode=mixed\nLimitNOFILE=65536\nTasksMax=1024\n\n"
        f"{_confined(place, capabilities='CAP_NET_BIND_SERVICE' if low else '')}\n[Install]\nWantedBy=multi-user.target\n"
    )


def _socket(service: Service) -> str:
    # A unix socket the role binds itself: systemd would make the folders above it, and own them.
    streams = "".join(f"ListenStream={_stream(way)}\n" for way in service.listeners if not way.is_unix)
    return (
        f"{_HEAD}[Unit]\nDescription=mailplatform: where {service.name} listens\nPartOf={_TARGET}\n\n"
        f"[Socket]\n{streams}BindIPv6Only=ipv6-only\nBacklog=1024\nFileDescriptorName={service.name}\n"
        f"Service=mailplatform-{service.name}@0.service\n\n[Install]\nWantedBy={_TARGET}\n"
    )


def _by_systemd(service: Service) -> bool:
    """Whether systemd binds something for it."""
    return any(not way.is_unix for way in service.listeners)


def _stream(way: Listener) -> str:
    return f"[{way.host}]:{way.port}" if ":" in way.host else f"{way.host}:{way.port}"


def _after(*more: str) -> str:
    after = ["network-online.target", "postgresql.service", "redis-server.service", "valkey-server.service", *more]
    return f"Wants=network-online.target\nAfter={' '.join(after)}\n"


def _runs(place: Place) -> str:
    state = ""
    if place.home.parent == Path("/var/lib"):
        state = f"StateDirectory={place.home.name}\nStateDirectoryMode=0750\n"
    return (
        f"User={place.user}\nGroup={place.user}\n{state}WorkingDirectory={place.code}\n"
        "Environment=PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1\n"
    )


def _confined(place: Place, *, denied: str = "", capabilities: str = "") -> str:
    homes = Path("/home"), Path("/root"), Path("/run/user")
    at_home = any(path.is_relative_to(folder) for path in (place.home, place.code) for folder in homes)
    return _CONFINED.format(
        home=place.home,
        capabilities=capabilities,
        denied=denied,
        protect_home="read-only" if at_home else "yes",
        private_users="" if capabilities else "PrivateUsers=yes\n",  # in a user namespace a capability binds no port of the host
    )


def _memory(service: Service) -> int:
    """Far above what a role takes at work; what grows beyond it leaks, and is started anew."""
    return 512 + 16 * service.memory_mib
