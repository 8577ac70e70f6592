"""What a process counts and measures, and how it says so: the Prometheus text format, version 0.0.4.

Rooms declare their families once at import (``MESSAGES = metrics.Counter("messages_total", "…", "verdict")``) and add to
them; `render` writes all families of this process, `merged` one exposition out of several. An addition is one lock and one
dictionary, about a microsecond, so the way of a message may count what it likes.

Invariants: families are named ``mailplatform_…`` (what is of every program is ``process_…``); label values are escaped;
a measurement that fails is left out of the exposition and spoils no other.
Label values are closed words (a role, a verdict, a listener), never an address or an account: their number is bounded.
"""

from __future__ import annotations

import logging
import os
import resource
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

log = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "mailplatform_"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200)
Values = Mapping[tuple[str, ...], float]

_families: dict[str, Family] = {}


class Family(Protocol):
    """Samples of one name."""

    name: str
    kind: str
    meaning: str

    def samples(self) -> Iterator[tuple[str, Sequence[tuple[str, str]], float]]:
        """(suffix of the name, labels, value) of each sample."""
        ...


class Counter:
    """What only grows. labels: their names; `add` takes their values in this order."""

    kind = "counter"

    def __init__(self, name: str, meaning: str, *labels: str) -> None:
        self.name, self.meaning, self.labels = PREFIX + name, meaning, labels
        self._values: dict[tuple[str, ...], float] = {} if labels else {(): 0.0}
        self._lock = threading.Lock()
        _families[self.name] = self

    def add(self, amount: float = 1, *values: str) -> None:
        with self._lock:
            self._values[values] = self._values.get(values, 0.0) + amount

    def value(self, *values: str) -> float:
        return self._values.get(values, 0.0)

    def samples(self) -> Iterator[tuple[str, Sequence[tuple[str, str]], float]]:
        with self._lock:
            found = list(self._values.items())
        for values, amount in found:
            yield "", list(zip(self.labels, values, strict=True)), amount


class Histogram:
    """How often a measure was at most so large. bounds: ascending."""

    kind = "histogram"

    def __init__(self, name: str, meaning: str, *labels: str, bounds: Sequence[float] = SECONDS) -> None:
        self.name, self.meaning, self.labels, self.bounds = PREFIX + name, meaning, labels, tuple(bounds)
        self._counts: dict[tuple[str, ...], list[float]] = {}
        self._lock = threading.Lock()
        _families[self.name] = self

    def observe(self, measure: float, *values: str) -> None:
        with self._lock:
            counts = self._counts.get(values)
            if counts is None:
                counts = self._counts[values] = [0.0] * (len(self.bounds) + 2)  # the last one is the sum
            counts[bisect_left(self.bounds, measure)] += 1
            counts[-1] += measure

    def samples(self) -> Iterator[tuple[str, Sequence[tuple[str, str]], float]]:
        with self._lock:
            found = [(values, list(counts)) for values, counts in self._counts.items()]
        for values, counts in found:
            labels = list(zip(self.labels, values, strict=True))
            running = 0.0
            for bound, count in zip((*map(_number, self.bounds), "+Inf"), counts[:-1], strict=True):
                running += count
                yield "_bucket", [*labels, ("le", bound)], running
            yield "_sum", labels, counts[-1]
            yield "_count", labels, running


class Gauge:
    """What is read when somebody asks. read: a number, or label values → number. counter: it only grows."""

    def __init__(
        self,
        name: str,
        meaning: str,
        read: Callable[[], float | Values],
        *labels: str,
        counter: bool = False,
        prefix: str = PREFIX,
    ) -> None:
        self.name, self.meaning, self.labels, self._read = prefix + name, meaning, labels, read
        self.kind = "counter" if counter else "gauge"
        _families[self.name] = self

    def samples(self) -> Iterator[tuple[str, Sequence[tuple[str, str]], float]]:
        found = self._read()
        if isinstance(found, Mapping):
            for values, amount in found.items():
                yield "", list(zip(self.labels, values, strict=True)), amount
        else:
            yield "", (), found


def render(constant: Mapping[str, str]) -> str:
    """All families of this process; `constant` labels (role, process) stand on every sample."""
    lines: list[str] = []
    fixed = list(constant.items())
    for family in list(_families.values()):
        try:
            samples = [
                f"{family.name}{suffix}{_labels([*fixed, *labels])} {_number(n)}" for suffix, labels, n in family.samples()
            ]
        except Exception:
            log.exception("metrics: %s cannot be measured", family.name)
            continue
        if samples:
            meaning = family.meaning.replace("\\", r"\\").replace("\n", r"\n")
            lines += [f"# HELP {family.name} {meaning}", f"# TYPE {family.name} {family.kind}", *samples]
    return "\n".join([*lines, ""])


def merged(expositions: Iterable[str]) -> str:
    """One exposition of several: each family once, with the samples of all. They differ by their constant labels."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for exposition in expositions:
        name = ""
        for line in exposition.splitlines():
            if line.startswith("# "):
                name = line.split(" ", 3)[2]
                known = heads.setdefault(name, [])
                if len(known) < 2:
                    known.append(line)
            elif line:
                samples.setdefault(name, []).append(line)
    return "\n".join([line for name, head in heads.items() for line in (*head, *samples.get(name, ()))] + [""])


def _labels(pairs: Sequence[tuple[str, str]]) -> str:
    if not pairs:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _resident() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _started() -> float:
    with open("/proc/self/stat") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


Gauge(
    "resident_memory_bytes",
    "Memory of the process in RAM, pages shared with its siblings included.",
    _resident,
    prefix="process_",
)
Gauge("cpu_seconds_total", "Processor time used, user and system.", _cpu, counter=True, prefix="process_")
Gauge("open_fds", "Open file descriptors.", lambda: len(os.listdir("/proc/self/fd")), prefix="process_")
Gauge("max_fds", "Most open file descriptors.", lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0], prefix="process_")
Gauge("start_time_seconds", "When the process began, as seconds since 1970.", _started, prefix="process_")
