"""Submission, ours beside Postfix's: 5 KB over 10 connections, each of a user of its own, our limits as they are by default.

The load generator is mailbench's; recipients are mailboxes here, as most mail of a house is. Each run has other users, since
an hour's messages of one user are limited.
"""

from __future__ import annotations

import base64
import importlib
import statistics
import sys
from pathlib import Path

from benchmarks.instance import Instance

CONNECTIONS, EACH = 10, 100
PEER = ("127.0.0.1:10587", "u{n}", "u{n}@mdbox.test")  # as peers.sh makes it


def measure(
    instance: Instance, bench: Path, runs: int, *, domain: str, password: str, alone: bool = False
) -> dict[str, dict[str, float | None]]:
    """Medians of runs in turn, the first thrown away: {"ours": {figure: …}, "peer": …}."""
    if str(bench) not in sys.path:
        sys.path.insert(0, str(bench))
    host, port = instance.address("submission")
    sides = {"ours": (f"{host}:{port}", f"u{{n}}@{domain}", f"u{{n}}@{domain}")}
    if not alone:
        sides["peer"] = PEER
    found: dict[str, list[float]] = {side: [] for side in sides}
    for run in range(runs + 1):
        for side, (address, user, mailbox) in sides.items():
            rate = _run(address, user, mailbox, password, 1 + run * CONNECTIONS % 200)
            print(f"{side}: submission: {rate:.0f}/s", file=sys.stderr, flush=True)
            if run:
                found[side].append(rate)
    return {side: {"submit_5KB_10c_per_s": statistics.median(rates)} for side, rates in found.items() if rates}


def _run(address: str, user: str, mailbox: str, password: str, first: int) -> float:
    """Messages a second, of these users to others. AssertionError when one is refused."""
    mailbench, wire = importlib.import_module("mailbench"), importlib.import_module("wire")
    blast = wire.Blast(address)
    number = 0
    for connection in range(CONNECTIONS):
        name = user.format(n=first + connection)
        messages = []
        for _ in range(EACH):
            messages.append((mailbox.format(n=201 + number % 20), *mailbench.CORPUS.fixed(5_000, number)))
            number += 1
        _session(wire, blast, name, mailbox.format(n=first + connection), password, messages)
    records, wall, _ = blast.run()
    refused = sum(1 for kind in records.values() for _, _, ok in kind if not ok)
    assert not refused, f"{address} refused {refused} times"
    return number / float(wall)


def _session(wire, blast, login: str, author: str, password: str, messages: list[tuple[str, bytes, bytes]]) -> None:  # type: ignore[no-untyped-def]
    auth = base64.b64encode(f"\0{login}\0{password}".encode())
    blast.conn()
    blast.step(wire.W_SMTP, b"EHLO client.bench.test\r\n")
    blast.step(wire.W_SMTP, b"AUTH PLAIN " + auth + b"\r\n")
    blast.barrier()
    for recipient, head, body in messages:
        head = b"From: " + author.encode() + b"\r\n" + _without_author(head)
        envelope = [f"MAIL FROM:<{author}>\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode(), b"DATA\r\n"]
        blast.step(wire.W_SMTP, *envelope, label="envelope", arg=3)
        blast.step(wire.W_SMTP, head, body, b".\r\n", label="data")


def _without_author(head: bytes) -> bytes:
    """The header without its From, which would be somebody else's."""
    kept, dropping = [], False
    for line in head.splitlines(keepends=True):
        dropping = line.lower().startswith(b"from:") or (dropping and line[:1] in b" \t" and line.strip() != b"")
        if not dropping:
            kept.append(line)
    return b"".join(kept)
