"""``manage.py health [ROLE]``: ask every process of this home whether it serves. Standard library only, tenths of a second.

For a container's health check, a load balancer, a person. The answers come from the processes themselves (runtime.health), over
the unix sockets ``<role>.<number>.status``.
"""

from __future__ import annotations

import argparse
import json
import socket
from collections.abc import Sequence
from pathlib import Path

from mailplatform.settings.site import load

SECONDS = 5.0


def health(home: Path, arguments: Sequence[str]) -> int:
    """A line a process. Exit code 0 when at least one answers and all that answer serve, else 1."""
    parser = argparse.ArgumentParser(prog="manage.py health", description="Whether every process serves.")
    parser.add_argument("role", nargs="?", default="", help="this role only")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alive", action="store_true", help="whether they live, not whether they can serve")
    given = parser.parse_args(arguments)
    answers = {}
    for path in sorted(load(home).sockets_dir.glob(f"{given.role or '*'}.*.status")):
        said = ask(path, "/healthz" if given.alive else "/readyz")
        if said is not None:
            answers[path.stem] = said
    well = bool(answers) and all(not why for why in answers.values())
    if given.json:
        print(json.dumps({"well": well, "processes": {name: why or "ok" for name, why in answers.items()}}, indent=1))
    else:
        for name, why in answers.items():
            print(f"{name:<14} {why or 'ok'}")
        if not answers:
            print("no process answers")
    return 0 if well else 1


def ask(path: Path, question: str) -> str | None:
    """ "" when it says ok, else what it says; None when the process is gone."""
    try:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(SECONDS)
            peer.connect(str(path))
            peer.sendall(f"GET {question} HTTP/1.0\r\n\r\n".encode())
            said = b""
            while more := peer.recv(4096):
                said += more
    except (ConnectionRefusedError, FileNotFoundError):
        return None
    except OSError as error:
        return f"no answer: {error}"
    head, _, body = said.decode("utf-8", "replace").partition("\r\n\r\n")
    return "" if " 200 " in head else body.strip().replace("\n", "; ") or "no answer"
