"""Uploads by clients and imports: one message, or several that come or fail together, into a folder they name.

IMAP APPEND (RFC 9051 §6.3.12), MULTIAPPEND (RFC 3502), later JMAP Email/import. The bytes are kept as they came: nothing is
written above them. Unlike mail, an upload whose folder is gone fails, and so does one that the quota has no room for.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.runtime.spool import Spooled
from mailplatform.store import append
from mailplatform.store.values import Actor, FolderState, Placement, SentCopy, SpecialUse
from mailplatform.trace import ids
from mailplatform.trace.events import Code, Direction
from mailplatform.trace.record import MessageRow

_PATIENCE = 5.0  # seconds: a client waits for its answer, and has nobody else to try
_chance = random.SystemRandom()


def appended(
    folder: FolderState,
    content: bytes | Spooled,
    *,
    flags: int = 0,
    keywords: Sequence[str] = (),
    internal_date: datetime | None = None,
    actor: Actor,
) -> Unit:
    """The unit of one APPEND. Raises StorageFull, TemporarilyUnavailable for large messages that cannot be written."""
    data = content if isinstance(content, bytes) else content.read()
    return of_placements(
        [placement(folder, data, flags=flags, keywords=keywords, internal_date=internal_date)],
        actor=actor,
        direction=Direction.APPENDED,
    )


def placement(
    folder: FolderState,
    data: bytes,
    *,
    flags: int = 0,
    keywords: Sequence[str] = (),
    internal_date: datetime | None = None,
    check_quota: bool = True,
) -> Placement:
    """One message for one folder, prepared. In Sent it takes the place of the copy that submission made."""
    return Placement(
        account_id=folder.account_id,
        message=append.prepare_message(data),
        folder_id=folder.id,
        flags=flags,
        keywords=tuple(keywords),
        internal_date=internal_date,
        strict=True,
        check_quota=check_quota,
        sent=SentCopy.CLIENT if folder.special_use is SpecialUse.SENT and check_quota else None,
    )


def of_placements(
    placements: Sequence[Placement], *, actor: Actor, direction: Direction, unit_id: UUID | None = None, source: str = ""
) -> Unit:
    """One unit of prepared uploads: all or none. unit_id: given by imports that may be resumed, so that none doubles.

    direction: APPENDED or IMPORTED; source: where an import reads from, for the trace.
    """
    now = clock.now()
    trace_id = ids.make(now, _chance.getrandbits)
    messages = tuple(
        MessageRow(
            trace_id=trace_id,
            direction=direction,
            reverse_path="",
            forward_path=actor.name,
            account_id=one.account_id,
            message_id=one.message.message_id,
            subject=one.message.subject,
            client=actor.client,
            size=one.message.blob.size,
        )
        for one in placements
    )
    return Unit(
        unit_id=unit_id or uuid4(),
        trace_id=trace_id,
        placements=tuple(placements),
        messages=messages,
        told=Code.IMPORTED if direction is Direction.IMPORTED else Code.APPENDED,
        client=source or actor.client,
        patience=_PATIENCE,
    )
