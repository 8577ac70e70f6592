"""The units beside docker/systemd/site.toml are those that the service table makes today."""

from __future__ import annotations

import os
from configparser import ConfigParser
from pathlib import Path

import pytest

from mailplatform.settings.site import CODE, SiteConfig, load
from mailplatform.supervisor.services import table
from mailplatform.supervisor.units import Place, texts

FOLDER = CODE / "docker" / "systemd"
PLACE = Place("mailplatform", Path("/var/lib/mailplatform"), Path("/opt/mailplatform"))


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> SiteConfig:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return load(PLACE.home, FOLDER / "site.toml", environ={})


def test_the_units_kept_are_current(site: SiteConfig) -> None:
    kept = {path.name: path.read_text() for path in FOLDER.iterdir() if path.name.startswith("mailplatform")}
    assert kept == texts(site, PLACE), "run `make units`"


def test_a_unit_a_process_and_a_socket_a_listener(site: SiteConfig) -> None:
    made = texts(site, PLACE)
    wanted = {line.removeprefix("Wants=") for line in made["mailplatform.target"].splitlines() if line.startswith("Wants=")}
    for service in table(site):
        unit = _parsed(made[f"mailplatform-{service.name}@.service"])
        assert unit["Service"]["ExecStart"].endswith(f"serve {service.name} --number %i")
        assert {f"mailplatform-{service.name}@{n}.service" for n in range(service.workers)} <= wanted
        if service.listeners:
            socket = made[f"mailplatform-{service.name}.socket"]
            assert socket.count("ListenStream=") == sum(not way.is_unix for way in service.listeners)
            assert unit["Service"]["Sockets"] == f"mailplatform-{service.name}.socket"
    assert "ListenStream=[::]:25\n" in made["mailplatform-smtp.socket"]
    assert "ListenStream=0.0.0.0:993\n" in made["mailplatform-imap.socket"]


def test_nobody_but_the_whole_instance_may_bind_low_ports(site: SiteConfig) -> None:
    for name, text in texts(site, PLACE).items():
        if name.endswith(".service"):
            said = _parsed(text)["Service"]["AmbientCapabilities"]
            assert said == ("CAP_NET_BIND_SERVICE" if name == "mailplatform-up.service" else "")


def _parsed(text: str) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser
