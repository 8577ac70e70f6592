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
from mailplatform.trace.events import CODE_PARAMS, Code

FEW = 16
_ID = re.compile(rb"^Received:\s[^;]*?\bwith\s+\S+[^;]*?\bid\s+([0-9a-hjkmnp-tv-z]{%d})\b" % ids.LENGTH, re.MULTILINE)


def tell(
    code: Code, message_ids: Sequence[int], params: Mapping[str, Any], each: Sequence[Mapping[str, Any]], actor: Actor
) -> None:
    """Write the events of one transaction in it. each: what is particular to each message, in the order of message_ids."""
    if not message_ids:
        return
    if len(message_ids) > FEW:
        tell_many(code, params, len(message_ids), actor)
        return
    common = dict(params) | {"by": actor.name}
    known = _trace_ids(message_ids)
    record.write(
        *(
            record.EventRow(known.get(message_id) or _fresh(), code, common | dict(own) | {"count": 1})
            for message_id, own in zip(message_ids, each, strict=True)
        )
    )


def tell_many(code: Code, params: Mapping[str, Any], number: int, actor: Actor) -> None:
    """Write one event for so many messages."""
    told = dict(params) | {"count": number} | ({"by": actor.name} if "by" in CODE_PARAMS[code] else {})
    record.write(record.EventRow(_fresh(), code, told))


def _fresh() -> str:
    return ids.make(clock.now(), random.getrandbits)


def _trace_ids(message_ids: Sequence[int]) -> dict[int, str]:
    prefixes = Message.objects.filter(pk__in=message_ids).values_list("pk", "prefix")
    return {pk: found[1].decode() for pk, prefix in prefixes if (found := _ID.search(bytes(prefix))) is not None}
