"""A disk that is nearly full: mail is asked to come again with 452, reading goes on, and service is back with the space."""

import os
import smtplib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.instance import SITE, Instance, free_port_base, make_users
from tests.drill.conftest import DOMAIN, PASSWORD, USERS
from tests.support.clients.imap import Imap, quoted
from tests.support.messages import a_message

pytestmark = pytest.mark.drill
MARGIN_PERCENT = 0.4


@pytest.fixture
def nearly_full() -> Iterator[Instance]:
    """An instance for which the disk is full when MARGIN_PERCENT more of it are used than now."""
    with tempfile.TemporaryDirectory(prefix="mailplatform-disk-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        threshold = _free_percent(Path(folder)) - MARGIN_PERCENT
        site = f"{SITE}\n[store]\nmin_free_percent = {threshold:.3f}\n"
        instance = Instance(Path(folder) / "home", free_port_base(), site)
        instance.up()
        try:
            make_users(instance.home, DOMAIN, USERS, PASSWORD)
            yield instance
        finally:
            instance.down()


def test_a_full_disk_is_told_and_passes(nearly_full: Instance) -> None:
    assert _sent(nearly_full) == 250
    ballast = nearly_full.home.parent / "ballast"
    with open(ballast, "wb") as file:
        disk = os.statvfs(ballast)
        os.posix_fallocate(file.fileno(), 0, int(disk.f_blocks * disk.f_frsize * 2 * MARGIN_PERCENT / 100))
    try:
        assert _within(10, lambda: _sent(nearly_full) == 452)
        with Imap.connect(*nearly_full.address("imap")) as imap:
            imap.login(f"u1@{DOMAIN}", PASSWORD)
            assert imap.select().one("EXISTS").number
            assert imap.fetch("1", "BODY.PEEK[]")[0]["BODY[]"]
            refused = imap.command("APPEND", quoted("INBOX"), a_message())
            assert refused.status == "NO"
    finally:
        ballast.unlink()
    assert _within(20, lambda: _sent(nearly_full) == 250)


def _sent(instance: Instance) -> int:
    """The code of whichever reply settled one message."""
    with smtplib.SMTP(*instance.address("smtp"), local_hostname="client.test", timeout=30) as smtp:
        smtp.ehlo()
        for reply in (smtp.mail("sender@outside.example"), smtp.rcpt(f"u1@{DOMAIN}")):
            if reply[0] != 250:
                return int(reply[0])
        return int(smtp.data(a_message())[0])


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def _free_percent(path: Path) -> float:
    disk = os.statvfs(path)
    return 100 * disk.f_bavail / disk.f_blocks
