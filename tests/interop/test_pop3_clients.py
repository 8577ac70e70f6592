"""POP3 clients that people use, against the door in process: fetchmail, getmail, mpop, curl, Python's poplib.

apt-get install fetchmail getmail6 mpop curl
"""

# ruff: noqa: F811 - the fixture of this name is the one of the POP3 tests
from __future__ import annotations

import poplib
import ssl
import subprocess
from pathlib import Path

import pytest

from mailplatform.access import credentials
from mailplatform.directory.values import CLI
from tests.doors.pop3.conftest import house  # noqa: F401
from tests.interop.test_imap_clients import ADDRESS, fill, run
from tests.support.doors import PASSWORD, House

pytestmark = pytest.mark.interop


@pytest.fixture
def certificate(house: House) -> Path:
    return next((house.site.home / "tls").glob("*/cert.pem"))


def bodies(folder: Path) -> list[bytes]:
    """What stands in a maildir, line ends as on the wire, without the headers that clients put before."""
    found = []
    for path in folder.glob("new/*"):
        content = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        found.append(content[content.index(b"From: ") :])
    return sorted(found)


def wanted(messages: list[bytes]) -> list[bytes]:
    return sorted(message[message.index(b"From: ") :] for message in messages)


def keeper(folder: Path) -> Path:
    """A program that keeps each message it is given in a file of `folder`/new."""
    script = folder / "keep"
    script.write_text(f'#!/bin/sh\nexec cat > "$(mktemp -p {folder}/new XXXXXX)"\n')
    script.chmod(0o700)
    (folder / "new").mkdir()
    return script


def left(house: House) -> int:
    with house.reader(ADDRESS) as imap:
        return len(imap.search("ALL"))


@pytest.mark.parametrize("listener", ["pop3", "pop3s"])
def test_fetchmail_takes_all_and_deletes(house: House, tmp_path: Path, certificate: Path, listener: str) -> None:
    house.open(ADDRESS)
    messages = fill(house)
    host, port = house.addresses[listener]
    script = keeper(tmp_path)
    options = "ssl" if listener == "pop3s" else "sslproto TLS1.2+"
    (tmp_path / "rc").write_text(
        f'poll {host} service {port} protocol pop3 uidl user "{ADDRESS}" password "{PASSWORD}" {options} no sslcertck '
        f'fetchall nokeep mda "{script}"\n'
    )
    (tmp_path / "rc").chmod(0o600)
    run(["fetchmail", "-f", str(tmp_path / "rc"), "--pidfile", str(tmp_path / "pid"), "-i", str(tmp_path / "ids")], tmp_path)
    assert len(list((tmp_path / "new").iterdir())) == len(messages)
    assert left(house) == 0


def test_getmail_takes_what_is_new_and_leaves_it(house: House, tmp_path: Path) -> None:
    house.open(ADDRESS)
    messages = fill(house)
    host, port = house.addresses["pop3s"]
    script = keeper(tmp_path)
    config = tmp_path / "getmail"
    config.mkdir()
    (config / "getmailrc").write_text(
        f"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = {host}\nport = {port}\nusername = {ADDRESS}\n"
        f"password = {PASSWORD}\n[destination]\ntype = MDA_external\npath = {script}\nallow_root_commands = true\n"
        "[options]\nread_all = false\ndelete = false\ndelivered_to = false\nreceived = false\n"
    )
    command = ["getmail", "--getmaildir", str(config), "--rcfile", "getmailrc"]
    run(command, tmp_path)
    assert bodies(tmp_path) == wanted(messages)
    more = fill(house, 1)
    run(command, tmp_path)
    assert bodies(tmp_path) == wanted(messages + more)
    assert left(house) == 6


@pytest.mark.parametrize("mechanism", ["user", "plain", "scram-sha-256"])
def test_mpop_by_every_mechanism(house: House, tmp_path: Path, certificate: Path, mechanism: str) -> None:
    (info,) = house.open(ADDRESS)
    assert info.user_id is not None
    messages = fill(house)
    drawn = credentials.add_app_password(info.user_id, "mpop", scopes=["pop3"], actor=CLI)
    host, port = house.addresses["pop3"]
    mail = tmp_path / "mail"
    for name in ("cur", "new", "tmp"):
        (mail / name).mkdir(parents=True)
    rc = tmp_path / ".mpoprc"
    rc.write_text(
        f"account house\nhost {host}\nport {port}\nuser {ADDRESS}\npassword {drawn}\nauth {mechanism}\ntls on\ntls_starttls on\n"
        f"tls_certcheck off\nuidls_file {tmp_path}/uidls\ndelivery maildir {mail}\nreceived_header off\nkeep off\npipelining on\n"
    )
    rc.chmod(0o600)
    run(["mpop", "-C", str(rc), "house"], tmp_path)
    assert bodies(mail) == wanted(messages)
    assert left(house) == 0


def test_curl_lists_and_retrieves(house: House, tmp_path: Path) -> None:
    house.open(ADDRESS)
    (message,) = fill(house, 1)
    host, port = house.addresses["pop3s"]
    curl = ["curl", "-sSk", "--user", f"{ADDRESS}:{PASSWORD}", f"pop3s://{host}:{port}/"]
    assert run(curl, tmp_path).startswith("1 ")
    got = subprocess.run([*curl[:-1], curl[-1] + "1"], capture_output=True, check=True, timeout=60).stdout
    assert got == message


def test_poplib_with_utf8(house: House) -> None:
    house.open(ADDRESS)
    messages = fill(house, 3)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    pop = poplib.POP3(*house.addresses["pop3"], timeout=20)
    pop.stls(context)
    pop.utf8()
    pop.user(ADDRESS)
    pop.pass_(PASSWORD)
    assert [b"\r\n".join(pop.retr(number)[1]) + b"\r\n" for number in (1, 2, 3)] == messages
    assert len({line.split()[1] for line in pop.uidl()[1]}) == 3
    pop.dele(2)
    pop.quit()
    assert left(house) == 2
