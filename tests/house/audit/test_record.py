"""Audit rows: written with the change, read newest first."""

from datetime import timedelta

import pytest
from django.db import transaction

from mailplatform.audit.record import Entry, Subject, record, record_many
from mailplatform.audit.search import search
from mailplatform.directory.values import CLI, Actor
from mailplatform.runtime import clock

pytestmark = pytest.mark.usefixtures("rollback")
ANNA = Actor(3, "anna@a.test")


def test_a_row_keeps_values():
    record("domain.added", Subject("domain", 5, "a.test", 1), actor=ANNA, quota_bytes=None)
    (row,) = search()
    assert (row.code, row.actor_id, row.actor_name) == ("domain.added", 3, "anna@a.test")
    assert (row.subject_kind, row.subject_id, row.subject_name, row.params) == ("domain", 5, "a.test", {"quota_bytes": None})
    assert abs(row.at - clock.now()) < timedelta(minutes=5)


def test_no_row_without_its_change():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("domain.added", Subject("domain", 5, "a.test", 1), actor=CLI)
        raise ZeroDivisionError
    assert search() == []


def test_search_by_everything_and_by_page():
    record_many([Entry("alias.added", Subject("alias", n, f"x{n}@a.test", 1)) for n in range(5)], actor=CLI)
    record("domain.added", Subject("domain", 5, "b.test", 2), actor=ANNA)
    assert [row.code for row in search(organisation_id=2)] == ["domain.added"]
    assert [row.subject_id for row in search(subject_kind="alias")] == [4, 3, 2, 1, 0]
    assert [row.actor_name for row in search(actor_id=3)] == ["anna@a.test"]
    assert [row.subject_id for row in search(subject_kind="alias", subject_id=2)] == [2]
    page = search(limit=3)
    assert [row.subject_id for row in search(below_id=page[-1].id)] == [2, 1, 0]
    assert search(since=clock.now() + timedelta(days=1)) == []
