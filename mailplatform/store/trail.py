"""What changes of entries tell the trace: one event for each message while they are few, one for all of a bulk change.

A message that came by SMTP carries its trace id in the Received field we put before it (RFC 5321 §4.4), so that its copies
and its end stand in its own life; a bulk change, and a message without one, gets an id of its own.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mailplatform.runtime import clock
from mailplatform.store.models import Message
from mailplatform.store.values import Actor
from mailplatform.trace import ids, record
from mailplatform.trace.events import Code

FEW = 16
_ID = re.compile(rb"\bid ([0-9a-hjkmnp-tv-z]{%d})\b" % ids.LENGTH)


def tell(
    code: Code, message_ids: Sequence[int], params: Mapping[str, Any], each: Sequence[Mapping[str, Any]], actor: Actor
) -> None:
    """Write the events of one transaction in it. each: what is particular to each message, in the order of message_ids."""
    if not message_ids:
        return
    common = dict(params) | {"by": actor.name}
    if len(message_ids) > FEW:
        record.write(record.EventRow(_fresh(), code, common | {"count": len(message_ids)}))
        return
    known = _trace_ids(message_ids)
    record.write(
        *(
            record.EventRow(known.get(message_id) or _fresh(), code, common | dict(own) | {"count": 1})
            for message_id, own in zip(message_ids, each, strict=True)
        )
    )


def _fresh() -> str:
    return ids.make(clock.now(), random.getrandbits)


def _trace_ids(message_ids: Sequence[int]) -> dict[int, str]:
    prefixes = Message.objects.filter(pk__in=message_ids).values_list("pk", "prefix")
    return {pk: found[1].decode() for pk, prefix in prefixes if (found := _ID.search(bytes(prefix))) is not None}
