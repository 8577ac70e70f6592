"""From a fresh clone to a Python environment that can run it: ``.venv``, uv in it, and what the lock file names.

Runs under whatever python3 started it, so: standard library only, no syntax newer than 3.9. Where root starts a clone
that the service user cannot reach (under /root, 0700), code and environment are copied into the home, owned by that user.
As a program (``python3 mailplatform/supervisor/bootstrap.py [--dev]``) it makes the environment of this clone.
"""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

CODE = Path(__file__).resolve().parents[2]
UV = "uv>=0.9,<1"
MINIMUM = (3, 11)
NOBODY = 65534
SHIPPED = ("manage.py", "mailplatform", "protocols", "webadmin", "webmail", "docker", "pyproject.toml", "requirements.lock")


class BootstrapError(Exception):
    """The environment cannot be made; the text says why and what to do."""


def closed(path: Path) -> bool:
    """Whether users other than root cannot reach this path: only root asks, and only then it matters."""
    if os.geteuid() != 0:
        return False
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os._exit(0 if os.access(path, os.R_OK | os.X_OK) else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] != 0


def ensure(code: Path = CODE, dev: bool = False) -> str:
    """Make or complete ``<code>/.venv``; what was done, in words. Raises BootstrapError."""
    venv = code / ".venv"
    wanted, stamp = _stamp(code, dev), venv / ".synced"
    if not _usable(venv):
        shutil.rmtree(venv, ignore_errors=True)
        base = find_python()
        _run([base, "-m", "venv", str(venv)], f"{base} cannot make a virtual environment")
    have = stamp.read_text() if stamp.exists() else ""
    if have in (wanted, _stamp(code, True)):
        return "up to date"
    if have.startswith("dev ") and not dev:
        return ensure(code, dev=True)  # a developer's environment stays one
    tools = venv / "tools"
    python = venv / "bin" / "python"
    if not (tools / "bin" / "uv").exists():
        if not _ask(str(python), "import pip; print(1)"):
            _run([str(python), "-m", "ensurepip"], "pip cannot be installed: `apt install python3-venv`")
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(tools), UV]
        _run(command, "uv cannot be installed; is a package index reachable?")
    lock = code / ("requirements-dev.lock" if dev else "requirements.lock")
    sync = [str(tools / "bin" / "uv"), "pip", "sync", "--python", str(python), "--require-hashes", "--compile-bytecode"]
    _run([*sync, "--quiet", str(lock)], f"{lock.name} cannot be installed")
    stamp.write_text(wanted)
    return f"installed from {lock.name}"


def compile_code(code: Path) -> None:
    """Byte-compile our own code where we may write, so that service users who may not need not compile at each start."""
    if os.access(code / "mailplatform", os.W_OK):
        folders = [str(code / name) for name in SHIPPED if (code / name).is_dir()]
        subprocess.run([str(code / ".venv" / "bin" / "python"), "-m", "compileall", "-q", "-j", "2", *folders], check=False)


def install(code: Path, home: Path, owner: int, group: int) -> Path:
    """Copy code and environment into the home as its owner, where they changed. Returns the code's new place."""
    target = home / "code"
    with_venv = _read(code / ".venv" / ".synced") != _read(target / ".venv" / ".synced")
    names = [name for name in SHIPPED if (code / name).exists()] + ([".venv"] if with_venv else [])
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # writes as the owner, so that nothing the owner put there can lead root astray
        status = 1
        try:
            os.close(writing)
            os.setgroups([])
            os.setgid(group)
            os.setuid(owner)
            for name in names:
                shutil.rmtree(target / name, ignore_errors=True)
            target.mkdir(mode=0o750, exist_ok=True)
            status = subprocess.run(["tar", "-x", "-C", str(target), "-f", "-"], stdin=reading, check=False).returncode
        finally:
            os._exit(status)
    os.close(reading)
    packed = subprocess.run(
        ["tar", "-c", "-C", str(code), "--exclude=./.venv/tools", "-f", "-", *names], stdout=writing, check=False
    )
    os.close(writing)
    if os.waitpid(child, 0)[1] or packed.returncode:
        raise BootstrapError(f"the code cannot be copied to {target}")
    return target


def find_python() -> str:
    """A Python that is new enough, can make environments and, for root, that service users can reach. BootstrapError if none."""
    places = ["/usr/bin", "/usr/local/bin", *os.environ.get("PATH", "").split(os.pathsep)]
    named = [
        path
        for place in places
        for name in ("python3", "python3.1[1-9]")
        for path in sorted(glob.glob(os.path.join(place, name)))
    ]
    candidates = named if os.geteuid() == 0 else [sys.executable, *named]
    why = []
    for path in dict.fromkeys(candidates):
        real = _ask(path, f"import sys; print(sys.executable if sys.version_info >= {MINIMUM} else '')")
        if not real or closed(Path(os.path.realpath(real))):
            continue
        if _ask(path, "import ensurepip, venv; print(1)"):
            return real
        why.append(f"{path} has no ensurepip: `apt install python3-venv`")
    raise BootstrapError(
        why[0] if why else "no Python 3.11 or newer is installed that services can reach: `apt install python3 python3-venv`"
    )


def _usable(venv: Path) -> bool:
    python = venv / "bin" / "python"
    if not python.exists() or closed(Path(os.path.realpath(python))):
        return False
    return _ask(str(python), f"import sys; print(int(sys.version_info >= {MINIMUM}))") == "1"


def _stamp(code: Path, dev: bool) -> str:
    digest = hashlib.sha256((code / "requirements.lock").read_bytes())
    if dev and (code / "requirements-dev.lock").exists():
        digest.update((code / "requirements-dev.lock").read_bytes())
    return ("dev " if dev else "") + digest.hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _ask(python: str, program: str) -> str:
    try:
        done = subprocess.run([python, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def _run(command: list[str], complaint: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    if os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
        environment.setdefault("UV_SYSTEM_CERTS", "1")  # as pip and curl do, also behind an inspecting proxy
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, check=False)
    if done.returncode:
        said = [line for line in done.stdout.decode("utf-8", "replace").strip().splitlines() if line.strip()]
        raise BootstrapError(complaint + ": " + " / ".join(said[-6:]))


if __name__ == "__main__":
    try:
        print("environment:", ensure(dev="--dev" in sys.argv[1:]))
    except BootstrapError as error:
        sys.exit(f"environment: {error}")
