"""Figures of the whole house: what waits in the queue, and how far the search index is behind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailplatform.mailflow import arrivals, measures
from mailplatform.runtime import clock, metrics
from mailplatform.transport import lease
from mailplatform.transport.backlog import backlog
from mailplatform.transport.values import LOCAL
from tests.support.house import a_house, a_unit


def test_the_queue_by_state_and_its_oldest(rollback: object) -> None:
    number = len(arrivals.put(a_unit(a_house(17))).result(5).queued)
    lease.claim(LOCAL, limit=5, seconds=60, now=clock.now())
    later = backlog(clock.now() + timedelta(seconds=100))
    assert later.items == {(LOCAL, "ready"): number - 5, (LOCAL, "leased"): 5}
    assert 100 <= later.due[LOCAL,] < 200
    assert measures.measure().queue == later.items


def test_the_database_is_asked_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_families", {})
    asked, moment = [], [0.0]

    def ask() -> measures.House:
        asked.append(1)
        return measures.House({("smtp", "ready"): 2.0}, {("smtp",): 7.5}, len(asked))

    measures.declare(ask, monotonic=lambda: moment[0])
    text = metrics.render({})
    assert 'mailplatform_queue_items{transport="smtp",state="ready"} 2' in text
    assert 'mailplatform_queue_oldest_due_seconds{transport="smtp"} 7.5' in text
    assert "mailplatform_index_accounts_behind 1" in text and len(asked) == 1
    moment[0] += measures.REMEMBERED + 1
    assert "mailplatform_index_accounts_behind 2" in metrics.render({}) and len(asked) == 2
