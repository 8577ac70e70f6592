"""The exposition, read by Prometheus's own parser."""

from __future__ import annotations

import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from mailplatform.runtime import metrics


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No families but those of the test."""
    monkeypatch.setattr(metrics, "_families", {})


def families(text: str) -> dict[str, dict[tuple[str, frozenset[tuple[str, str]]], float]]:
    return {
        family.name: {(sample.name, frozenset(sample.labels.items())): sample.value for sample in family.samples}
        for family in parsed(text)
    }


def labels(**given: str) -> frozenset[tuple[str, str]]:
    return frozenset(given.items())


def test_a_counter_with_awkward_labels() -> None:
    counter = metrics.Counter("odd_total", 'Says "so",\nand \\ more.', "word")
    counter.add(2, 'a"b\\c\nd')
    counter.add(0.5, "plain")
    read = families(metrics.render({"role": "smtp"}))["mailplatform_odd"]
    assert read == {
        ("mailplatform_odd_total", labels(role="smtp", word='a"b\\c\nd')): 2,
        ("mailplatform_odd_total", labels(role="smtp", word="plain")): 0.5,
    }


def test_a_counter_without_labels_begins_at_zero() -> None:
    metrics.Counter("none_total", "Nothing yet.")
    assert families(metrics.render({}))["mailplatform_none"] == {("mailplatform_none_total", labels()): 0}


def test_a_histogram_counts_what_is_at_most_so_large() -> None:
    histogram = metrics.Histogram("took_seconds", "Time.", "lane", bounds=(0.1, 1))
    for measure in (0.1, 0.05, 0.5, 7):
        histogram.observe(measure, "quick")
    read = families(metrics.render({}))["mailplatform_took_seconds"]
    for bound, count in (("0.1", 2), ("1", 3), ("+Inf", 4)):
        assert read["mailplatform_took_seconds_bucket", labels(lane="quick", le=bound)] == count
    assert read["mailplatform_took_seconds_count", labels(lane="quick")] == 4
    assert read["mailplatform_took_seconds_sum", labels(lane="quick")] == pytest.approx(7.65)


def test_a_gauge_that_fails_spoils_no_other() -> None:
    metrics.Gauge("bad", "Fails.", lambda: 1 / 0)
    metrics.Gauge("good", "Works.", lambda: {("a",): 1.5}, "what")
    assert set(families(metrics.render({}))) == {"mailplatform_good"}


def test_expositions_are_merged_by_family() -> None:
    counter = metrics.Counter("mail_total", "Mail.")
    metrics.Gauge("open", "Open.", lambda: 3)
    counter.add(1)
    ones = metrics.render({"process": "0"})
    counter.add(1)
    both = metrics.merged([ones, metrics.render({"process": "1"})])
    read = families(both)
    assert read["mailplatform_mail"] == {
        ("mailplatform_mail_total", labels(process="0")): 1,
        ("mailplatform_mail_total", labels(process="1")): 2,
    }
    assert both.count("# TYPE mailplatform_mail_total counter") == 1
    assert len(read["mailplatform_open"]) == 2


def test_threads_lose_no_addition() -> None:
    counter = metrics.Counter("busy_total", "Much.")
    threads = [threading.Thread(target=lambda: [counter.add() for _ in range(5_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value() == 20_000
