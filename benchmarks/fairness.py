"""Whether the healthy wait for the sick: ``python -m benchmarks.fairness``.

10,000 items for 1,000 domains that nobody has sent to before, ten messages for each domain. A third of the domains are sick:
they refuse the connection, answer 451 to RCPT, take 20 seconds for each reply, or never greet. The queue is let go, and for each
healthy domain the moment of its last message is noted; the same was done with healthy domains only, under other names. The
figure is the median, over the healthy domains, of how much later that moment is.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence

from benchmarks.instance import Instance
from benchmarks.outside import a_world, an_instance, free_port, halted, submit
from benchmarks.sink import Sink, a_sink

SICK = {"127.0.0.3": "later", "127.0.0.4": "slow", "127.0.0.5": "silent"}
NOBODY = "127.0.0.9"
HEALTHY = "127.0.0.2"
MESSAGES = 10  # a domain
TOGETHER = 50  # recipients of one submission


def world(domains: int, prefix: str) -> dict[str, str]:
    """Domains and the address of each one's exchanger; every third is sick, each way in turn."""
    ways = [*SICK, NOBODY]
    return {f"{prefix}{n:04}.test": ways[n // 3 % len(ways)] if n % 3 == 1 else HEALTHY for n in range(domains)}


def drain(instance: Instance, sink: Sink, domains: Sequence[str], healthy: Sequence[str], seconds: float) -> dict[str, float]:
    """Queue messages for these domains, let go; seconds until each healthy one has all of its own."""
    before, _ = sink.count()
    address = instance.address("submission")
    with halted(instance.endpoints()["pids"]["outbound"]):
        groups = [domains[at : at + TOGETHER] for at in range(0, len(domains), TOGETHER)]
        for _ in range(MESSAGES):
            submit(address, [[f"r@{name}" for name in group] for group in groups])
        time.sleep(3)
        began = time.time()
    sink.wait(before + MESSAGES * len(healthy), seconds)
    last = sink.domains()
    return {name: last[name] - began for name in healthy}


def measure(domains: int = 1000, seconds: float = 150) -> dict[str, dict[str, float | None]]:
    """{"ours": {figure: seconds}}."""
    sick, well, port = world(domains, "a"), world(domains, "b"), free_port()
    healthy = [name for name, address in sick.items() if address == HEALTHY]
    with (
        a_sink(port, {HEALTHY: "take", **SICK}) as sink,
        a_world(sick | well) as dns,
        an_instance(dns, port) as instance,
    ):
        alone = drain(instance, sink, [f"b{name[1:]}" for name in healthy], [f"b{name[1:]}" for name in healthy], seconds)
        print(f"healthy alone: median {statistics.median(alone.values()):.2f} s", file=sys.stderr, flush=True)
        beside = drain(instance, sink, list(sick), healthy, seconds)
        print(f"beside the sick: median {statistics.median(beside.values()):.2f} s", file=sys.stderr, flush=True)
    extra = sorted(beside[name] - alone[f"b{name[1:]}"] for name in healthy)
    figures = {
        "fairness_alone_s": statistics.median(alone.values()),
        "fairness_extra_s": statistics.median(extra),
        "fairness_extra_p90_s": extra[int(len(extra) * 0.9)],
        "fairness_extra_most_s": extra[-1],
    }
    return {"ours": {name: round(value, 2) for name, value in figures.items()}, "peer": {}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=1000)
    print(measure(parser.parse_args().domains))


if __name__ == "__main__":
    main()
