"""docs/connections.md names every place of the source that can open a connection."""

import ast
from pathlib import Path

from tests.architecture.source import ROOT

OPENERS = {
    "connect", "connect_ex", "create_connection", "open_connection", "open_unix_connection", "create_unix_connection", "urlopen",
    "HTTPConnection", "HTTPSConnection", "from_url", "create_datagram_endpoint", "SMTP", "IMAP4",
}  # fmt: skip
MODULES = {
    "urllib.request",
    "http.client",
    "requests",
    "httpx",
    "aiohttp",
    "smtplib",
    "imaplib",
    "ftplib",
    "dns.asyncquery",
    "dns.asyncresolver",
}
KNOWN = {
    "mailplatform/runtime/resolver.py": "DNS",
    "mailplatform/runtime/pubsub.py": "Valkey or Redis",
    "mailplatform/runtime/ratelimit.py": "Valkey or Redis",
    "mailplatform/runtime/health.py": "a role's own health",
    "mailplatform/supervisor/health.py": "a role's own health",
    "mailplatform/supervisor/probe.py": "own doors on loopback",
    "mailplatform/supervisor/up.py": "own doors on loopback",
    "mailplatform/supervisor/embedded.py": "Postgres",
    "mailplatform/supervisor/valkey.py": "Valkey or Redis",
    "mailplatform/settings/notify.py": "systemd",
    "protocols/smtp/agent/connect.py": "SMTP, TCP 25",
}
FOLDERS = ("mailplatform", "protocols", "webadmin", "webmail")


def openers(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OPENERS:
            found.add(node.func.attr)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in MODULES}
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            found.add(node.module)
    return found


def test_every_place_that_connects_is_told() -> None:
    places = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            if found := openers(path):
                places[str(path.relative_to(ROOT))] = sorted(found)
    assert {place: how for place, how in places.items() if place not in KNOWN} == {}, "tell it in docs/connections.md"
    assert set(KNOWN) - set(places) == set(), "it connects no longer"


def test_the_page_has_a_row_for_each() -> None:
    rows = [
        line.split("|")[1].strip()
        for line in (ROOT / "docs" / "connections.md").read_text("utf-8").splitlines()
        if line[:1] == "|"
    ]
    assert {what for what in KNOWN.values() if not any(row.startswith(what) for row in rows)} == set()


def test_pages_load_nothing_from_elsewhere() -> None:
    """Templates, styles and scripts of the webs name no other host."""
    named = []
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".html", ".css", ".js") and "node_modules" not in path.parts:
                for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
                    loads = any(
                        word in line
                        for word in ('src="http', 'href="http', "url(http", '@import "http', 'fetch("http', 'src="//')
                    )
                    if loads:
                        named.append(f"{path.relative_to(ROOT)}:{number}")
    assert named == []
