"""Hints: they arrive, and a hung, absent or restarted Valkey costs nobody a wait."""

import os
import signal
import threading
import time
from collections import deque

import pytest

from mailplatform.runtime.pubsub import GAP, Publisher, Subscriber


class Heard:
    """What a subscriber was told."""

    def __init__(self) -> None:
        self.hints: deque[tuple[str, str]] = deque()
        self.changed = threading.Condition()

    def __call__(self, channel: str, payload: str) -> None:
        with self.changed:
            self.hints.append((channel, payload))
            self.changed.notify_all()

    def wait_for(self, *hint: str, seconds: float = 10) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: tuple(hint) in self.hints, seconds)


@pytest.fixture
def heard(valkey):
    """A subscriber to account.* and directory that is listening."""
    told = Heard()
    subscriber = Subscriber(valkey.url, ["account.*", "directory"], told)
    subscriber.start()
    assert told.wait_for(GAP, "")
    yield told
    subscriber.stop()


def publisher(valkey, breaker: float = 0.05) -> Publisher:
    return Publisher(valkey.url, timeout=0.05, breaker=breaker)


def test_hints_arrive_on_their_channels(valkey, heard) -> None:
    out = publisher(valkey)
    out.put("account.7", "12 email")
    out.put("elsewhere", "x")
    out.put("directory", "3")
    assert heard.wait_for("account.7", "12 email") and heard.wait_for("directory", "3")
    assert ("elsewhere", "x") not in heard.hints


def test_a_hung_server_delays_no_one_who_publishes(valkey) -> None:
    out = publisher(valkey, breaker=60)
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for n in range(20_000):
            out.put("account.1", str(n))
        assert time.monotonic() - began < 1
        deadline = time.monotonic() + 5
        while not out.dropped and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        assert out.dropped
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)


def test_a_subscriber_comes_back_and_says_that_hints_may_be_lost(valkey, heard) -> None:
    heard.hints.clear()
    valkey.stop()
    valkey.start()
    assert heard.wait_for(GAP, "", seconds=15)
    out = publisher(valkey)
    out.put("account.9", "1 email")
    assert heard.wait_for("account.9", "1 email")


def test_a_publisher_goes_on_after_its_breaker(valkey, heard) -> None:
    out = publisher(valkey, breaker=0.05)
    valkey.stop()
    out.put("account.1", "lost")
    deadline = time.monotonic() + 5
    while not out.dropped and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    valkey.start()
    assert heard.wait_for(GAP, "")
    threading.Event().wait(0.1)
    for n in range(200):
        out.put("account.2", f"{n}")
        if heard.wait_for("account.2", f"{n}", seconds=0.1):
            return
    raise AssertionError("no hint arrives any more")


def test_a_listener_that_fails_hears_the_next_hint(valkey) -> None:
    told = Heard()

    def listen(channel: str, payload: str) -> None:
        if payload == "bad":
            raise RuntimeError("a bug")
        told(channel, payload)

    subscriber = Subscriber(valkey.url, ["account.*"], listen)
    subscriber.start()
    assert told.wait_for(GAP, "")
    out = publisher(valkey)
    out.put("account.1", "bad")
    out.put("account.1", "good")
    assert told.wait_for("account.1", "good")
    subscriber.stop()
