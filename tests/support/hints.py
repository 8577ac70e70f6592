"""What this process tells others over Valkey: a real subscriber that hears what is really published."""

import threading
from itertools import count

from mailplatform.runtime import pubsub
from mailplatform.runtime.pubsub import GAP, Subscriber

MARK = "mark"


class Hints:
    """`hints.heard()`: (channel, payload) of all that was published since the last call, in order."""

    def __init__(self, url: str) -> None:
        self._told: list[tuple[str, str]] = []
        self._changed = threading.Condition()
        self._marks = count()
        self._subscriber = Subscriber(url, ["*"], self._hear)
        self._subscriber.start()
        self._wait_for((GAP, ""))
        self._told.clear()

    def heard(self) -> list[tuple[str, str]]:
        mark = (MARK, str(next(self._marks)))
        pubsub.publish(*mark)
        self._wait_for(mark)
        with self._changed:
            told, self._told = self._told, []
        return [hint for hint in told if hint[0] not in (MARK, GAP)]

    def close(self) -> None:
        self._subscriber.stop()

    def _hear(self, channel: str, payload: str) -> None:
        with self._changed:
            self._told.append((channel, payload))
            self._changed.notify_all()

    def _wait_for(self, hint: tuple[str, str]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: hint in self._told, 10), f"{hint} was not heard"
