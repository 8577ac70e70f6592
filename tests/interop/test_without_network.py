"""The product starts and serves without any network but the loopback device: docs/connections.md says so."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks.instance import ROOT, free_port_base

pytestmark = pytest.mark.interop
SCRIPT = """\
ip link set lo up || ifconfig lo up
trap '"$0" "$1" down --home "$2"' EXIT
"$0" "$1" up --home "$2" --port-base "$3" --no-demo --detach --json
"$0" "$1" health --home "$2"
"""


def test_it_starts_and_serves() -> None:
    parent = Path(tempfile.mkdtemp(prefix="mpn"))
    parent.chmod(0o755)
    arguments = [sys.executable, str(ROOT / "manage.py"), str(parent / "home"), str(free_port_base())]
    try:
        done = subprocess.run(
            ["unshare", "--net", "/bin/sh", "-ec", SCRIPT, *arguments], capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        said, end = json.JSONDecoder().raw_decode(done.stdout)
        assert "imap" in said["listeners"]
        assert "web.0          ok" in done.stdout[end:]
    finally:
        shutil.rmtree(parent, ignore_errors=True)
