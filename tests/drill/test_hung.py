"""Roles that stand still: the supervisor notices, and puts others in their place. Who gives no signs of life is left alone."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks.instance import SITE, Instance, free_port_base

pytestmark = pytest.mark.drill
BEATING = ("smtp", "submission", "imap", "outbound", "agent", "index")


def test_roles_that_hang_are_replaced() -> None:
    with tempfile.TemporaryDirectory(prefix="mailplatform-drill-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        site = SITE + "\n[supervisor]\nhung_seconds = 8\n"
        instance = Instance(Path(folder) / "home", port_base=free_port_base(), site=site)
        instance.up()
        try:
            time.sleep(10)  # with nothing to do for longer than that
            before = instance.endpoints()["pids"]
            beat = before["beat"][0]
            for pid in [beat, *(before[role][0] for role in BEATING)]:
                os.kill(pid, signal.SIGSTOP)
            end = time.monotonic() + 60
            while not all(_replaced(instance, role, before[role][0]) for role in BEATING):
                assert time.monotonic() < end, (before, instance.endpoints()["pids"])
                time.sleep(0.2)
            after = instance.endpoints()["pids"]
            assert after["beat"] == [beat] and after["web"] == before["web"]
            os.kill(beat, signal.SIGCONT)
            end = time.monotonic() + 60
            while instance.manage("status", check=False, capture_output=True).returncode:
                assert time.monotonic() < end
        finally:
            instance.down()


def _replaced(instance: Instance, role: str, pid: int) -> bool:
    now = instance.endpoints().get("pids", {}).get(role, [])
    return bool(now) and pid not in now
