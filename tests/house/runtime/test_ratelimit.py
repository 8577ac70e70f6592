"""Counts told behind the caller's back: never late for oneself, a call late for others, and counted all the same."""

import threading
import time

from mailplatform.runtime.ratelimit import BehindCounter, LocalCounter, SharedCounter


def until(true) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_several_at_once() -> None:
    counter = LocalCounter()
    assert counter.hits([("a", 60, 1), ("b", 60, 5), ("a", 60, 2)]) == [1, 5, 3]
    assert counter.hits([("a", 60, -1), ("b", 60, 0)]) == [2, 5]


def test_shared_ones_in_one_call(valkey) -> None:
    one, other = (SharedCounter(valkey.url, timeout=1, breaker=5) for _ in range(2))
    assert one.hits([("a", 60, 1), ("b", 60, 5)]) == [1, 5]
    assert other.hits([("b", 60, 2), ("a", 60, 1)]) == [7, 2]
    assert other.hits([("b", 60, -2)]) == [5]


def test_what_others_counted_is_heard_a_call_later(valkey) -> None:
    shared = SharedCounter(valkey.url, timeout=1, breaker=5)
    one = BehindCounter(SharedCounter(valkey.url, timeout=1, breaker=5))
    for _ in range(10):
        shared.hit("a", 60)
    assert one.hit("a", 60) == 1
    until(lambda: one.hit("a", 60, 0) == 11)
    assert one.hit("a", 60, 4) == 15
    until(lambda: shared.hit("a", 60, 0) == 15)


class Stuck(LocalCounter):
    """A shared counter that does not come back."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def hits(self, wanted):
        self.go.wait(20)
        return super().hits(wanted)


def test_nobody_waits() -> None:
    stuck = Stuck()
    counter = BehindCounter(stuck, most_waiting=100)
    began = time.monotonic()
    assert [counter.hit("a", 60) for _ in range(500)] == list(range(1, 501))
    assert time.monotonic() - began < 5
    stuck.go.set()
    until(lambda: stuck.hit("a", 60, 0) >= 100)
