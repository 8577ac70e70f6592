"""One instance for all drills of a run, with its users; ended afterwards."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.instance import Instance, free_port_base, make_users

DOMAIN, PASSWORD, USERS = "drill.test", "drill-password", 24


@pytest.fixture(scope="session")
def instance() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="mailplatform-drill-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        running = Instance(Path(folder) / "home", port_base=free_port_base())
        running.up()
        try:
            make_users(running.home, DOMAIN, USERS, PASSWORD)
            yield running
        finally:
            running.down()
