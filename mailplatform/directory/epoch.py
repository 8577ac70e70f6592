"""Telling the house that the directory changed: a number counted up in the change's transaction, a hint when it has
committed.

The number is the truth; the hint, which may be lost, only makes caches in other processes forget sooner.
"""

from django.db import transaction

from mailplatform.runtime import pubsub
from mailplatform.runtime.database import cursor

CHANNEL = "directory"


def bump() -> int:
    """Count up, last thing of an action: the row stays locked until it commits, so changes of the directory queue here."""
    with cursor() as opened:
        opened.execute("UPDATE directory_epoch SET value = value + 1 WHERE id = 1 RETURNING value")
        (value,) = opened.fetchone()
    transaction.on_commit(lambda: pubsub.publish(CHANNEL, str(value)))
    return int(value)
