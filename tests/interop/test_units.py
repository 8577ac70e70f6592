"""systemd units: systemd's own judgement of them, and each started as the unit says, against outside servers.

apt-get install systemd postgresql redis-server
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import smtplib
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks.instance import ROOT, free_port_base
from mailplatform.settings.site import load
from mailplatform.supervisor.home import ensure_service_user
from mailplatform.supervisor.services import table
from tests.support import debian
from tests.support.clients.imap import Imap
from tests.support.manager import running

pytestmark = pytest.mark.interop
WORST = 3.0
PASSWORD = "a-password-of-units"
SITE = """\
[network]
port_base = {base}

[database]
dsn = "host={sockets} dbname=mail user=mailplatform"
role_dsn = "host={sockets} dbname=mail user=mailplatform_{{role}}"

[redis]
url = "unix://{redis}?db=0"

[access]
plaintext_networks = ["127.0.0.0/8"]

[log]
format = "json"
"""


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A folder with a prepared home and its units; servers run."""
    parent = Path(tempfile.mkdtemp(prefix="mps"))
    parent.chmod(0o755)
    for name in ("pg", "home", "runtime"):
        (parent / name).mkdir()
    owner = ensure_service_user() if os.geteuid() == 0 else os.geteuid()
    (parent / "runtime").chmod(0o777)
    with debian.redis(parent) as redis, debian.postgres(parent / "pg") as postgres:
        with psycopg.connect(postgres.dsn, autocommit=True) as admin:
            admin.execute("CREATE ROLE mailplatform LOGIN CREATEROLE")
            admin.execute("CREATE DATABASE mail OWNER mailplatform")
        site = SITE.format(base=free_port_base(), sockets=postgres.folder, redis=redis)
        (parent / "home" / "site.toml").write_text(site)
        for path in (parent / "home", parent / "home" / "site.toml"):
            os.chown(path, owner, -1)
        try:
            manage(parent, "units", "--out", str(parent / "units"))
            manage(parent, "prepare")
            manage(parent, "prepare")  # as at every start
            manage(parent, "domain", "add", "units.test")
            manage(parent, "mailbox", "add", "anna@units.test", "--password-stdin", given=PASSWORD)
            yield parent
        finally:
            shutil.rmtree(parent, ignore_errors=True)


def manage(parent: Path, *arguments: str, given: str = "") -> str:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments, "--home", str(parent / "home")]
    done = subprocess.run(command, capture_output=True, text=True, input=given, check=False, cwd="/")
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_systemd_finds_no_fault(prepared: Path) -> None:
    units = sorted(str(path) for path in (prepared / "units").iterdir())
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr + done.stdout) == (0, "")


def test_every_service_is_confined(prepared: Path) -> None:
    rated = {}
    for path in (prepared / "units").glob("*.service"):
        command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
        assert found, said
        rated[path.name] = float(found[1])
    assert len(rated) >= 10
    assert {name: score for name, score in rated.items() if score > WORST} == {}


def test_units_serve(prepared: Path) -> None:
    site = load(prepared / "home", environ={})
    services = table(site)
    owner = (prepared / "home").stat().st_uid
    ways = {way.name: (way.host, way.port) for service in services for way in service.listeners if not way.is_unix}
    with running(prepared / "units", [one.name for one in services], owner, prepared / "runtime") as units:
        well = manage(prepared, "health")
        assert sorted(line.split()[0] for line in well.splitlines()) == sorted(f"{one.name}.0" for one in services)
        with smtplib.SMTP(*ways["smtp"]) as smtp:
            smtp.sendmail("me@outside.test", ["anna@units.test"], "Subject: Hello\r\n\r\nx\r\n")
        with smtplib.SMTP(*ways["submission"]) as smtp:
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            smtp.starttls(context=trusting)
            smtp.login("anna@units.test", PASSWORD)
            smtp.sendmail("anna@units.test", ["anna@units.test"], "From: anna@units.test\r\nSubject: Mine\r\n\r\nx\r\n")
        with Imap.connect(*ways["imap"]) as reader:
            reader.login("anna@units.test", PASSWORD)
            reader.select("INBOX")
            assert len(reader.search("ALL")) == 2
        with urllib.request.urlopen("http://{}:{}/metrics".format(*ways["web"])) as answer:
            figures = answer.read().decode()
        assert 'mailplatform_messages_accepted_total{role="smtp",process="0",way="inbound"} 1' in figures
        assert {f'mailplatform_ready{{role="{one.name}",process="0"}} 1' for one in services} <= set(figures.splitlines())
        imap = units["imap"]
        imap.heard("WATCHDOG=1")
        imap.process.send_signal(signal.SIGHUP)
        imap.heard("RELOADING=1")
        imap.heard("READY=1")
        imap.process.send_signal(signal.SIGTERM)
        imap.heard("STOPPING=1")
        assert {name: unit.stop() for name, unit in units.items()} == dict.fromkeys(units, 0)
