# ruff: noqa: PLC0415 - Django is set up on the fresh database first
"""How many arrivals a second one process commits: ``python -m benchmarks.arrivals --dsn "host=… user=…"``.

Units are prepared beforehand; what is measured is put → committed, with a fixed number waiting, against a real Postgres
(fsync as its server has it). ``--locked`` measures Show 4: one account's lock is held 400 ms again and again by somebody
else, while a group of 300 is written to and mailboxes are imported, and the others' latencies are printed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

DATABASE = "mp_bench_arrivals"


def set_up(dsn: str) -> None:
    """Django on this database."""
    os.environ["MAILPLATFORM_TEST_DSN"] = dsn
    os.environ["DJANGO_SETTINGS_MODULE"] = "mailplatform.settings.testing"
    import django

    django.setup()


def fresh_database(dsn: str) -> str:
    """A migrated database; its DSN. Django is set up on it."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        name = sql.Identifier(DATABASE)
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
    made = make_conninfo(dsn, dbname=DATABASE)
    set_up(made)
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    return made


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    picked = [ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 for share in (0.5, 0.9, 0.99, 1)]
    return "p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  worst {:.1f} ms".format(*picked)


def closed_loop(put: Any, units: list[Any], waiting: int) -> tuple[float, list[float]]:
    """Put all, so many waiting at any time; seconds it took, and each unit's latency."""
    free = threading.Semaphore(waiting)
    latencies: list[float] = []

    def ended(began: float, future: Future[Any]) -> None:
        future.result()
        latencies.append(time.perf_counter() - began)
        free.release()

    start = time.perf_counter()
    for unit in units:
        free.acquire()
        began = time.perf_counter()
        put(unit).add_done_callback(lambda future, began=began: ended(began, future))
    for _ in range(waiting):
        free.acquire()
    return time.perf_counter() - start, latencies


def throughput(addresses: list[str], number: int, size: int) -> None:
    from mailplatform.mailflow import arrivals
    from tests.support.house import a_unit, recipients
    from tests.support.messages import a_message

    known = recipients(addresses)
    body = "".join(f"line {n}: the quick brown fox jumps over the lazy dog {n * n}\r\n" for n in range(size // 60))
    for waiting in (1, 10, 50, 100):
        count = number if waiting > 1 else number // 4
        began = time.perf_counter()
        units = [a_unit([known[n % len(known)]], a_message(body=body, size=size)) for n in range(count)]
        prepared = (time.perf_counter() - began) / count
        before = resource.getrusage(resource.RUSAGE_SELF)
        seconds, latencies = closed_loop(arrivals.put, units, waiting)
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count
        print(
            f"{waiting:4} waiting: {count / seconds:7.0f} units/s  {percentiles(latencies)}  "
            f"python {cpu * 1e6:.0f} µs a unit, prepare {prepared * 1e6:.0f} µs",
            flush=True,
        )


PARTS = ("hold", "group", "mailboxes", "agent")


def part(name: str, dsn: str) -> None:
    """One of the disturbing processes, until it is terminated."""
    from mailplatform.directory.accounts import NewAccount
    from mailplatform.mailflow import accounts, arrivals
    from mailplatform.mailflow.agent import LocalAgent, serve
    from tests.support.house import TESTER, a_unit, account_id, recipients
    from tests.support.messages import a_message

    match name:
        case "hold":
            victim = account_id("u1@bench.test")
            with psycopg.connect(dsn) as other:
                while True:
                    other.execute("SELECT FROM store_accountstate WHERE account_id = %s FOR NO KEY UPDATE", [victim])
                    time.sleep(0.4)
                    other.rollback()
                    time.sleep(0.05)
        case "group":
            group = recipients(["all@bench.test"])
            while True:
                arrivals.put(a_unit(group, a_message())).result(30)
                time.sleep(1)
        case "mailboxes":
            accounts.open_accounts([NewAccount(f"new{n}@bench.test") for n in range(5000)], actor=TESTER)
        case "agent":
            serve(LocalAgent(), threading.Event(), threading.Event(), poll_seconds=0.1)


def progress(dsn: str, accounts: int) -> tuple[int, int]:
    """Mailboxes imported and copies placed by the other processes."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM directory_account) - %s, "
            "(SELECT count(*) FROM transport_queueitem WHERE state = 'done')",
            [accounts],
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def locked(dsn: str, addresses: list[str], seconds: float) -> None:
    from mailplatform.directory import groups
    from mailplatform.mailflow import arrivals
    from tests.support.house import TESTER, a_unit, recipients
    from tests.support.messages import a_message

    groups.add_group("all@bench.test", addresses[:300], actor=TESTER)
    known = recipients(addresses)
    children: list[subprocess.Popen[bytes]] = []
    for busy in (False, True):
        if busy:
            command = [sys.executable, "-m", "benchmarks.arrivals", "--dsn", dsn, "--part"]
            children = [subprocess.Popen([*command, name], stderr=subprocess.DEVNULL) for name in PARTS]
            while not all(progress(dsn, len(addresses))):
                time.sleep(0.1)
        others: list[float] = []
        victims: list[tuple[float, Future[Any]]] = []
        end, n = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            n += 1
            if n % 20 == 0:
                victims.append((time.perf_counter(), arrivals.put(a_unit([known[0]], a_message()))))
            began = time.perf_counter()
            arrivals.put(a_unit([known[1 + n % (len(known) - 1)]], a_message(size=5000))).result(30)
            others.append(time.perf_counter() - began)
            time.sleep(0.005)
        print(
            f"{'busy ' if busy else 'quiet'}: others {percentiles(others)}  mean {statistics.mean(others) * 1000:.1f} ms",
            flush=True,
        )
        queued = sum(bool(future.result(30).queued) for _, future in victims)
        print(f"       the locked account: {len(victims)} messages, {queued} of them through the queue", flush=True)
    made, placed = progress(dsn, len(addresses))
    print(f"by now {made} mailboxes were imported and {placed} copies of the group's mail placed")
    for child in children:
        child.terminate()
        child.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dsn", required=True, help="a server where a database may be made")
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--units", type=int, default=8000)
    parser.add_argument("--size", type=int, default=5000)
    parser.add_argument("--locked", action="store_true", help="measure Show 4 instead")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        set_up(arguments.dsn)
        part(arguments.part, arguments.dsn)
        return
    dsn = fresh_database(arguments.dsn)
    from tests.support.house import a_house

    addresses = a_house(max(arguments.accounts, 301 if arguments.locked else 1), "bench.test")
    if arguments.locked:
        locked(dsn, addresses, arguments.seconds)
    else:
        throughput(addresses, arguments.units, arguments.size)
    from mailplatform.mailflow import arrivals

    arrivals.drain(10)


if __name__ == "__main__":
    main()
