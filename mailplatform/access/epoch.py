"""Telling the house that rights changed, as directory.epoch tells that the directory did; a channel of its own."""

from django.db import transaction

from mailplatform.access.models import Epoch
from mailplatform.runtime import pubsub
from mailplatform.runtime.database import cursor

CHANNEL = "access"


def bump() -> int:
    """Count up, last thing of an action."""
    with cursor() as opened:
        opened.execute("UPDATE access_epoch SET value = value + 1 WHERE id = 1 RETURNING value")
        (value,) = opened.fetchone()
    transaction.on_commit(lambda: pubsub.publish(CHANNEL, str(value)))
    return int(value)


def epoch() -> int:
    """The present epoch of access."""
    return Epoch.objects.values_list("value", flat=True).get(pk=1)
