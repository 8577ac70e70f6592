"""What a session asks of the house, as values: the spine's functions are parameters, not imports.

The service binds them to mailflow; a test passes its own, and needs no database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailplatform.mailflow.transaction import Accepted, Recipient, Session, Transaction
from mailplatform.runtime.errors import TemporarilyUnavailable
from mailplatform.runtime.spool import Spooled
from mailplatform.standards.address import Path


@dataclass(frozen=True, slots=True)
class Refused:
    """Something a session refused, for the trace.

    stage: mail, rcpt, data, or session when it was ended for too many of something. passing: the peer may try again (4xx).
    """

    session: Session
    stage: str
    reply: str
    passing: bool
    trace_id: str = ""
    reverse_path: str = ""
    forward_paths: tuple[str, ...] = ()


def _unknown(_path: Path, _transaction: Transaction) -> Recipient | None:
    return None


def _unheard(_refused: Refused) -> None:
    return None


async def _nobody(_transaction: Transaction, _spooled: Spooled) -> Sequence[Accepted | Exception]:
    raise TemporarilyUnavailable(private="this role delivers to all recipients at once")


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Spine:
    """new_id: a fresh trace id for a transaction begun then. now: the clock.

    known: the answer to RCPT when it is at hand without waiting, else None; admit: the answer, or a MailError.
    deliver: takes responsibility for the message; what it returns is committed, what it raises is not.
    refused: told of every refusal; must not wait. deliver_each: the same as deliver with an outcome for each recipient, in their
    order; what is an Accepted is committed. For roles that reply so.
    """

    new_id: Callable[[datetime], str]
    admit: Callable[[Path, Transaction], Awaitable[Recipient]]
    deliver: Callable[[Transaction, Spooled], Awaitable[Accepted]]
    known: Callable[[Path, Transaction], Recipient | None] = _unknown
    refused: Callable[[Refused], None] = _unheard
    now: Callable[[], datetime] = _utc
    deliver_each: Callable[[Transaction, Spooled], Awaitable[Sequence[Accepted | Exception]]] = _nobody
