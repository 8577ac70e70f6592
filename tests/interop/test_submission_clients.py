"""Programs that people send with, against the submission door in process: swaks, msmtp, Python's smtplib, curl.

apt-get install swaks msmtp curl libauthen-sasl-perl libnet-ssleay-perl
"""

from __future__ import annotations

import os
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailplatform.access import credentials
from mailplatform.directory.values import CLI
from tests.house.submission.support import queued, texts
from tests.support.doors import PASSWORD, House

pytestmark = pytest.mark.interop

WHO = "u1@a.test"


def run(command: list[str], home: Path, given: bytes = b"", code: int = 0) -> str:
    """What it printed; it must end with this code, and soon."""
    done = subprocess.run(
        command,
        env={**os.environ, "HOME": str(home), "LANG": "C.UTF-8"},
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )
    output = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode == code, output
    return output


@pytest.fixture
def certificate(house: House) -> Path:
    return next((house.site.home / "tls").glob("*/cert.pem"))


def swaks(house: House, door: str, *words: str) -> list[str]:
    host, port = house.addresses[door]
    return ["swaks", "--server", f"{host}:{port}", "--ehlo", "client.test", "--from", WHO, "--suppress-data", *words]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks(house: House, tmp_path: Path, mechanism: str) -> None:
    house.open(WHO)
    auth = ["--auth", mechanism, "--auth-user", WHO, "--auth-password", PASSWORD]
    said = run(swaks(house, "submission", "--tls", *auth, "--to", f"x@outside.test,{WHO}"), tmp_path)
    assert "250 2.0.0 Ok: " in said
    run(swaks(house, "submissions", "--tls-on-connect", *auth, "--to", "y@outside.test"), tmp_path)
    assert [row[1] for row in queued()] == ["x@outside.test", "y@outside.test"]
    assert len(texts(house, WHO)) == 1 and len(texts(house, WHO, "Sent")) == 2
    run(
        swaks(house, "submission", "--tls", "--auth-user", WHO, "--auth-password", "wrong", "--to", "x@outside.test"),
        tmp_path,
        code=28,
    )
    run(swaks(house, "submission", "--tls", "--to", "x@outside.test"), tmp_path, code=23)
    run(swaks(house, "smtp", "--to", "x@outside.test"), tmp_path, code=24)  # the MX relays nothing


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256"])
def test_msmtp(house: House, certificate: Path, tmp_path: Path, mechanism: str) -> None:
    (info,) = house.open(WHO)
    assert info.user_id is not None
    password = credentials.add_app_password(info.user_id, "msmtp", scopes=["submission"], actor=CLI)
    for door, starttls in (("submission", "on"), ("submissions", "off")):
        _, port = house.addresses[door]
        config = tmp_path / f"{door}.rc"
        config.write_text(
            f"account house\nhost localhost\nport {port}\nfrom {WHO}\nauth {mechanism}\nuser {WHO}\npassword {password}\n"
            f"tls on\ntls_starttls {starttls}\ntls_fingerprint {fingerprint(certificate)}\ndomain client.test\n"
            "dsn_notify failure,delay\ndsn_return headers\naccount default : house\n"
        )
        config.chmod(0o600)
        message = f"From: Anna <{WHO}>\r\nTo: x@outside.test\r\nBcc: y@outside.test\r\nSubject: {door}\r\n\r\nHello.\r\n"
        run(["msmtp", "--file", str(config), "--read-recipients"], tmp_path, message.encode())
    assert [row[1] for row in queued()] == ["x@outside.test", "y@outside.test"] * 2
    assert {row[4:7] for row in queued()} == {("FAILURE,DELAY", "", "HDRS")}
    assert len(texts(house, WHO, "Sent")) == 2


def fingerprint(certificate: Path) -> str:
    said = subprocess.run(
        ["openssl", "x509", "-in", str(certificate), "-noout", "-fingerprint", "-sha256"], capture_output=True, check=True
    )
    return said.stdout.decode().strip().partition("=")[2]


def test_smtplib(house: House) -> None:
    house.open(WHO, "u2@a.test")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = WHO, "u2@a.test, x@outside.test", "Café"
    message.set_content("Grüße")
    with smtplib.SMTP(*house.addresses["submission"], timeout=20) as smtp:
        smtp.starttls(context=house.tls)
        smtp.login(WHO, PASSWORD)
        assert smtp.send_message(message) == {}
    assert len(texts(house, "u2@a.test")) == 1 and [row[1] for row in queued()] == ["x@outside.test"]


def test_curl(house: House, certificate: Path, tmp_path: Path) -> None:
    house.open(WHO)
    (tmp_path / "message").write_bytes(f"From: {WHO}\r\nSubject: by curl\r\n\r\nHello.\r\n".encode())
    _, port = house.addresses["submissions"]
    words = ["--mail-from", WHO, "--mail-rcpt", "x@outside.test", "--upload-file", str(tmp_path / "message")]
    run(["curl", "--silent", "--insecure", f"smtps://localhost:{port}", "--user", f"{WHO}:{PASSWORD}", *words], tmp_path)
    assert [row[1] for row in queued()] == ["x@outside.test"]
