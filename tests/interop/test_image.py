"""The image without a container engine: its steps in a clean root, and compose.yml read by docker-compose.

apt-get install docker-compose
"""

import subprocess

import pytest

from mailplatform.settings.site import CODE

pytestmark = pytest.mark.interop


def test_the_steps_of_the_image() -> None:
    done = subprocess.run([str(CODE / "docker" / "check.sh")], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "steps done: 2 stages" in done.stdout


def test_compose_is_valid() -> None:
    subprocess.run([str(CODE / "docker" / "make-secrets.sh")], check=True, capture_output=True)
    command = ["docker-compose", "-f", str(CODE / "docker" / "compose.yml"), "config", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
