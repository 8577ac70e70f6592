"""Arrays in binary form, and statements in one round trip."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from mailplatform.runtime import arrays
from mailplatform.runtime.arrays import TYPES, Int8s, Texts, columns
from mailplatform.runtime.pipeline import pipelined

SAMPLES = {
    "int2": ("smallint", [0, -32768, 32767]),
    "int4": ("integer", [0, -(2**31), 2**31 - 1]),
    "int8": ("bigint", [None, 0, -(2**63), 2**63 - 1]),
    "bool": ("boolean", [True, False]),
    "text": ("text", [None, "", "è 漢 🙂", 'quo"te{},\\', "NULL"]),
    "bytea": ("bytea", [None, b"", bytes(range(256))]),
    "time": ("timestamptz", [None, datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC)]),
    "uuid": ("uuid", [uuid4(), uuid4()]),
}


def test_every_type_has_a_sample() -> None:
    assert SAMPLES.keys() == TYPES.keys()


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("number", [0, 1, 2, 100])
def test_arrays_come_back_as_they_went(rollback, kind, number) -> None:
    name, values = SAMPLES[kind]
    sent = (values * 100)[:number]
    with pipelined() as pipe:
        result = pipe.execute(f"SELECT v FROM unnest(%(values)s::{name}[]) AS v", {"values": TYPES[kind](sent)})
    assert [row[0] for row in result.fetchall()] == sent


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))))
def test_any_text_is_written_as_psycopg_would(values) -> None:
    theirs = psycopg.types.array.ListBinaryDumper(list)
    written = arrays.dumped(Texts(values))
    assert written is not None
    if values:
        assert bytes(theirs.upgrade(values, psycopg.adapt.PyFormat.BINARY).dump(values)) == written


def test_columns_of_no_rows_are_empty_arrays() -> None:
    assert columns("a:int8 b:text", []) == {"a": Int8s(), "b": Texts()}


def test_scalars_and_repeated_names(rollback) -> None:
    at, unit = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), uuid4()
    params = {"at": at, "unit": unit, "yes": True, "none": None, "number": 7, "word": "è"}
    with pipelined() as pipe:
        result = pipe.execute(
            "SELECT %(at)s::timestamptz, %(unit)s::uuid, %(yes)s::boolean, %(none)s::text, %(number)s::bigint, %(word)s::text, "
            "%(number)s::bigint + 1",
            params,
        )
    assert result.fetchall() == [(at, unit, True, None, 7, "è", 8)]


def test_statements_run_in_order_and_see_each_other(rollback) -> None:
    with pipelined() as pipe:
        pipe.execute("CREATE TEMPORARY TABLE ordered (n int) ON COMMIT DROP")
        pipe.execute("INSERT INTO ordered SELECT unnest(%(n)s::int[])", {"n": arrays.Int4s([1, 2, 3])})
        counted = pipe.execute("SELECT count(*) FROM ordered")
    assert counted.fetchall() == [(3,)]


def test_the_first_error_is_told_and_the_connection_serves_on(rollback) -> None:
    with pytest.raises(DatabaseError, match="division"), transaction.atomic(), pipelined() as pipe:
        pipe.execute("SELECT 1")
        pipe.execute("SELECT 1 / 0")
        pipe.execute("SELECT no_such_column")
    with pipelined() as pipe:
        result = pipe.execute("SELECT 2")
    assert result.fetchall() == [(2,)]


def test_errors_are_djangos(rollback) -> None:
    statement = "INSERT INTO directory_epoch (id, value) VALUES (%(id)s::int, 1)"
    for _ in range(2):  # the second time it is prepared already
        with pytest.raises(IntegrityError), transaction.atomic(), pipelined() as pipe:
            pipe.execute(statement, {"id": 1})


def test_a_python_error_in_between_leaves_no_pipeline_behind(rollback) -> None:
    with pytest.raises(TypeError, match="takes no list"), pipelined() as pipe:
        pipe.execute("SELECT %(plain)s::int[]", {"plain": [1]})
    with pipelined() as pipe:
        result = pipe.execute("SELECT 3")
    assert result.fetchall() == [(3,)]


def test_it_is_part_of_djangos_transaction(real) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        with pipelined() as pipe:
            pipe.execute("UPDATE directory_epoch SET value = 99")
        raise RuntimeError
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM directory_epoch")
        assert cursor.fetchone() == (1,)
    with pipelined() as pipe:  # and without one each pipeline commits by itself
        pipe.execute("UPDATE directory_epoch SET value = 5")
    with psycopg.connect(real.dsn) as other:
        assert other.execute("SELECT value FROM directory_epoch").fetchone() == (5,)


def test_statements_that_psycopg_deallocated_are_prepared_anew(real) -> None:
    def once() -> list:
        with transaction.atomic(), pipelined() as pipe:
            result = pipe.execute("SELECT 41 + 1")
        return result.fetchall()

    assert once() == [(42,)]
    connection.connection.execute("DEALLOCATE ALL")
    with pytest.raises(DatabaseError, match="does not exist"):
        once()
    assert once() == [(42,)]


def test_a_lost_connection_is_an_operational_error(real) -> None:
    with pipelined() as pipe:
        result = pipe.execute("SELECT pg_backend_pid()")
    ((pid,),) = result.fetchall()
    with psycopg.connect(real.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(OperationalError), pipelined() as pipe:
        pipe.execute("SELECT 1")
    connection.close()
    with pipelined() as pipe:
        result = pipe.execute("SELECT 4")
    assert result.fetchall() == [(4,)]


def test_large_parameters_and_results_flow_both_ways(rollback) -> None:
    """More than the socket's buffers hold, in both directions at once."""
    piece = b"x" * (4 << 20)
    with pipelined() as pipe:
        results = [pipe.execute("SELECT %(piece)s::bytea", {"piece": piece}) for _ in range(4)]
    assert all(result.fetchall() == [(piece,)] for result in results)


def test_times_before_and_after_the_epoch(rollback) -> None:
    times = [datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in (-1, 0, 1)]
    with pipelined() as pipe:
        result = pipe.execute("SELECT v FROM unnest(%(values)s::timestamptz[]) AS v", {"values": arrays.Times(times)})
    assert [row[0] for row in result.fetchall()] == times
