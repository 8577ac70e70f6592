"""Mail for the outside while everything is killed in turn: each message arrives, once, or twice only where the trace says why.

A fast sink stands behind a DNS server on loopback; mail comes in for an address that forwards there. The outbound role, worker,
beat, Valkey and Postgres are killed by their pids while the queue is carried.
"""

import asyncio
import dataclasses
import json
import os
import re
import signal
import smtplib
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.instance import SITE, Instance, free_port_base
from tests.support.dns_server import DnsServer
from tests.support.fake_mx import FakeMx
from tests.support.messages import a_message

pytestmark = pytest.mark.drill
MESSAGES = int(os.environ.get("DRILL_MESSAGES", "5000"))
VICTIMS = ("outbound", "worker", "postgres", "outbound", "beat", "valkey", "postgres", "outbound")
SECONDS = float(os.environ.get("DRILL_SECONDS", "400"))
TRACE_ID = re.compile(rb"^Received: .*?\sid\s+([0-9a-z]+)", re.S | re.M)
SUBJECT = re.compile(rb"^Subject: (\S+)", re.M)
TERMS = """
[dns]
servers = ["127.0.0.1:{dns}"]

[outbound]
port = {port}
retry_after = ["1s"]
lease_seconds = 10
tick_missing_seconds = 10
probe_longest_seconds = 2

[tasks]
tick_seconds = 2
"""


@dataclasses.dataclass
class Sink:
    """The world outside, in a thread."""

    dns: DnsServer = dataclasses.field(default_factory=DnsServer)
    mx: FakeMx = dataclasses.field(default_factory=lambda: FakeMx(host="127.0.0.2"))

    async def serve(self, ready: threading.Event) -> None:
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        async with self.dns, self.mx:
            self.dns.set("sink.test", "MX", "10 mx.sink.test.")
            self.dns.set("mx.sink.test", "A", self.mx.host)
            ready.set()
            await self.stopping.wait()


@contextmanager
def a_sink() -> Iterator[Sink]:
    sink, ready = Sink(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(sink.serve(ready)), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield sink
    sink.loop.call_soon_threadsafe(sink.stopping.set)
    thread.join(10)


def test_each_arrives_whatever_is_killed() -> None:
    with tempfile.TemporaryDirectory(prefix="mailplatform-drill-", ignore_cleanup_errors=True) as folder, a_sink() as sink:
        Path(folder).chmod(0o755)
        terms = TERMS.format(dns=sink.dns.address[1], port=sink.mx.port)
        instance = Instance(Path(folder) / "home", port_base=free_port_base(), site=SITE + terms)
        instance.up()
        try:
            instance.manage("domain", "add", "drill.test")
            instance.manage("alias", "add", "away@drill.test", "all@sink.test")
            sender = threading.Thread(target=_send, args=(instance.address("smtp"),))
            sender.start()
            for victim in VICTIMS:
                _wait_for(lambda: len(sink.mx.taken), len(sink.mx.taken) + MESSAGES // 20, 30)
                _kill(instance, victim)
            sender.join()
            try:
                _wait_for(lambda: len(_arrived(sink)), MESSAGES, SECONDS)
            except AssertionError as late:
                missing = sorted(set(_promised.values()) - _arrived(sink).keys())
                raise AssertionError(f"{missing[:20]} and so on did not arrive: {late}") from None
            _emptied(instance)
            twice = {name: traces for name, traces in _arrived(sink).items() if len(traces) > 1}
            told = [trace for traces in twice.values() for trace in set(traces)]
            print(f"{len(sink.mx.taken)} taken, {len(twice)} more than once")
            assert all(_is_told(instance, trace) for trace in told), twice
        finally:
            instance.down()


def _send(address: tuple[str, int]) -> None:
    """Each message until it is promised. What was not answered is sent again under another name: it counts for nothing."""
    smtp: smtplib.SMTP | None = None
    for n in range(MESSAGES):
        attempt = 0
        while True:
            try:
                if smtp is None:
                    smtp = smtplib.SMTP(*address, timeout=30)
                content = a_message(subject=f"m{n}" if not attempt else f"again{n}-{attempt}")
                smtp.sendmail("anna@outside.example", ["away@drill.test"], content)
                _promised[n] = f"m{n}" if not attempt else f"again{n}-{attempt}"
                break
            except (OSError, smtplib.SMTPException):
                attempt += 1
                smtp = None
                time.sleep(0.2)


_promised: dict[int, str] = {}


def _arrived(sink: Sink) -> dict[str, list[str]]:
    """Promised messages that arrived: the trace id of each copy."""
    found: dict[str, list[str]] = defaultdict(list)
    wanted = set(_promised.values())
    for taken in list(sink.mx.taken):
        name = SUBJECT.search(taken.content)
        trace = TRACE_ID.search(taken.content)
        if name and trace and name[1].decode() in wanted:
            found[name[1].decode()].append(trace[1].decode())
    return found


def _kill(instance: Instance, role: str) -> None:
    for pid in instance.endpoints()["pids"].get(role, []):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _is_told(instance: Instance, trace_id: str) -> bool:
    said = instance.manage("trace", "--id", trace_id, "--json", capture_output=True)
    codes = Counter(event["code"] for life in json.loads(said.stdout) for event in life["events"])
    return codes["in_doubt"] > 0


def _emptied(instance: Instance) -> None:
    def left() -> int:
        said = instance.manage("queue", "list", "--json", check=False, capture_output=True)
        return 1 if said.returncode == 0 and json.loads(said.stdout) == [] else 0

    _wait_for(left, 1, SECONDS)


def _wait_for(number, least: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while number() < least:
        assert time.monotonic() < until, f"{number()} of {least} after {seconds:.0f} s"
        time.sleep(0.1)
