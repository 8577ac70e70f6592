"""site.toml → SiteConfig: the configuration of one site, read once, frozen, and refused when it holds what nobody knows.

The home (``--home``, else MAILPLATFORM_HOME, else ``var/`` beside the code) holds everything of one instance:
``site.toml``, ``secrets/``, ``run/`` (sockets, state), ``pg/``, ``valkey/``, ``packs/``, ``spool/``, ``tls/``, ``log/``,
``endpoints.json``. The file is ``<home>/site.toml`` or where MAILPLATFORM_SITE points. Standard library only: the
supervisor reads it before Django exists. No other room reads the environment or TOML.
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

from mailplatform.settings import defaults
from mailplatform.settings.service import Listener

CODE = Path(__file__).resolve().parents[2]
DEFAULT_HOSTNAME = "mail.example.test"
USUAL_PORTS = {
    "lmtp": 24,
    "smtp": 25,
    "sink": 26,
    "web": 80,
    "pop3": 110,
    "imap": 143,
    "webs": 443,
    "submissions": 465,
    "submission": 587,
    "imaps": 993,
    "pop3s": 995,
}
_UNITS: dict[str, dict[str, float]] = {
    "_bytes": {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40},
    "_seconds": {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400},
}


class SiteError(Exception):
    """site.toml cannot be used; the text names file, line and key."""


@dataclasses.dataclass(frozen=True, slots=True)
class SiteConfig:
    """The configuration in force. One attribute a table; defaults.py says what each key means."""

    home: Path
    path: Path
    network: defaults.Network
    database: defaults.Database
    redis: defaults.Redis
    tls: defaults.TlsTable
    dns: defaults.Dns
    proxy: defaults.Proxy
    access: defaults.Access
    smtp: defaults.Smtp
    submission: defaults.Submission
    lmtp: defaults.Lmtp
    imap: defaults.Imap
    pop3: defaults.Pop3
    store: defaults.Store
    arrivals: defaults.Arrivals
    agent: defaults.Agent
    outbound: defaults.Outbound
    index: defaults.Index
    web: defaults.Web
    tasks: defaults.Tasks
    trace: defaults.Trace
    supervisor: defaults.Supervisor
    log: defaults.Log
    metrics: defaults.Metrics
    demo: defaults.Demo
    testing: defaults.Testing

    @property
    def hostname(self) -> str:
        """The name in greetings and trace headers."""
        return self.network.hostname or _own_hostname()

    @property
    def embedded_database(self) -> bool:
        database = self.database
        return not (database.dsn or database.dsn_file or database.role_dsn or database.role_dsn_file)

    @property
    def has_role_users(self) -> bool:
        """Whether each role connects as a Postgres user of its own."""
        return bool(self.database.role_dsn or self.database.role_dsn_file)

    @property
    def embedded_redis(self) -> bool:
        return not (self.redis.url or self.redis.url_file)

    @property
    def dsn(self) -> str:
        """A libpq connection string, outside or embedded; the embedded server listens on a unix socket only."""
        if self.database.dsn_file:
            return _secret(self.home, self.database.dsn_file, "database.dsn_file")
        return self.database.dsn or f"host={self.sockets_dir} dbname=mailplatform user=mailplatform"

    def dsn_of(self, role: str) -> str:
        """The connection string of a role; "manage" (commands, schema) and sites without users of their own take `dsn`."""
        if role == "manage":
            return self.dsn
        if self.database.role_dsn_file:
            return _secret(self.home, self.database.role_dsn_file.replace("{role}", role), "database.role_dsn_file")
        return self.database.role_dsn.replace("{role}", role) or self.dsn

    @property
    def redis_url(self) -> str:
        if self.redis.url_file:
            return _secret(self.home, self.redis.url_file, "redis.url_file")
        return self.redis.url or f"unix://{self.sockets_dir / 'valkey.sock'}?db=0"

    @property
    def sockets_dir(self) -> Path:
        """Where the embedded servers' unix sockets are: the home's run/, unless that path is too long for a socket."""
        run = self.home / "run"
        if len(str(run)) <= 80:  # sun_path holds 107 bytes
            return run
        return Path("/tmp") / f"mailplatform-{os.stat(self.home).st_ino:x}"  # noqa: S108 - made 0700 by the supervisor

    def status_socket(self, role: str, number: int) -> Path:
        """Where a process of this site answers questions about its health."""
        return self.sockets_dir / f"{role}.{number}.status"

    def secret(self, name: str) -> str:
        """The text of <home>/secrets/<name>, stripped. Raises SiteError when there is none."""
        return _secret(self.home, f"secrets/{name}", name)

    def workers(self, role: str) -> int:
        """Processes of a role; 0 in the file means one for two cores, at most 4: Postgres needs the others."""
        said = int(getattr(getattr(self, role), "workers", 1))
        return said or min(max((os.cpu_count() or 1) // 2, 1), 4)

    def listeners(self) -> dict[str, list[Listener]]:
        """Role → its ways in, one a configured address."""
        ports = {
            "smtp": (self.smtp.port, "smtp", "starttls"),
            "submission": (self.submission.port, "submission", "starttls"),
            "submissions": (self.submission.tls_port, "submission", "implicit"),
            "lmtp": (self.lmtp.port, "lmtp", "starttls"),
            "imap": (self.imap.port, "imap", "starttls"),
            "imaps": (self.imap.tls_port, "imap", "implicit"),
            "pop3": (self.pop3.port, "pop3", "starttls"),
            "pop3s": (self.pop3.tls_port, "pop3", "implicit"),
            "web": (self.web.port, "web", "none"),
            "webs": (self.web.tls_port, "web", "implicit"),
        }
        ways: dict[str, list[Listener]] = {}
        for name, (port, role, tls) in ports.items():
            for address in self.lmtp.addresses if name == "lmtp" else self.network.addresses:
                number = port or self.network.port_base + USUAL_PORTS[name]
                ways.setdefault(role, []).append(Listener(name, address, number, tls))  # type: ignore[arg-type]
        if self.demo.sink:
            ways["sink"] = [Listener("sink", "127.0.0.1", self.demo.sink_port or self.network.port_base + USUAL_PORTS["sink"])]
        if self.lmtp.socket:
            path = str(self.sockets_dir / self.lmtp.socket)
            ways.setdefault("lmtp", []).append(Listener("lmtp.sock", path, 0, "none", *self._permissions()))
        return ways

    def _permissions(self) -> tuple[int, str]:
        """Mode and group of LMTP's socket."""
        return int(self.lmtp.socket_mode, 8), self.lmtp.socket_group


def home_from(argument: str | None = None) -> Path:
    """The home: the argument, else MAILPLATFORM_HOME, else var/ beside the code."""
    return Path(os.path.abspath(argument or os.environ.get("MAILPLATFORM_HOME") or CODE / "var"))


def load(home: Path, path: Path | None = None, environ: Mapping[str, str] | None = None) -> SiteConfig:
    """Read and check the site's file; a missing one means all defaults, unless it was named.

    environ: MAILPLATFORM_SITE names the file; MAILPLATFORM_PORT_BASE stands over ``[network] port_base``.
    Raises SiteError in words.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["MAILPLATFORM_SITE"]) if environ.get("MAILPLATFORM_SITE") else None)
    path = named or home / "site.toml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if named:
            raise SiteError(f"{path}: there is no such file") from None
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{path}: cannot be read: {error}") from None
    tables = parse(text, path)
    if base := environ.get("MAILPLATFORM_PORT_BASE"):
        tables["network"] = dataclasses.replace(tables["network"], port_base=_port(base))
    site = SiteConfig(home=home, path=path, **tables)
    _check(site, text)
    return site


def parse(text: str, path: Path) -> dict[str, Any]:
    """TOML text → table name → its frozen dataclass."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{path}: not TOML: {error}") from None
    for name, value in document.items():
        if name not in defaults.TABLES:
            what = f"[{name}]" if isinstance(value, dict) else name
            raise SiteError(f"{_where(text, path, name, None)}: unknown table {what}{_nearest_table(name, value)}")
        if not isinstance(value, dict):
            raise SiteError(f"{_where(text, path, name, None)}: {name} must be a table, [{name}]")
    return {name: _table(kind, document.get(name, {}), name, text, path) for name, kind in defaults.TABLES.items()}


def _table(kind: type, given: dict[str, Any], name: str, text: str, path: Path) -> Any:
    hints = get_type_hints(kind)
    values = {}
    for key, value in given.items():
        where = _where(text, path, name, key)
        if key not in hints:
            near = difflib.get_close_matches(key, list(hints), 1, 0)
            elsewhere = [t for t, k in defaults.TABLES.items() if key in get_type_hints(k)]
            hint = f"[{elsewhere[0]}] has a key of this name" if elsewhere else f"the nearest known key is {near[0]}"
            raise SiteError(f"{where}: unknown key {key} in [{name}]; {hint}")
        try:
            values[key] = _value(hints[key], value, key)
        except ValueError as error:
            raise SiteError(f"{where}: {name}.{key}: {error}") from None
    return kind(**values)


def _value(kind: Any, value: Any, key: str) -> Any:
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    if kind in (int, float):
        number = _number(value, key)
        if number < 0:
            raise ValueError("must not be negative")
        if kind is int and number != int(number):
            raise ValueError("must be a whole number")
        return kind(number)
    if kind is str:
        if not isinstance(value, str):
            raise ValueError("must be a text in quotes")
        return value
    if kind == tuple[float, ...]:
        if not isinstance(value, list) or not value:
            raise ValueError('must be a list of times like ["5m", "30m", "2h"]')
        times = tuple(_number(item, "_seconds") for item in value)
        if not all(seconds > 0 for seconds in times):
            raise ValueError("every time must be more than nothing")
        return times
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


def _number(value: Any, key: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    units = next((table for ending, table in _UNITS.items() if key.endswith(ending)), {})
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]?)", value) if isinstance(value, str) and units else None
    unit = match and (match[2] if match[2] in units else match[2].upper())
    if match is None or unit not in units:
        also = f', or a text like "5{list(units)[2]}"' if units else ""
        raise ValueError(f"must be a number{also}")
    return float(match[1]) * units[str(unit)]


def _check(site: SiteConfig, text: str) -> None:
    """What a type cannot say."""

    def refuse(table: str, key: str, sentence: str) -> None:
        raise SiteError(f"{_where(text, site.path, table, key)}: {table}.{key}: {sentence}")

    listed = (
        ("access", "plaintext_networks"),
        ("proxy", "networks"),
        ("metrics", "networks"),
        ("web", "proxy_networks"),
        ("lmtp", "networks"),
    )
    for table, key in listed:
        for network in getattr(getattr(site, table), key):
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                refuse(table, key, str(error))
    for table in ("network", "lmtp"):
        for address in getattr(site, table).addresses:
            try:
                ipaddress.ip_address(address)
            except ValueError as error:
                refuse(table, "addresses", str(error))
    if not re.fullmatch(r"0?[0-7]{3}", site.lmtp.socket_mode):
        refuse("lmtp", "socket_mode", 'must be octal, like "0660"')
    if site.lmtp.full not in ("defer", "refuse"):
        refuse("lmtp", "full", 'must be "defer" or "refuse"')
    if not site.network.addresses:
        refuse("network", "addresses", "name at least one address")
    if site.tls.minimum_version not in ("1.2", "1.3"):
        refuse("tls", "minimum_version", 'must be "1.2" or "1.3"')
    if site.log.format not in ("text", "json"):
        refuse("log", "format", 'must be "text" or "json"')
    if site.log.level not in ("debug", "info", "warning", "error"):
        refuse("log", "level", "must be debug, info, warning or error")
    if site.database.dsn and site.database.dsn_file:
        refuse("database", "dsn_file", "dsn is given too; say one")
    for server in site.dns.servers:
        try:
            server_address(server)
        except ValueError as error:
            refuse("dns", "servers", str(error))
    if site.metrics.listen:
        try:
            server_address(site.metrics.listen)
        except ValueError as error:
            refuse("metrics", "listen", str(error))
    seen: dict[tuple[str, int], str] = {}
    for ways in site.listeners().values():
        for way in ways:
            if way.is_unix:
                continue
            if not 0 < way.port < 65536:
                raise SiteError(f"{site.path}: port {way.port} of {way.name} is not between 1 and 65535")
            other = seen.setdefault((way.host, way.port), way.name)
            if other != way.name:
                raise SiteError(f"{site.path}: {other} and {way.name} both listen on {way.host} port {way.port}")


def server_address(text: str) -> tuple[str, int]:
    """ "192.0.2.1", "192.0.2.1:5353", "2001:db8::1" or "[2001:db8::1]:5353" → (address, port); ValueError in words."""
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:]+)(?::(\d+))?|([0-9a-fA-F:.]+)", text)
    if match is None:
        raise ValueError(f"{text} is not an address with a port")
    address = match[1] or match[3] or match[5]
    return str(ipaddress.ip_address(address)), _port(match[2] or match[4] or "53")


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise SiteError(f"{text!r} is not a port number")
    return int(text)


def _nearest_table(name: str, value: Any) -> str:
    homes = [table for table, kind in defaults.TABLES.items() if name in get_type_hints(kind)]
    if homes and not isinstance(value, dict):
        return f"; it is a key of [{homes[0]}]"
    near = difflib.get_close_matches(name, list(defaults.TABLES), 1, 0)
    return f"; the nearest known table is [{near[0]}]" if near else ""


def _where(text: str, path: Path, table: str, key: str | None) -> str:
    """``file:line`` of a key: tomllib keeps no positions, so the line is found again in the text."""
    current = ""
    header = re.compile(r"\s*\[\s*\"?([\w-]+)\"?\s*\]")
    for number, line in enumerate(text.splitlines(), 1):
        if match := header.match(line):
            current = match[1]
            if key is None and current == table:
                return f"{path}:{number}"
        elif re.match(rf"\s*\"?{re.escape(key or table)}\"?\s*[=.]", line) and current == (table if key else ""):
            return f"{path}:{number}"
    return str(path)


def _secret(home: Path, name: str, what: str) -> str:
    try:
        return (home / name).read_text("utf-8").strip()
    except OSError as error:
        raise SiteError(f"{what}: {home / name}: {error.strerror or error}") from None


def _own_hostname() -> str:
    name = socket.gethostname().lower()
    return name if "." in name and not name.startswith("localhost") else DEFAULT_HOSTNAME
