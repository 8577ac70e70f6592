"""The speed table of the README: what was asked for, what was measured, and the ratio. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a figure, whether more is better, and what we promise of it."""

    figure: str
    words: str
    more_is_better: bool = True
    ratio: float | None = None  # at least so many times the peer
    most: float | None = None  # at most so much
    unit: str = "/s"


ROWS = (
    Row("smtp_5KB_1c_per_s", "SMTP accept, 5 KB, 1 connection", ratio=0.5),
    Row("smtp_5KB_10c_per_s", "SMTP accept, 5 KB, 10 connections", ratio=1.0),
    Row("smtp_5KB_50c_per_s", "SMTP accept, 5 KB, 50 connections", ratio=1.0),
    Row("smtp_100KB_50c_per_s", "SMTP accept, 100 KB, 50 connections"),
    Row("smtp_5KB_10c_visible_per_s", "accepted and visible in IMAP, 10 connections", ratio=2.0),
    Row("smtp_5KB_50c_visible_per_s", "accepted and visible in IMAP, 50 connections", ratio=2.0),
    Row("idle_notify_p50_ms", "IDLE notification, p50", more_is_better=False, most=50, unit=" ms"),
    Row("append_5KB_10c_per_s", "APPEND, 5 KB, 10 connections", ratio=0.5),
    Row("submit_5KB_10c_per_s", "submission, 5 KB, 10 connections", ratio=1.0),
    Row("pop3_retr_per_s", "POP3 RETR, one after another", ratio=0.7),
    Row("pop3_uidl_1000_ms", "POP3 UIDL of 1,000", more_is_better=False, most=5, unit=" ms"),
    Row("login_10c_per_s", "sign-ins of people who come again, 10 connections", ratio=1.0),
    Row("login_tls_8c_per_s", "the same under TLS, 8 connections"),
    Row("outbound_one_per_s", "a queue of 5 KB messages to one destination", ratio=0.8),
    Row("outbound_many_per_s", "the same to 1,000 destinations"),
    Row("fairness_extra_s", "a third of 1,000 destinations sick: the healthy later by (median)", more_is_better=False, unit=" s"),
    Row("queue_small_pss_mib", "the outbound process, 1,000 items queued", more_is_better=False, unit=" MiB"),
    Row("queue_large_pss_mib", "the outbound process, 50,000 items queued", more_is_better=False, unit=" MiB"),
    Row("select_100k_warm_ms", "SELECT of 100,000, warm", more_is_better=False, most=20, unit=" ms"),
    Row("web_slowest_page_p95_ms", "slowest page of webadmin, p95", more_is_better=False, most=200, unit=" ms"),
    Row("idle_tls_kib", "an IMAP connection under TLS, idle", more_is_better=False, most=60, unit=" KiB"),
    Row("idle_pss_mib", "all processes, idle", more_is_better=False, most=500, unit=" MiB"),
    Row("up_s", "from `up` to all doors answering", more_is_better=False, unit=" s"),
)


def table(ours: Mapping[str, float | None], peer: Mapping[str, float | None]) -> str:
    """Markdown; figures that were not measured are left out, a promise that is not kept is marked."""
    lines = ["| figure | here | Postfix + Dovecot | ratio | promised |", "|---|---:|---:|---:|---|"]
    for row in ROWS:
        mine = ours.get(row.figure)
        if mine is not None:
            lines.append(_line(row, mine, peer.get(row.figure)))
    return "\n".join(lines)


BEGIN, END = "<!-- speed table: begin -->", "<!-- speed table: end -->"


def placed(document: str, lines: str) -> str:
    """The document with these lines between its two marks. Raises ValueError when it has none."""
    before, after = document.index(BEGIN) + len(BEGIN), document.index(END)
    return f"{document[:before]}\n{lines}\n{document[after:]}"


def _line(row: Row, mine: float, other: float | None) -> str:
    ratio = None
    if other and mine:
        ratio = mine / other if row.more_is_better else other / mine
    promised, kept = "", True
    if row.ratio is not None:
        promised = f"≥ {row.ratio:g}×"
        kept = ratio is None or ratio >= row.ratio
    if row.most is not None:
        promised = f"< {row.most:g}{row.unit}"
        kept = mine < row.most
    cells = [
        row.words,
        _number(mine) + row.unit,
        _number(other) + row.unit if other is not None else "",
        f"{ratio:.2f}×" if ratio is not None else "",
        promised + ("" if kept else " (missed)"),
    ]
    return "| " + " | ".join(cells) + " |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
