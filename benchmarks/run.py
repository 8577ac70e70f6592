"""The benchmark, in one command: starts an instance, makes its users, measures it beside Postfix and Dovecot, prints a table.

    python -m benchmarks.run [--home DIR] [--runs 3] [--bench ../shared/bench] [--only smtp_accept,imap_append]

`--bench` is a folder with mailbench.py (a load generator for any mail server) and peers.sh (Postfix and Dovecot on loopback);
without it only start-up, memory and the workloads of this folder are measured. Both servers run on one machine, in turn,
workload by workload: the ratios are what counts, since a disk's flush time changes from minute to minute.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import fairness, idle, outbound, queue_memory, submission, web_pages
from benchmarks.instance import ROOT, Instance, free_port_base, make_users, pss_mib
from benchmarks.table import placed, table

DOMAIN, USERS, PASSWORD = "bench.test", 220, "pw"
SETTLE_SECONDS = 90
# (workload, further arguments): in this order, since the big folder is built last.
WORKLOADS = {
    "smtp_accept": [],
    "idle_latency": [],
    "imap_append": [],
    "login": [],
    "pop3": [],
    "submission": [],
    "idle_memory": [],
    "imap_select": ["--sizes", "1000,100000"],
}
# With an instance of their own, and a world outside.
OWN = {
    "outbound": lambda runs: outbound.measure(runs, 3000),
    "fairness": lambda _runs: fairness.measure(),
    "queue_memory": lambda _runs: queue_memory.measure(),
    "web_pages": lambda _runs: web_pages.measure(),
}
PEER = "dovecot-mdbox"
# The peer's sign-ins are told by the hash of the password: ours, of people who come again, stand against its slow one.
AS_OURS = {"login_sha512crypt_10c_per_s": "login_10c_per_s"}


def main() -> int:
    options = _options()
    instance = Instance(options.home, options.port_base)
    figures: dict[str, dict[str, float | None]] = {"ours": {}, "peer": {}}
    wanted = options.only.split(",")
    for name in [name for name in wanted if name in OWN]:
        _add(figures, OWN[name](options.runs))
    options.only = ",".join(name for name in wanted if name not in OWN)
    if options.only:
        _with_instance(instance, options, figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    lines = table(figures["ours"], figures["peer"])
    print(lines)
    if options.readme:
        said = f"Measured {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores, medians of {options.runs} runs in turn."
        readme = ROOT / "README.md"
        readme.write_text(placed(readme.read_text("utf-8"), f"{said}\n\n{lines}"), "utf-8")
    return 0


def _add(figures: dict[str, dict[str, float | None]], measured: dict[str, dict[str, float | None]]) -> None:
    for side, found in measured.items():
        figures[side].update(found)


def _with_instance(instance: Instance, options: argparse.Namespace, figures: dict[str, dict[str, float | None]]) -> None:
    figures["ours"]["up_s"] = instance.up()
    try:
        if not options.skip_memory:
            print(f"waiting {SETTLE_SECONDS} s for the idle memory", file=sys.stderr)
            time.sleep(SETTLE_SECONDS)
            figures["ours"]["idle_pss_mib"] = pss_mib(instance.pids())
        make_users(options.home, DOMAIN, USERS, PASSWORD)
        if (options.bench / "mailbench.py").exists():
            _measure(instance, options, figures)
        else:
            print(f"no mailbench.py in {options.bench}: start-up and memory are measured", file=sys.stderr)
    finally:
        if not options.keep:
            instance.down()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure an instance beside Postfix and Dovecot.")
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "mailplatform-bench")
    parser.add_argument("--port-base", type=int, default=free_port_base())
    parser.add_argument("--bench", type=Path, default=Path(os.environ.get("MAILBENCH", ROOT.parent / "shared" / "bench")))
    parser.add_argument("--only", default=",".join([*OWN, *WORKLOADS]), help="workloads, by comma")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of messages")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    parser.add_argument("--keep", action="store_true", help="leave the instance running")
    parser.add_argument("--skip-memory", action="store_true", help="do not wait for the idle memory")
    parser.add_argument("--alone", action="store_true", help="without Postfix and Dovecot")
    return parser.parse_args()


def _measure(instance: Instance, options: argparse.Namespace, figures: dict[str, dict[str, float | None]]) -> None:
    bench: Path = options.bench.resolve()
    peers = bench / "peers.sh"
    alone = options.alone or not peers.exists()
    with tempfile.TemporaryDirectory(prefix="mailbench") as folder:
        target = Path(folder) / "ours.toml"
        target.write_text(_target(instance, Path(folder)))
        if not alone:
            subprocess.run(["bash", str(peers), "start", PEER.removeprefix("dovecot-")], check=True, stdout=sys.stderr)
        try:
            for workload in options.only.split(","):
                if workload == "submission":
                    said = submission.measure(instance, bench, options.runs, domain=DOMAIN, password=PASSWORD, alone=alone)
                    _add(figures, said)
                    continue
                if workload == "idle_memory":
                    _add(figures, {"ours": idle.measure(instance, domain=DOMAIN, password=PASSWORD)})
                    continue
                out = Path(folder) / f"{workload}.json"
                versus = ["--vs", str(target), str(bench / "targets" / f"{PEER}.toml")] if not alone else [str(target)]
                arguments = ["--only", workload, "--runs", str(options.runs), "--scale", str(options.scale), "--json", str(out)]
                command = [sys.executable, str(bench / "mailbench.py"), *versus, *arguments, *WORKLOADS.get(workload, [])]
                subprocess.run(command, check=False, stdout=sys.stderr)
                _collect(out, figures)
        finally:
            if not alone:
                subprocess.run(["bash", str(peers), "stop"], check=False, stdout=sys.stderr)


def _target(instance: Instance, folder: Path) -> str:
    """The target file of our instance; its processes are named by pid files that we write."""
    smtp, imap, imaps = instance.address("smtp"), instance.address("imap"), instance.address("imap", ("implicit",))
    pidfiles = []
    for number, pid in enumerate(sorted(pid for pids in instance.endpoints()["pids"].values() for pid in pids)):
        path = folder / f"{number}.pid"
        path.write_text(str(pid))
        pidfiles.append(str(path))
    pop3 = instance.address("pop3")
    fields = {
        "name": "ours",
        "smtp": f"{smtp[0]}:{smtp[1]}",
        "imap": f"{imap[0]}:{imap[1]}",
        "imaps": f"{imaps[0]}:{imaps[1]}",
        "pop3": f"{pop3[0]}:{pop3[1]}",
        "rcpt": f"u{{n}}@{DOMAIN}",
        "user": f"u{{n}}@{DOMAIN}",
        "password": PASSWORD,
        "pidfiles": pidfiles,
        "data_dir": str(instance.home),
    }
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


def _collect(out: Path, figures: dict[str, dict[str, float | None]]) -> None:
    if not out.exists():
        return
    for name, result in json.loads(out.read_text())["results"].items():
        side = figures["ours" if name == "ours" else "peer"]
        for figure, measured in result["figures"].items():
            side[AS_OURS.get(figure, figure)] = measured["value"]
            if measured["value"] is None:
                print(f"{name}: {figure}: {measured.get('why')}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
