"""The tour: every line of it, typed into a shell beside a fresh instance, does what it says. Needs curl."""

import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.supervisor.test_up import CODE, free_base, manage, trusting

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="mpt"))
    parent.chmod(0o755)
    made = parent / "home"
    try:
        done = manage("up", "--home", str(made), "--port-base", str(free_base()), "--detach")
        assert done.returncode == 0, done.stderr
        assert "manage.py --home" in done.stdout and "tour" in done.stdout
        yield made
    finally:
        manage("down", "--home", str(made))
        shutil.rmtree(parent, ignore_errors=True)


def test_every_line_shows_what_it_claims(home: Path) -> None:
    told = manage("tour", "--home", str(home), "--json")
    assert told.returncode == 0, told.stderr
    lines = json.loads(told.stdout)
    assert len(lines) > 25 and all(bool(line["command"]) != bool(line["link"]) for line in lines)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAILPLATFORM_", "DJANGO_"))}
    wrong = []
    for line in lines:
        if line["command"]:
            command = ["bash", "-o", "pipefail", "-c", line["command"]]
            done = subprocess.run(command, cwd=CODE, env=environment, capture_output=True, text=True, timeout=120, check=False)
            if done.returncode != line["exit"] or line["shows"] not in done.stdout:
                wrong.append((line["claim"], line["command"], done.returncode, done.stdout[-500:], done.stderr[-500:]))
        else:
            with urllib.request.urlopen(line["link"], context=trusting(), timeout=20) as page:
                assert page.status == 200, line
    assert wrong == []
    printed = manage("tour", "--home", str(home))
    assert printed.returncode == 0 and all(line["claim"] in printed.stdout for line in lines)


def test_without_a_demonstration_there_is_nothing_to_see(tmp_path: Path) -> None:
    done = manage("tour", "--home", str(tmp_path / "nothing"))
    assert done.returncode == 1 and "make up" in done.stderr
