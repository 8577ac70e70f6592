"""How long the pages of webadmin take on a grown site: ``python -m benchmarks.web_pages``.

200 domains, 5,000 mailboxes with aliases and groups, a million rows of trace, a hundred thousand of the log, 2,000 waiting. Each
page is asked by one browser over a kept connection, `rounds` times after two that warm it; told is the 95th percentile of the
time from the request to the last byte, so the server's and a little more.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.instance import ROOT, Instance, free_port_base

ADMIN, PASSWORD = "admin@d000.test", "a-password-of-measuring"
PAGES = (
    "/admin/",
    "/admin/domains",
    "/admin/domains?q=d1",
    "/admin/domains/d001.test",
    "/admin/domains/d001.test/limits",
    "/admin/mailboxes",
    "/admin/mailboxes?q=p12",
    "/admin/mailboxes?page=100",
    "/admin/mailboxes?sort=-created",
    "/admin/mailboxes?domain=d150.test&state=active",
    "/admin/mailboxes/{account}",
    "/admin/mailboxes/{account}/addresses",
    "/admin/mailboxes/{account}/quota",
    "/admin/mailboxes/{account}/send-as",
    "/admin/mailboxes/{account}/sign-in",
    "/admin/mailboxes/add",
    "/admin/shared",
    "/admin/aliases",
    "/admin/groups",
    "/admin/forwards",
    "/admin/catch-alls",
    "/admin/usage",
    "/admin/usage?full=80",
    "/admin/limits",
    "/admin/queue",
    "/admin/queue?q=far7",
    "/admin/messages",
    "/admin/messages?q=p77@d077.test",
    "/admin/messages?q=number",
    "/admin/messages?recipient=p5@d005.test",
    "/admin/messages/{trace}",
    "/admin/sessions",
    "/admin/networks",
    "/admin/log",
    "/admin/log?q=p77",
)


class Browser:
    """One kept connection with its cookies."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=60)
        self._cookies: dict[str, str] = {}

    def ask(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, float]:
        """(status, text, seconds until the last byte)."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        body = urlencode(fields) if fields is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        seconds = time.perf_counter() - began
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        return answer.status, text, seconds

    def sign_in(self) -> None:
        page = self.ask("/sign-in")[1]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        fields = {"csrfmiddlewaretoken": unescape(token[1]), "login": ADMIN, "password": PASSWORD}
        status, text, _ = self.ask("/sign-in", fields)
        assert status == 302, text


def measure(rounds: int = 40, home: Path | None = None) -> dict[str, dict[str, float | None]]:
    """{"ours": {figure: milliseconds}}: the slowest page's p95, and each page's on standard error."""
    with tempfile.TemporaryDirectory(prefix="mpmeasure") as folder:
        os.chmod(folder, 0o755)
        instance = Instance(home or Path(folder) / "home", free_port_base())
        instance.up()
        try:
            _run_fill(instance.home)
            browser = Browser(*instance.address("web"))
            browser.sign_in()
            found = {page: _p95(browser, page, rounds) for page in _pages(browser)}
        finally:
            instance.down()
    for page, milliseconds in sorted(found.items(), key=lambda one: one[1]):
        print(f"{milliseconds:8.1f} ms  {page}", file=sys.stderr)
    return {"ours": {"web_slowest_page_p95_ms": max(found.values())}, "peer": {}}


def _pages(browser: Browser) -> list[str]:
    account = re.search(r'href="/admin/mailboxes/(\d+)"', browser.ask("/admin/mailboxes?q=p77")[1])
    trace = re.search(r'href="/admin/messages/([0-9a-z]+)"', browser.ask("/admin/messages")[1])
    assert account and trace
    return [page.format(account=account[1], trace=trace[1]) for page in PAGES]


def _p95(browser: Browser, page: str, rounds: int) -> float:
    taken = []
    for at in range(rounds + 2):
        status, text, seconds = browser.ask(page)
        assert status == 200, (page, status, text[:200])
        if at >= 2:
            taken.append(seconds)
    return sorted(taken)[int(len(taken) * 0.95) - 1] * 1000


def _run_fill(home: Path) -> None:
    variables = {
        "MAILPLATFORM_HOME": str(home),
        "PYTHONPATH": str(ROOT),
    }
    owner = home.stat()
    drop = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    command = [sys.executable, "-m", "benchmarks.grown", ADMIN, PASSWORD]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | variables, **drop)  # type: ignore[call-overload]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    print(measure(given.rounds))


if __name__ == "__main__":
    main()
