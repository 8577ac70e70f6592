"""Real programs that deliver over LMTP: swaks, and a Postfix that stands in front of the house.

apt-get install swaks postfix
"""

from __future__ import annotations

import shutil
import smtplib
import subprocess
import time
from pathlib import Path

import pytest

from tests.house.submission.support import texts
from tests.support.doors import House
from tests.support.house import assert_sound
from tests.support.postfix import is_here, postfix

pytestmark = pytest.mark.interop


def _swaks(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    assert shutil.which("swaks"), "apt-get install swaks"
    host, port = house.addresses["lmtp"]
    command = ["swaks", "--protocol", "LMTP", "--server", host, "--port", str(port), "--from", "x@out.test", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_swaks(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    done = _swaks(house, "--to", "u1@a.test,u2@a.test", "--h-Subject", "by swaks")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " -> LHLO " in done.stdout and done.stdout.count("250 2.0.0 Ok: ") == 2
    for user in ("u1@a.test", "u2@a.test"):
        (got,) = texts(house, user)
        assert b"Subject: by swaks" in got and b" with LMTP" in got
    assert _swaks(house, "--to", "nobody@a.test").returncode == 24, "no recipient was taken"


def test_swaks_over_the_socket_and_over_tls(house: House) -> None:
    house.open("u1@a.test")
    words = ["swaks", "--protocol", "LMTP", "--socket", house.addresses["lmtp.sock"], "--from", "x@out.test", "--to", "u1@a.test"]
    assert subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0
    assert _swaks(house, "--to", "u1@a.test", "-tls").returncode == 0
    assert sorted(b" with LMTPS" in got for got in texts(house, "u1@a.test")) == [False, True]


def _arrived(house: House, address: str, text: bytes) -> bytes:
    for _ in range(200):
        found = [got for got in texts(house, address) if text in got]
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"{address}: nothing has come")


@pytest.mark.parametrize("way", ["tcp", "socket"])
def test_a_postfix_in_front(house: House, way: str) -> None:
    """It takes mail from the world, and hands it on; what one account does not take is its alone to report."""
    assert is_here(), "apt-get install postfix, and run as root"
    house.open("u1@a.test", "u2@a.test")
    house.open("full@a.test", quota_bytes=100)
    host, port = house.addresses["lmtp"]
    path = Path(house.addresses["lmtp.sock"])
    if way == "socket":
        for folder in (path, *path.parents):
            folder.chmod(folder.stat().st_mode | (0o006 if folder == path else 0o001))
    transport = f"lmtp:inet:{host}:{port}" if way == "tcp" else f"lmtp:unix:{path}"
    more = {"virtual_transport": transport, "virtual_mailbox_maps": "static:all", "lmtp_tls_security_level": "may"}
    with postfix("a.test", (), more=more) as peer:
        with smtplib.SMTP("127.0.0.1", peer.port) as smtp:
            content = b"From: x@out.test\r\nSubject: in front\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n..\r\nthrough-postfix\r\n"
            assert smtp.sendmail("x@out.test", ["u1@a.test", "u2@a.test", "full@a.test"], content, ["BODY=8BITMIME"]) == {}
        for user in ("u1@a.test", "u2@a.test"):
            got = _arrived(house, user, b"through-postfix")
            assert got.startswith(b"Return-Path: <x@out.test>\r\n") and got.endswith(content.partition(b"\r\n\r\n")[2])
        for _ in range(100):
            if "status=deferred" in peer.log():
                break
            time.sleep(0.05)
        log = peer.log()
        assert log.count("status=sent (250 2.0.0 Ok: ") == 2
        assert "452 4.2.2 <full@a.test>" in log and "status=deferred" in log
    assert texts(house, "full@a.test") == []
    assert_sound()
