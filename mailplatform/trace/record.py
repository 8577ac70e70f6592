"""Writing the trace: set-shaped, in the caller's transaction, and never in mail's way.

`insert` writes the rows of a whole batch in two statements and belongs to the transaction that does what the rows tell,
so trace and truth commit together. When a partition is missing Postgres refuses the batch; the caller asks
`is_missing_partition(error)` and runs its batch again with `spill=True`, which needs no partition.

`later` is for what has no transaction of its own (refused sessions, floods): a bounded queue emptied by a thread of its
own. What does not fit is counted and told in one event; a full queue or a lost database delays nobody.
"""

import json
import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import Error as DatabaseError

from mailplatform.runtime import clock, sqlfiles
from mailplatform.runtime.arrays import columns
from mailplatform.trace.events import Code, Direction, Retention, VerdictCode

log = logging.getLogger(__name__)

BATCH = 500
CHECK_VIOLATION = "23514"
_encode = json.JSONEncoder(separators=(",", ":"), default=str, ensure_ascii=False).encode

_MESSAGES = sqlfiles.load("mailplatform.trace", "insert_messages")
_EVENTS = sqlfiles.load("mailplatform.trace", "insert_events")
_MESSAGE_COLUMNS = (
    "trace_ids:text ats:time retentions:int2 organisation_ids:int8 account_ids:int8 directions:text verdicts:text reasons:text "
    "reverse_paths:text forward_paths:text message_ids:text subjects:text clients:text helos:text sizes:int8"
)
_EVENT_COLUMNS = "trace_ids:text ats:time retentions:int2 codes:text params:text"
_SPILL = sqlfiles.load("mailplatform.trace", "insert_spill")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One recipient of one transaction. `at` None means now; sizes in octets; `client` is the peer's IP address."""

    trace_id: str
    direction: Direction
    reverse_path: str
    forward_path: str
    verdict: VerdictCode = VerdictCode.ACCEPTED
    reason: str = ""
    at: datetime | None = None
    organisation_id: int | None = None
    account_id: int | None = None
    message_id: str = ""
    subject: str = ""
    client: str = ""
    helo: str = ""
    size: int = 0
    retention: Retention = Retention.NORMAL


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened to the message of `trace_id`. `at` None means now."""

    trace_id: str
    code: Code
    params: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    retention: Retention = Retention.NORMAL


def insert(cursor: Any, messages: Sequence[MessageRow], events: Sequence[EventRow], *, spill: bool = False) -> None:
    """Write the rows on `cursor` (Django's or psycopg's), inside the caller's transaction.

    Raises the driver's error when a partition is missing (see is_missing_partition); with `spill` rows go to the flat table.
    """
    now = clock.now()
    if spill:
        _insert_spill(cursor, messages, events, now)
        return
    if messages:
        rows = [
            (
                *(m.trace_id, m.at or now, int(m.retention), m.organisation_id, m.account_id, str(m.direction), str(m.verdict)),
                *(m.reason, _text(m.reverse_path), _text(m.forward_path), _text(m.message_id), _text(m.subject), m.client),
                *(_text(m.helo), m.size),
            )
            for m in messages
        ]
        _execute(cursor, _MESSAGES, columns(_MESSAGE_COLUMNS, rows))
    if events:
        told = [(e.trace_id, e.at or now, int(e.retention), str(e.code), _json(e.params)) for e in events]
        _execute(cursor, _EVENTS, columns(_EVENT_COLUMNS, told))


def is_missing_partition(error: BaseException | None) -> bool:
    """Whether a failed batch failed because a trace partition is missing (and should be run again with spill=True)."""
    while error is not None:
        if isinstance(error, psycopg.Error) and error.sqlstate == CHECK_VIOLATION:
            # A routed row without a home names the parent table and no constraint.
            return error.diag.constraint_name is None and (error.diag.table_name or "").startswith("trace_")
        error = error.__cause__
    return False


def write(*rows: MessageRow | EventRow) -> None:
    """Write rows in the current transaction of Django's connection; a missing partition spills instead of failing."""
    messages = [row for row in rows if isinstance(row, MessageRow)]
    events = [row for row in rows if isinstance(row, EventRow)]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            insert(cursor, messages, events)
    except DatabaseError as error:
        if not is_missing_partition(error):
            raise
        with transaction.atomic(), connection.cursor() as cursor:
            insert(cursor, messages, events, spill=True)


def later(*rows: MessageRow | EventRow) -> None:
    """Write rows behind the caller's back, soon; sheds (and counts) when too many wait. Never blocks, never raises."""
    _behind.put(rows)


def flush(timeout: float = 5.0) -> bool:
    """Wait until all rows given to `later` are written; False when `timeout` seconds were not enough."""
    return _behind.flush(timeout)


class Behind:
    """The bounded queue behind `later`, and the thread that empties it (started at the first row, so after any fork)."""

    def __init__(self, limit: int) -> None:
        self.shed = 0
        self._limit = limit
        self._rows: deque[MessageRow | EventRow] = deque()
        self._changed = threading.Condition()
        self._writing = False
        self._thread: threading.Thread | None = None

    def put(self, rows: Sequence[MessageRow | EventRow]) -> None:
        with self._changed:
            if len(self._rows) + len(rows) > self._limit:
                self.shed += len(rows)
                return
            self._rows.extend(rows)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="trace-behind", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._rows and not self._writing, timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._rows))
                batch = [self._rows.popleft() for _ in range(min(BATCH, len(self._rows)))]
                shed, self.shed = self.shed, 0
                self._writing = True
            if shed:
                batch.append(EventRow(batch[0].trace_id, Code.SHED, {"count": shed}))
            try:
                write(*batch)
            except Exception as error:
                # A lost database loses these rows, not the thread: refusals are told in the log as well.
                log.warning("trace: %d rows not written: %s", len(batch), type(error).__name__)
                connection.close()
            finally:
                with self._changed:
                    self._writing = False
                    self._changed.notify_all()


_behind = Behind(settings.SITE.trace.queue)


def _insert_spill(cursor: Any, messages: Sequence[MessageRow], events: Sequence[EventRow], now: datetime) -> None:
    rows = [("message", m) for m in messages] + [("event", e) for e in events]
    if rows:
        told = [
            (row.trace_id, row.at or now, kind, _json(asdict(row) | {"at": (row.at or now).isoformat()})) for kind, row in rows
        ]
        _execute(cursor, _SPILL, columns("trace_ids:text ats:time kinds:text rows:text", told))


def _execute(cursor: Any, sql: str, params: dict[str, Any]) -> None:
    if isinstance(cursor, psycopg.Cursor):
        cursor.execute(sql, params, prepare=True)
    else:
        cursor.execute(sql, params)


def _json(value: Any) -> str:
    # Not ASCII: an escaped lone surrogate would be refused by jsonb; _text replaces a raw one.
    return _text(_encode(value).replace("\\u0000", "\\ufffd"))


def _text(value: str) -> str:
    """What Postgres can hold: no NUL, and no lone surrogates (raw 8-bit header bytes decoded with surrogateescape)."""
    if "\x00" in value:
        value = value.replace("\x00", "�")
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")
