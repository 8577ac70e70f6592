"""How fast a full queue leaves the house, ours and Postfix's in turn, to the same sink: ``python -m benchmarks.outbound``.

Messages of 5 KB are queued while the sending side stands still (our role `outbound`, their qmgr); then it is let go, and the
time until the sink has them all is measured. One destination, and a thousand of them. Postfix goes by its defaults, with
`in_flow_delay` 0, and is told where each domain goes, where ours asks the DNS. CPU is that of the sender: for ours the role
and Postgres, for Postfix all its processes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.instance import commands, family
from benchmarks.outside import a_world, an_instance, cpu_seconds, free_port, halted, submit
from benchmarks.sink import Sink, a_sink
from tests.support.postfix import is_here, postfix

Drain = Callable[[Sequence[str]], tuple[float, float]]
"""Queue a message for each of these addresses, let go; messages a second, and CPU seconds a message."""


def addresses(number: int, domains: Sequence[str]) -> list[str]:
    return [f"r{n}@{domains[n % len(domains)]}" for n in range(number)]


def _drained(
    sink: Sink, number: int, pids: Sequence[int], cpu_of: Sequence[int], fill: Callable[[], None]
) -> tuple[float, float]:
    before, _ = sink.count()
    with halted(pids):
        fill()
        time.sleep(3)  # what follows upon the taking (search text, Sent) is over
        cpu, began = cpu_seconds(cpu_of), time.time()
    last = sink.wait(before + number, 150)
    time.sleep(0.5)  # what the sender still writes about them counts
    return number / (last - began), (cpu_seconds(cpu_of) - cpu) / number


@contextmanager
def ours(sink: Sink, dns: int, port: int) -> Iterator[Drain]:
    with an_instance(dns, port) as instance:
        pids = instance.endpoints()["pids"]

        def drain(recipients: Sequence[str]) -> tuple[float, float]:
            def fill() -> None:
                submit(instance.address("submission"), recipients)

            return _drained(sink, len(recipients), pids["outbound"], [*pids["outbound"], *pids["postgres"]], fill)

        yield drain


@contextmanager
def peer(sink: Sink, domains: Sequence[str], port: int) -> Iterator[Drain]:
    """A Postfix that knows a loopback address for each domain, so that each is a destination of its own."""
    with tempfile.TemporaryDirectory(prefix="mpmeasure") as folder:
        Path(folder).chmod(0o755)
        ways = Path(folder) / "transport"
        ways.write_text("".join(f"{name} smtp:[{address}]:{port}\n" for name, address in _places(domains).items()))
        ways.chmod(0o644)
        more = {"transport_maps": f"texthash:{ways}", "in_flow_delay": "0s"}
        with postfix("peer.test", ("u1",), more=more) as running:
            master = int((running.folder / "queue/pid/master.pid").read_text())
            qmgr = [pid for pid, line in commands(family([master])).items() if line.startswith("qmgr")]
            assert qmgr, "no qmgr"

            def drain(recipients: Sequence[str]) -> tuple[float, float]:
                def fill() -> None:
                    submit(("127.0.0.1", running.port), recipients, sign_in=False)

                return _drained(sink, len(recipients), qmgr, [master], fill)

            yield drain


def _places(domains: Sequence[str]) -> dict[str, str]:
    return {name: f"127.1.{n // 250}.{1 + n % 250}" for n, name in enumerate(domains)}


def measure(runs: int, number: int, many: int = 1000) -> dict[str, dict[str, float | None]]:
    """The medians of runs in turn: {"ours": {figure: …}, "peer": …}."""
    domains, port = [f"d{n:04}.test" for n in range(many)], free_port()
    found: dict[str, dict[str, list[float]]] = {"ours": {}, "peer": {}}
    with a_sink(port, {"0.0.0.0": "take"}) as sink, a_world(_places(domains)) as dns, ours(sink, dns, port) as our_drain:
        sides = {"ours": our_drain}
        with peer(sink, domains, port) if is_here() else _nobody() as their_drain:
            if their_drain is not None:
                sides["peer"] = their_drain
            for _ in range(runs):
                for words, some in (("one", domains[:1]), ("many", domains)):
                    for side, drain in sides.items():
                        rate, cpu = drain(addresses(number, some))
                        print(f"{side}: {words}: {rate:.0f}/s, {cpu * 1e6:.0f} µs of CPU a message", file=sys.stderr, flush=True)
                        found[side].setdefault(f"outbound_{words}_per_s", []).append(rate)
                        found[side].setdefault(f"outbound_{words}_cpu_us", []).append(cpu * 1e6)
    return {side: {name: statistics.median(values) for name, values in figures.items()} for side, figures in found.items()}


@contextmanager
def _nobody() -> Iterator[None]:
    yield None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--number", type=int, default=3000)
    options = parser.parse_args()
    print(measure(options.runs, options.number))


if __name__ == "__main__":
    main()
