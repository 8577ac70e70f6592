"""Hints between processes over Valkey: "something changed, look". Fire and forget; a lost hint costs at most a tick.

Publishing never waits: a bounded queue and one thread; what does not fit is dropped. Every call to Valkey has 50 ms, and a
failed one opens a breaker for some seconds, so a hung or absent Valkey slows nothing. Subscribing keeps one connection a
process, in a thread of its own, and connects again by itself; after a gap the callback is called with GAP, since hints may
have been missed.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import redis
from django.conf import settings

from mailplatform.runtime import metrics

log = logging.getLogger(__name__)

GAP = ""
"""The channel named when hints may have been lost."""
MOST_WAITING = 10_000
_READ_SECONDS = 1.0


def connect(url: str, timeout: float, read_timeout: float | None = None) -> redis.Redis:
    """A client whose every call ends after `timeout` seconds; nothing is tried twice."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=timeout,
        socket_timeout=read_timeout or timeout,
        retry=None,
        retry_on_timeout=False,
        health_check_interval=0,
    )


class Publisher:
    """The one outgoing queue of a process."""

    def __init__(self, url: str, *, timeout: float, breaker: float, most_waiting: int = MOST_WAITING) -> None:
        self._url = url
        self._timeout = timeout
        self._breaker = breaker
        self._waiting: deque[tuple[str, str]] = deque(maxlen=most_waiting)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed_until = 0.0
        self._sending = False
        self.dropped = 0

    def put(self, channel: str, payload: str) -> None:
        """Queue one hint; the oldest falls out when too many wait, and all are dropped while the breaker is open."""
        if time.monotonic() < self._closed_until:
            self.dropped += 1
            HINTS.add(1, "dropped")
            return
        with self._changed:
            self._waiting.append((channel, payload))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="publisher", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def broken(self) -> bool:
        """Whether Valkey is being left alone."""
        return time.monotonic() < self._closed_until

    def flush(self, seconds: float) -> bool:
        """Wait until what was queued has been sent or dropped; whether it was in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._sending, timeout=seconds)

    def _work(self) -> None:
        client = connect(self._url, self._timeout)
        while True:
            with self._changed:
                if not self._waiting and not self._changed.wait_for(lambda: bool(self._waiting), timeout=60):
                    self._thread = None
                    client.close()
                    return
                batch = list(dict.fromkeys(self._waiting))  # the same hint twice says nothing more
                self._waiting.clear()
                self._sending = True
            try:
                pipe = client.pipeline(transaction=False)
                for channel, payload in batch:
                    pipe.publish(channel, payload)
                pipe.execute()
                HINTS.add(len(batch), "sent")
            except (redis.RedisError, OSError) as error:
                log.warning("hints: %d dropped, valkey: %s", len(batch), type(error).__name__)
                self.dropped += len(batch)
                HINTS.add(len(batch), "dropped")
                self._closed_until = time.monotonic() + self._breaker
                client.close()
            finally:
                with self._changed:
                    self._sending = False
                    self._changed.notify_all()


class Subscriber:
    """Listens on channels and patterns ("account.*") for the life of the process.

    on_message(channel, payload) is called in the subscriber's thread; channel is GAP after every (re)connection.
    """

    def __init__(
        self, url: str, patterns: Iterable[str], on_message: Callable[[str, str], None], *, timeout: float = 0.5
    ) -> None:
        self._url = url
        self._patterns = tuple(patterns)
        self._on_message = on_message
        self._timeout = timeout
        self._stopping = threading.Event()
        self.connected = False
        self._thread = threading.Thread(target=self._work, name="subscriber", daemon=True)

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End within a second."""
        self._stopping.set()

    def _work(self) -> None:
        wait = 0.1
        while not self._stopping.is_set():
            client = connect(self._url, self._timeout, read_timeout=_READ_SECONDS * 2)
            try:
                listening: Any = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                listening.psubscribe(*self._patterns)
                self.connected, wait = True, 0.1
                self._tell(GAP, "")
                while not self._stopping.is_set():
                    message = listening.get_message(timeout=_READ_SECONDS)
                    if message is not None:
                        self._tell(message["channel"].decode(), message["data"].decode())
            except (redis.RedisError, OSError) as error:
                if self.connected:
                    log.warning("hints: valkey is away: %s", type(error).__name__)
            finally:
                self.connected = False
                client.close()
            self._stopping.wait(wait)
            wait = min(wait * 2, 5.0)

    def _tell(self, channel: str, payload: str) -> None:
        try:
            self._on_message(channel, payload)
        except Exception:
            log.exception("hints: a listener failed on %s", channel)


HINTS = metrics.Counter("hints_total", "Hints to other processes, by what became of them.", "outcome")
_publisher: Publisher | None = None
metrics.Gauge(
    "valkey_breaker_open",
    "1 while Valkey is left alone after a failed call, by what it was asked for.",
    lambda: {("hints",): float(_publisher is not None and _publisher.broken())},
    "use",
)
_pid = 0


def publish(channel: str, payload: str) -> None:
    """Send a hint to every process that listens; never waits, never fails."""
    global _publisher, _pid
    if _publisher is None or _pid != os.getpid():  # threads do not survive a fork
        site = settings.SITE.redis
        _publisher = Publisher(settings.SITE.redis_url, timeout=site.timeout_seconds, breaker=site.breaker_seconds)
        _pid = os.getpid()
    _publisher.put(channel, payload)


def flush(seconds: float = 0.5) -> None:
    """Give this process's hints so long to go out: a command that ends at once would take them with it."""
    if _publisher is not None and _pid == os.getpid():
        _publisher.flush(seconds)


def subscribe(patterns: Iterable[str], on_message: Callable[[str, str], None]) -> Subscriber:
    """A started subscriber of this process at the site's Valkey."""
    subscriber = Subscriber(settings.SITE.redis_url, patterns, on_message)
    subscriber.start()
    return subscriber
