"""A platform of its own, started as everybody starts it, and Debian's chromium in front of it (make browser)."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Platform:
    """A running one. url, tls: where its web is. accounts: role → (address, password)."""

    home: Path
    url: str
    tls: str
    accounts: dict[str, tuple[str, str]]

    def manage(self, *arguments: str) -> str:
        """Run a command of the house."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments, f"--home={self.home}"]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def _base() -> int:
    """A port base with free ports behind it."""
    for base in range(21000, 30000, 1100):
        try:
            for port in (25, 80, 143, 443, 465, 587, 993):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", base + port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    parent = Path(tempfile.mkdtemp(prefix="mpb"))
    parent.chmod(0o755)
    home = parent / "home"
    command = [sys.executable, str(ROOT / "manage.py")]
    up = [*command, "up", "--home", str(home), "--port-base", str(_base()), "--detach"]
    try:
        done = subprocess.run(up, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        told = json.loads((home / "endpoints.json").read_text())
        accounts = {one["role"]: (one["address"], one["password"]) for one in reversed(told["accounts"])}
        ways = {way["tls"]: way["port"] for way in told["listeners"]["web"]}
        yield Platform(home, f"http://127.0.0.1:{ways['none']}", f"https://127.0.0.1:{ways['implicit']}", accounts)
    finally:
        subprocess.run([*command, "down", "--home", str(home)], capture_output=True, timeout=120, check=False)
        shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next((found for name in PLACES if (found := shutil.which(name))), None)
    assert path, "no chromium: make browser installs Debian's"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, platform: Platform) -> Iterator[Page]:
    """A desktop window, nobody signed in. What the console complains of fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, base_url=platform.url, locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert [words for words in said if "status of 4" not in words] == []


def sign_in(page: Page, platform: Platform, role: str = "administrator") -> None:
    login, password = platform.accounts[role]
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
