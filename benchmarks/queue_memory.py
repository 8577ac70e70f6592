"""Whether the agent grows with the queue: ``python -m benchmarks.queue_memory``.

The most memory (PSS) that the role `outbound` takes while it works at 1,000 and at 50,000 items queued for 100 domains, whose
exchangers put all of it off.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks.instance import Instance, pss_mib
from benchmarks.outside import a_world, an_instance, free_port, halted, submit
from benchmarks.sink import a_sink

DOMAINS, ADDRESS, SECONDS = 100, "127.0.0.2", 20.0


def _queue(instance: Instance, number: int, domains: list[str]) -> None:
    """So many items, a hundred of each message, each its own recipient."""
    paths = [f"r{n}@{domains[n % len(domains)]}" for n in range(number)]
    submit(instance.address("submission"), [paths[at : at + 100] for at in range(0, number, 100)])


def measure(small: int = 1_000, large: int = 50_000) -> dict[str, dict[str, float | None]]:
    """{"ours": {figure: MiB}}: the most that was seen within some seconds of carrying."""
    names = [f"q{n:03}.test" for n in range(DOMAINS)]
    port = free_port()
    figures: dict[str, float | None] = {}
    with a_sink(port, {ADDRESS: "later"}), a_world(dict.fromkeys(names, ADDRESS)) as dns:
        for words, number in (("small", small), ("large", large)):
            with an_instance(dns, port) as instance:
                pids = instance.endpoints()["pids"]["outbound"]
                with halted(pids):
                    _queue(instance, number, names)
                until, most = time.monotonic() + SECONDS, 0.0
                while time.monotonic() < until:
                    most = max(most, pss_mib(pids))
                    time.sleep(0.2)
                print(f"{number} items: {most:.1f} MiB", file=sys.stderr, flush=True)
                figures[f"queue_{words}_pss_mib"] = most
    return {"ours": figures, "peer": {}}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(measure())


if __name__ == "__main__":
    main()
