"""Imports go down: the contracts of pyproject.toml, kept by import-linter."""

import subprocess
import sys

from tests.architecture.source import ROOT


def test_imports_go_down() -> None:
    # In a process of its own: the linter configures logging, and so silences every logger of this one.
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
