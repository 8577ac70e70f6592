"""The benchmark's table says plainly what was missed."""

from benchmarks.table import BEGIN, END, placed, table


def test_ratios_and_promises() -> None:
    ours = {"smtp_5KB_1c_per_s": 400.0, "smtp_5KB_10c_per_s": 700.0, "idle_notify_p50_ms": 12.5, "select_100k_warm_ms": 31.0}
    peer = {"smtp_5KB_1c_per_s": 650.0, "smtp_5KB_10c_per_s": 800.0, "idle_notify_p50_ms": 505.0}
    assert table(ours, peer).splitlines()[2:] == [
        "| SMTP accept, 5 KB, 1 connection | 400/s | 650/s | 0.62× | ≥ 0.5× |",
        "| SMTP accept, 5 KB, 10 connections | 700/s | 800/s | 0.88× | ≥ 1× (missed) |",
        "| IDLE notification, p50 | 12.5 ms | 505 ms | 40.40× | < 50 ms |",
        "| SELECT of 100,000, warm | 31.0 ms |  |  | < 20 ms (missed) |",
    ]


def test_the_table_goes_between_its_marks() -> None:
    assert placed(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\nnew\n{END}\nb"
