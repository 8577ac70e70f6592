"""Whose queue it is. A sender or recipient on the other side of a message that is somebody's is part of it and shown with it."""

from typing import Any

from django.db.models import QuerySet

from mailplatform.access.concerning import concerning
from mailplatform.access.values import Identity
from mailplatform.transport.models import QueueItem
from mailplatform.transport.values import State


def waiting_for(identity: Identity) -> QuerySet[Any]:
    """The items that wait and are somebody's to look after; none for who administers nothing."""
    return concerning(identity, QueueItem.objects.exclude(state=State.DONE), "message__reverse_path", "forward_path")
