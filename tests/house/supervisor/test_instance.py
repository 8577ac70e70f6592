"""A whole instance over toy roles: start, kill anything, drain, leftovers, two side by side."""

import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailplatform.supervisor import endpoints
from mailplatform.supervisor.down import end_all
from mailplatform.supervisor.processes import Process, identify
from tests.house.supervisor.toys import Instance, until


def free_port() -> int:
    """Below those that the system gives to whoever connects: one of them may be anybody's a moment later."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mps"))  # short: unix sockets stand in it
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def instance(folder: Path) -> Iterator[Instance]:
    made = Instance(folder / "home", free_port())
    reports = made.start()
    assert reports[-1]["state"] == "up", (reports, (made.home / "log" / "supervisor.log").read_text())
    yield made
    made.stop()


def test_start_says_every_step_and_tells_the_endpoints(folder):
    made = Instance(folder / "home", free_port())
    try:
        reports = made.start()
        assert [r["step"] for r in reports if r["state"] == "done"] == ["Valkey", "nursery", "quiet", "smtp"]
        told = json.loads((made.home / "endpoints.json").read_text())
        assert sorted(told) == ["accounts", "listeners", "pids", "site", "urls"]
        assert told["listeners"] == {"smtp": [{"host": "127.0.0.1", "port": made.port, "tls": "starttls"}]}
        assert told["site"] == str(made.home / "site.toml")
        assert stat.S_IMODE((made.home / "endpoints.json").stat().st_mode) == 0o600
        assert {role: made.pids(role) for role in told["pids"]} == told["pids"]
        assert made.whole()
    finally:
        stopped = made.stop()
    assert stopped and not made.running()
    assert not (made.home / "endpoints.json").exists()


@pytest.mark.parametrize("role", ["quiet", "smtp", "nursery", "valkey", "supervisor", "keeper"])
def test_whatever_is_killed_comes_again(instance, role):
    before = {name: instance.pids(name) for name in ("quiet", "smtp", "nursery", "valkey", "supervisor", "keeper")}
    os.kill(before[role][0], signal.SIGKILL)
    until(lambda: before[role][0] not in instance.pids(role) and instance.whole())
    if role in ("nursery", "valkey", "keeper"):
        assert instance.pids("smtp") == before["smtp"], "the doors must not notice"
    if role == "supervisor":
        assert instance.pids("valkey") == before["valkey"], "the server is adopted"


def test_a_keeper_that_was_replaced_restarts_its_supervisor(instance):
    for role in ("keeper", "supervisor", "keeper"):
        (old,) = instance.pids(role)
        os.kill(old, signal.SIGKILL)
        until(lambda role=role, old=old: instance.pids(role) not in ([], [old]) and instance.whole())


def test_a_connection_is_taken_while_the_supervisor_is_away(instance):
    for pid in [*instance.pids("smtp"), *instance.pids("supervisor")]:
        os.kill(pid, signal.SIGKILL)
    assert instance.greeting().startswith("220 toy")  # it waited in the socket's queue, which the keeper holds


@pytest.mark.parametrize("end", ["stop", "supervisor"])
def test_what_is_under_way_ends_well(instance, end):
    with socket.create_connection(("127.0.0.1", instance.port), 10) as client:
        lines = client.makefile()
        assert lines.readline().startswith("220 toy")
        if end == "stop":
            os.kill(instance.pids("keeper")[0], signal.SIGTERM)
        else:
            os.kill(instance.pids("supervisor")[0], signal.SIGKILL)
        client.sendall(b"the rest\r\n")
        assert lines.readline() == "the rest\n"


def test_leftovers_are_ended_by_pid_and_start_time(instance):
    stopped = instance.pids("smtp")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)  # they can neither drain nor notice anything
    others = [instance.pids(role)[0] for role in ("keeper", "supervisor", "nursery", "quiet")]
    # Stopped first, or the supervisor has replaced its keeper before its turn comes.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in others:
            os.kill(pid, number)
    assert instance.pids("smtp") == stopped
    assert end_all(instance.home, 0.2)
    assert instance.pids("smtp") == [] and instance.pids("valkey") == []
    assert instance.start()[-1]["state"] == "up"
    assert instance.whole()


def test_a_recorded_pid_that_is_somebody_else_now_is_left_alone(folder):
    home = folder / "home"
    (home / "run").mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        endpoints.write_state(home, {"smtp": [Process(bystander.pid, "another boot/1")]})
        end_all(home, 0.2)
        assert identify(bystander.pid).alive()
        bystander.communicate(b"\n")


def test_root_believes_no_state_that_others_wrote(folder):
    home = folder / "home"
    (home / "run").mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        endpoints.write_state(home, {"keeper": [identify(bystander.pid)]})
        end_all(home, 0.2, only_of=os.geteuid() + 1)
        assert identify(bystander.pid).alive()
        bystander.communicate(b"\n")


def test_two_instances_side_by_side(instance, folder):
    other = Instance(folder / "other", free_port())
    try:
        assert other.start()[-1]["state"] == "up"
        assert instance.whole() and other.whole()
        other.stop()
        assert instance.whole() and not other.running()
    finally:
        other.stop()


def test_a_role_that_cannot_run_fails_the_first_start_in_words(folder):
    made = Instance(folder / "home", free_port(), extra="max_errors = 1\n")
    reports = made.start()
    assert reports[-1]["state"] == "failed"
    assert reports[-1]["text"] == "broken: broken/0 ended: RuntimeError: this role cannot run (log/broken.log)"
    until(lambda: not made.running())
    assert not any(made.pids(role) for role in ("valkey", "quiet", "nursery"))


def test_hangup_reloads_roles_and_replaces_the_nursery(instance):
    (nursery,), (quiet,) = instance.pids("nursery"), instance.pids("quiet")
    os.kill(instance.pids("supervisor")[0], signal.SIGHUP)
    reloaded = instance.home / "run" / "reloaded"
    until(lambda: reloaded.exists() and reloaded.read_text() == str(quiet))
    until(lambda: instance.pids("nursery") not in ([], [nursery]) and instance.whole())
    assert instance.pids("quiet") == [quiet]


def test_hangup_with_a_bad_configuration_changes_nothing(instance):
    (nursery,) = instance.pids("nursery")
    (instance.home / "site.toml").write_text("[smtp]\nporrt = 1\n")
    os.kill(instance.pids("keeper")[0], signal.SIGHUP)
    log = instance.home / "log" / "supervisor.log"
    until(lambda: "reload refused" in log.read_text())
    assert instance.pids("nursery") == [nursery] and instance.whole()


def test_a_role_that_hangs_is_replaced_and_one_that_says_nothing_is_left(folder):
    made = Instance(folder / "home", free_port(), "[supervisor]\nhung_seconds = 1.0\n")
    try:
        assert made.start()[-1]["state"] == "up"
        (quiet,), (hung, other) = made.pids("quiet"), made.pids("smtp")
        os.kill(quiet, signal.SIGSTOP)
        os.kill(hung, signal.SIGSTOP)
        until(lambda: hung not in made.pids("smtp") and len(made.pids("smtp")) == 2)
        assert other in made.pids("smtp") and made.pids("quiet") == [quiet]
        assert f"(pid {hung}) has not moved for " in (made.home / "log" / "supervisor.log").read_text()
        os.kill(quiet, signal.SIGCONT)
        until(made.whole)
    finally:
        made.stop()


def test_a_supervisor_that_stood_still_itself_kills_nobody(folder):
    made = Instance(folder / "home", free_port(), "[supervisor]\nhung_seconds = 1.0\n")
    try:
        assert made.start()[-1]["state"] == "up"
        before = made.pids("smtp")
        (supervisor,) = made.pids("supervisor")
        os.kill(supervisor, signal.SIGSTOP)
        time.sleep(3)
        os.kill(supervisor, signal.SIGCONT)
        until(made.whole)
        time.sleep(0.5)
        assert made.pids("smtp") == before
    finally:
        made.stop()
