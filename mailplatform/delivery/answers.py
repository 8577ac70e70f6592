"""Who was answered, and what is still to be answered: once per sender and period, however many copies come at once.

An answer is *recorded* in the arrival's transaction, while its account is locked: an insert that gives its row back to the one
arrival that may answer. It is *made* by another transaction, which carries the answer and takes the word back; so a crash in
between makes it later, and never twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from mailplatform.delivery.values import Answering, DueAnswer
from mailplatform.runtime.arrays import Int8s, columns
from mailplatform.runtime.database import cursor
from mailplatform.runtime.pipeline import Pipeline
from mailplatform.runtime.sqlfiles import load

_PACKAGE = "mailplatform.delivery"
_COLUMNS = (
    "accounts:int8 senders:text sender_keys:text untils:time addresses:text message_ids:text refs:text subjects:text "
    "languages:text insides:bool trace_ids:text"
)


def record(pipe: Pipeline, answering: Sequence[Answering], now: datetime) -> Callable[[], set[tuple[int, str, str]]]:
    """Record them, with their accounts locked. Inside ``pipelined``; called afterwards, the result names those that will be
    answered: account, sender's key, trace id. All others were answered lately."""
    once: dict[tuple[int, str], Answering] = {}
    for one in answering:
        once.setdefault((one.account_id, one.sender_key), one)
    rows = [
        (
            *(a.account_id, a.sender, a.sender_key, a.until, a.address, a.message_id, a.references, a.subject),
            *(a.language, a.inside, a.trace_id),
        )
        for a in once.values()
    ]
    made = pipe.execute(load(_PACKAGE, "answer_record"), columns(_COLUMNS, rows) | {"now": now})
    return lambda: {(account_id, key, trace_id) for account_id, key, trace_id in made.fetchall()}


def confirm(pipe: Pipeline, ids: Sequence[int]) -> Callable[[], set[int]]:
    """Lock those of these that are still to be made. Inside ``pipelined``; call it afterwards."""
    held = pipe.execute(load(_PACKAGE, "answer_confirm"), {"ids": Int8s(sorted(ids))})
    return lambda: {row[0] for row in held.fetchall()}


def done(pipe: Pipeline, ids: Sequence[int], now: datetime) -> None:
    """They are made by this transaction. Inside ``pipelined``."""
    pipe.execute(load(_PACKAGE, "answer_done"), {"ids": Int8s(sorted(ids)), "now": now})


def due(*, after: int = 0, limit: int = 100) -> list[DueAnswer]:
    """What is to be made, behind a number."""
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "answer_due"), {"after": after, "limit": limit})
        return [DueAnswer(*row) for row in opened.fetchall()]


def drop(ids: Sequence[int]) -> None:
    """Make them not at all."""
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "answer_drop"), {"ids": list(ids)})


def given(account_id: int, since: datetime, *, limit: int) -> int:
    """How many answers an account has given since then, counted up to a limit."""
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "answer_count"), {"account": account_id, "since": since, "limit": limit})
        return int(opened.fetchone()[0])


def forget(now: datetime, *, limit: int = 1000) -> int:
    """Forget whom an account may answer again; how many."""
    with cursor() as opened:
        opened.execute(load(_PACKAGE, "answer_forget"), {"now": now, "limit": limit})
        return int(opened.rowcount)
