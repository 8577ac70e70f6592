"""One change of the directory at a time, and telling the house of it: a number counted up in the change's transaction, a
hint when it has committed.

The number is the truth; the hint, which may be lost, only makes caches in other processes forget sooner. The number's row
is also the lock of all writers: an action looks at what is there and then writes, and nobody writes in between. Readers,
mail among them, never wait.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from mailplatform.runtime import pubsub
from mailplatform.runtime.database import cursor

CHANNEL = "directory"


@contextmanager
def changing() -> Iterator[None]:
    """The transaction of an action, alone among the directory's writers; also a decorator."""
    with transaction.atomic():
        with cursor() as opened:
            opened.execute("SELECT value FROM directory_epoch WHERE id = 1 FOR NO KEY UPDATE")
        yield


def bump() -> int:
    """Count up: something changed."""
    with cursor() as opened:
        opened.execute("UPDATE directory_epoch SET value = value + 1 WHERE id = 1 RETURNING value")
        (value,) = opened.fetchone()
    transaction.on_commit(lambda: pubsub.publish(CHANNEL, str(value)))
    return int(value)
