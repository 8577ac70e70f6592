"""The months of the trace: made a year ahead, dropped when their retention has passed.

`ensure` runs at every start and weekly; the migration makes the first year. Both end in one SECURITY DEFINER function of
the database, so a service's own role needs no right to make tables. DDL waits at most 200 ms for a lock and tries again,
so it never stands between mail and its tables. What found no partition meanwhile lies in trace_spill and is moved in here.

Known gap: a month is dropped as a whole, so a row may live up to a month longer than its class says.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction
from django.db.utils import OperationalError

from mailplatform.runtime import clock

log = logging.getLogger(__name__)

MONTHS_AHEAD = 12
TRIES = 20
LOCK_NOT_AVAILABLE = "55P03"

# One statement, so that a row is in exactly one of the two places.
_MOVE_MESSAGES = """
WITH moved AS (DELETE FROM trace_spill WHERE kind = 'message' AND at < %(until)s RETURNING at, "row")
INSERT INTO trace_message SELECT r.* FROM moved, jsonb_populate_record(NULL::trace_message, moved."row") AS r
"""
_MOVE_EVENTS = """
WITH moved AS (DELETE FROM trace_spill WHERE kind = 'event' AND at < %(until)s RETURNING at, "row")
INSERT INTO trace_event SELECT r.* FROM moved, jsonb_populate_record(NULL::trace_event, moved."row") AS r
"""


def ensure(months: int = MONTHS_AHEAD, *, now: Callable[[], datetime] = clock.now) -> int:
    """Make the partitions that are missing up to `months` ahead, and move spilt rows in; answers how many were made."""
    made = _patiently("SELECT trace_make_partitions(%s, %s)", [now(), months])
    _drain(now())
    return made


def drop_expired(*, now: Callable[[], datetime] = clock.now) -> int:
    """Drop the months whose retention has passed; answers how many."""
    return _patiently("SELECT trace_drop_partitions(%s)", [now()])


def tick() -> dict[str, int]:
    """The weekly task."""
    return {"made": ensure(), "dropped": drop_expired()}


def _drain(until: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM trace_spill)")
        if not cursor.fetchone()[0]:
            return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_MOVE_MESSAGES, {"until": until})
            cursor.execute(_MOVE_EVENTS, {"until": until})
    except Exception as error:
        # Rows older than any partition stay in the spill, where search finds them too.
        log.warning("trace: spilt rows stay where they are: %s", error)


def _patiently(sql: str, params: list[datetime | int]) -> int:
    for attempt in range(TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql, params)
                return int(cursor.fetchone()[0])
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE or attempt == TRIES - 1:
                raise
            time.sleep(0.1)
    raise AssertionError("unreachable")
