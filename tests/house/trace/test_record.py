"""Writing the trace: any text goes in, a missing partition costs nothing, a flood is counted."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from mailplatform.runtime import clock
from mailplatform.trace import partitions, record
from mailplatform.trace.events import Code, Direction, Retention
from mailplatform.trace.models import TraceEvent, TraceMessage, TraceSpill

T1 = "1m86nm2acex15r1ez12v"
FAR = datetime(2040, 5, 5, tzinfo=UTC)


def a_row(**fields) -> record.MessageRow:
    return record.MessageRow(
        **{"trace_id": T1, "direction": Direction.INBOUND, "reverse_path": "a@b.example", "forward_path": "u1@a.test"} | fields
    )


def test_rows_of_a_batch_stand_in_their_tables(rollback) -> None:
    messages = [a_row(forward_path=f"u{n}@a.test", size=n, account_id=n) for n in range(50)]
    events = [record.EventRow(T1, Code.PLACED, {"folder": "INBOX", "uid": n}) for n in range(50)]
    with connection.cursor() as cursor:
        record.insert(cursor, messages, events)
    assert TraceMessage.objects.filter(trace_id=T1, direction="inbound").count() == 50
    assert {params["uid"] for params in TraceEvent.objects.filter(trace_id=T1).values_list("params", flat=True)} == set(range(50))


@pytest.mark.parametrize("retention", Retention)
def test_every_retention_class_has_its_partition_a_year_ahead(rollback, retention: Retention) -> None:
    for at in (clock.now(), clock.now() + timedelta(days=364)):
        record.write(a_row(at=at, retention=retention), record.EventRow(T1, Code.PLACED, at=at, retention=retention))
    assert TraceMessage.objects.filter(retention=retention).count() == 2
    assert TraceSpill.objects.count() == 0


@pytest.mark.parametrize("text", ["nul \x00 inside", "lone \udc80 surrogate", "Prüfung 試験", "\\u0000"])
def test_any_text_can_be_told(rollback, text: str) -> None:
    record.write(a_row(subject=text), record.EventRow(T1, Code.REFUSED, {"reply": text}))
    assert TraceMessage.objects.get(trace_id=T1).subject
    assert TraceEvent.objects.get(trace_id=T1).params["reply"]


def test_a_missing_partition_is_told_apart_and_spilt(rollback) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        record.insert(cursor, [a_row(at=FAR)], [])
    assert record.is_missing_partition(caught.value)
    with connection.cursor() as cursor:
        record.insert(cursor, [a_row(at=FAR)], [record.EventRow(T1, Code.PLACED, at=FAR)], spill=True)
    assert sorted(TraceSpill.objects.values_list("kind", flat=True)) == ["event", "message"]


def test_other_failures_are_no_missing_partition(rollback) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO trace_spill (trace_id, at, kind, \"row\") VALUES ('', now(), 'nothing', '{}')")
    assert not record.is_missing_partition(caught.value)


def test_spilt_rows_move_in_when_their_month_is_made(rollback) -> None:
    record.write(a_row(at=FAR, subject="late"), record.EventRow(T1, Code.PLACED, {"uid": 4}, at=FAR))
    assert TraceSpill.objects.count() == 2
    assert partitions.ensure(now=lambda: FAR + timedelta(days=1)) > 0
    assert TraceSpill.objects.count() == 0
    assert TraceMessage.objects.get(trace_id=T1).subject == "late"
    assert TraceEvent.objects.get(trace_id=T1).params == {"uid": 4}


def test_partitions_are_made_once_and_dropped_when_their_retention_has_passed(rollback) -> None:
    assert partitions.ensure() == 0
    now = clock.now()
    assert partitions.drop_expired(now=lambda: now) == 0
    # After 100 days: months of class 21 are over, none of class 365 is.
    assert partitions.drop_expired(now=lambda: now + timedelta(days=100)) >= 4
    record.write(a_row(retention=Retention.LONG))
    assert TraceMessage.objects.count() == 1


def test_written_behind(real) -> None:
    record.later(record.EventRow(T1, Code.SESSION_REFUSED, {"client": "192.0.2.1"}))
    assert record.flush()
    with psycopg.connect(real.dsn) as plain:
        assert plain.execute("SELECT code, params->>'client' FROM trace_event").fetchall() == [("session.refused", "192.0.2.1")]


def test_a_flood_is_shed_and_counted(real) -> None:
    queue = record.Behind(limit=10)
    with queue._changed:  # the writer waits while the flood arrives
        queue.put([record.EventRow(T1, Code.SESSION_REFUSED)] * 10)
        queue.put([record.EventRow(T1, Code.SESSION_REFUSED)] * 7)
    assert queue.flush(10)
    codes = list(TraceEvent.objects.values_list("code", flat=True))
    assert codes.count("session.refused") == 10
    assert TraceEvent.objects.get(code="shed").params == {"count": 7}
