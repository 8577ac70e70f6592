"""Guessing made slow, without locking people out of their own desk."""

import pytest

from mailplatform.access.lockout import Lockout, network
from mailplatform.runtime.ratelimit import LocalCounter, SharedCounter

HOME, ELSEWHERE = "192.0.2.7", "203.0.113.9"


class World:
    """A lock-out of three failures with a clock that is moved by hand."""

    def __init__(self, counter=None) -> None:
        self.now = 1000.0
        self.locks = self.another(counter or LocalCounter(lambda: self.now))

    def another(self, counter) -> Lockout:
        return Lockout(counter, failures=3, window_seconds=600, longest_seconds=60, monotonic=lambda: self.now)

    def fail(self, times: int, login: str = "anna@a.test", address: str = ELSEWHERE) -> None:
        for _ in range(times):
            self.locks.failed(login, address)

    def pause(self, login: str = "anna@a.test", address: str = ELSEWHERE) -> float:
        """Seconds until the door is open."""
        start = self.now
        while self.locks.shut(login, address):
            self.now += 0.5
        waited, self.now = self.now - start, start
        return waited


def test_the_pause_doubles_up_to_the_longest():
    world = World()
    world.fail(2)
    assert world.pause() == 0
    pauses = []
    for _ in range(8):
        world.fail(1)
        pauses.append(world.pause())
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_failures_are_forgotten_after_the_window():
    world = World()
    world.fail(2)
    world.now += 601
    world.fail(2)
    assert world.pause() == 0


def test_an_account_is_shut_from_everywhere_but_its_own_networks():
    world = World()
    world.locks.succeeded("anna@a.test", HOME)
    for n in range(9):
        world.fail(1, address=f"203.0.113.{n}")
    assert world.locks.shut("anna@a.test", "198.51.100.1")
    assert not world.locks.shut("anna@a.test", HOME)
    world.fail(3, address=HOME)
    assert world.locks.shut("anna@a.test", HOME)


def test_a_network_is_shut_for_all_accounts_after_four_times_as_many():
    world = World()
    for n in range(11):
        world.fail(1, login=f"u{n}@a.test")
    assert not world.locks.shut("ben@a.test", ELSEWHERE)
    world.fail(1, login="u11@a.test")
    assert world.locks.shut("ben@a.test", ELSEWHERE)
    assert not world.locks.shut("ben@a.test", HOME)


def test_success_forgets_what_its_network_mistyped():
    world = World()
    world.locks.succeeded("anna@a.test", HOME)
    world.fail(2, address=HOME)
    world.locks.succeeded("anna@a.test", HOME)
    world.fail(2, address=HOME)
    assert not world.locks.shut("anna@a.test", HOME)


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
    ],
)
def test_networks(address, counts_as):
    assert network(address) == counts_as


def test_counts_are_shared_between_processes(valkey):
    world = World(SharedCounter(valkey.url, timeout=1, breaker=5))
    other = world.another(SharedCounter(valkey.url, timeout=1, breaker=5))
    world.fail(2)
    other.failed("anna@a.test", ELSEWHERE)
    assert other.shut("anna@a.test", ELSEWHERE)


def test_without_valkey_a_process_counts_alone(valkey):
    world = World()
    counter = SharedCounter(valkey.url, timeout=1, breaker=5, monotonic=lambda: world.now)
    world.locks = world.another(counter)
    world.fail(1)
    valkey.stop()
    world.fail(1)
    assert world.pause() == 0
    world.fail(1)
    assert world.pause() == 1
    valkey.start()
    counter.clear("anna@a.test")


def test_an_unreachable_valkey_is_left_alone(tmp_path):
    now = [0.0]
    counter = SharedCounter(f"unix://{tmp_path}/none.sock", timeout=0.05, breaker=5, monotonic=lambda: now[0])
    assert [counter.hit("x", 10) for _ in range(3)] == [1, 2, 3]
    counter.clear("x")
    now[0] = 6.0
    counter.clear("x")
    assert counter.hit("x", 10) == 1


def test_local_counts_are_bounded():
    counter = LocalCounter(lambda: 0.0, entries=2)
    counter.hit("a", 10)
    counter.hit("b", 10)
    counter.hit("c", 10)
    assert (counter.hit("a", 10), counter.hit("c", 10)) == (1, 2)
