"""``manage.py up`` for real: everything from this clone's environment, in a home of its own, and mail through it."""

import imaplib
import json
import os
import shutil
import smtplib
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailplatform.settings.site import USUAL_PORTS

CODE = Path(__file__).resolve().parents[3]
OFFSETS = tuple(USUAL_PORTS.values())


def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAILPLATFORM_", "DJANGO_"))}
    command = [sys.executable, str(CODE / "manage.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment, check=False)


def free_base() -> int:
    """A port base whose four ports are free."""
    for base in range(31000, 60000, 1000):
        probes = []
        try:
            for offset in OFFSETS:
                probes.append(socket.create_server(("127.0.0.1", base + offset)))
            return base
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def base() -> int:
    return free_base()


@pytest.fixture(scope="module")
def home(base: int) -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="mpu"))
    parent.chmod(0o755)
    made = parent / "home"
    try:
        done = manage("up", "--home", str(made), "--port-base", str(base), "--detach", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == json.loads((made / "endpoints.json").read_text())
        yield made
    finally:
        manage("down", "--home", str(made))
        shutil.rmtree(parent, ignore_errors=True)


def told(home: Path) -> dict:
    return json.loads((home / "endpoints.json").read_text())


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_endpoints(home, base):
    said = told(home)
    assert sorted(said) == ["accounts", "listeners", "pids", "site", "urls"]
    ways = {(role, way["port"], way["tls"]) for role, all_ways in said["listeners"].items() for way in all_ways}
    assert ways >= {
        ("smtp", base + 25, "starttls"),
        ("imap", base + 143, "starttls"),
        ("imap", base + 993, "implicit"),
        ("web", base + 80, "none"),
        ("web", base + 443, "implicit"),
    }
    assert [one["role"] for one in said["accounts"]] == ["administrator", "employee", "employee"]
    assert all(one["address"].endswith("@example.test") and len(one["password"]) >= 16 for one in said["accounts"])
    assert stat.S_IMODE((home / "endpoints.json").stat().st_mode) == 0o600


def test_nobody_runs_as_root(home):
    owners = {os.stat(f"/proc/{pid}").st_uid for pids in told(home)["pids"].values() for pid in pids}
    assert owners == {home.stat().st_uid} and 0 not in owners


def test_mail_goes_in_and_comes_out(home, base):
    anna = told(home)["accounts"][1]
    with smtplib.SMTP("127.0.0.1", base + 25, timeout=20) as client:
        client.starttls(context=trusting())
        client.sendmail("x@sender.test", [anna["address"]], b"Subject: up\r\n\r\nit runs\r\n")
    with imaplib.IMAP4_SSL("127.0.0.1", base + 993, ssl_context=trusting(), timeout=20) as reader:
        reader.login(anna["address"], anna["password"])
        reader.select()
        _, found = reader.fetch("*", "(BODY[])")
        assert found[0][1].endswith(b"Subject: up\r\n\r\nit runs\r\n")


def test_status_and_a_second_up(home):
    done = manage("status", "--home", str(home), "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["running"] is True
    again = manage("up", "--home", str(home), "--detach")
    assert again.returncode == 0 and "it runs already" in again.stderr
    assert told(home)["accounts"][0]["password"] in again.stdout


def test_a_command_of_the_house_runs_as_its_owner(home):
    done = manage("domain", "list", f"--home={home}", "--json")
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(done.stdout)] == ["example.test"]


def test_a_taken_port_is_named(home, base):
    other = home.parent / "other"
    done = manage("up", "--home", str(other), "--port-base", str(base), "--detach")
    assert done.returncode == 1
    assert f"FAILED  addresses: 127.0.0.1 port {base + 25} (smtp) is taken by another program" in done.stderr


def test_an_unknown_key_is_named(home):
    other = home.parent / "unknown"
    other.mkdir()
    (other / "site.toml").write_text("[smtp]\nporrt = 1\n")
    for command in ("up", "check_site", "status"):
        done = manage(command, "--home", str(other))
        assert done.returncode == 1
        assert "site.toml:2: unknown key porrt in [smtp]; the nearest known key is port" in done.stderr


def test_check_site_adds_up(home, base):
    done = manage("check_site", "--home", str(home), "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["connections"] <= said["allowed"]
    assert said["values"]["network"]["port_base"] == base
    greedy = home.parent / "greedy"
    greedy.mkdir()
    (greedy / "site.toml").write_text("[imap]\nworkers = 4\nquick_connections = 30\n")
    refused = manage("check_site", "--home", str(greedy))
    assert refused.returncode == 1 and "REFUSED: the service table may open" in refused.stdout


def test_a_folder_with_other_things_is_no_home(home):
    other = home.parent / "things"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    done = manage("up", "--home", str(other), "--detach")
    assert done.returncode == 1 and "holds other things" in done.stderr
