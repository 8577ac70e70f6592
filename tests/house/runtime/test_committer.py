"""The committer: batches, order of outcomes, the side queue, and futures whose waiters have gone."""

import threading
from collections.abc import Sequence

import pytest

from mailplatform.runtime.committer import LATER, Committer
from mailplatform.runtime.errors import TemporarilyUnavailable


class Gate:
    """A commit that can be held; remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[tuple[list, bool, str]] = []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()

    def __call__(self, units: list, patient: bool) -> Sequence:
        self.batches.append((units, patient, threading.current_thread().name))
        self.entered.set()
        assert self.open.wait(5)
        return [unit * 10 for unit in units]


def test_what_waits_while_a_commit_runs_is_one_batch() -> None:
    gate = Gate()
    gate.open.clear()
    committer = Committer(gate, helper_after=60)
    first = committer.put(1)
    assert gate.entered.wait(5)
    rest = [committer.put(n) for n in range(2, 30)]
    gate.open.set()
    assert [future.result(5) for future in (first, *rest)] == [n * 10 for n in range(1, 30)]
    assert [units for units, _, _ in gate.batches] == [[1], list(range(2, 30))]
    assert committer.drain(5)


def test_a_batch_has_at_most_so_many() -> None:
    gate = Gate()
    gate.open.clear()
    committer = Committer(gate, most=5, helper_after=60)
    futures = [committer.put(0)]
    assert gate.entered.wait(5)
    futures += [committer.put(n) for n in range(12)]
    gate.open.set()
    for future in futures:
        future.result(5)
    assert [len(units) for units, _, _ in gate.batches] == [1, 5, 5, 2]


def test_a_second_thread_comes_when_many_wait() -> None:
    gate = Gate()
    gate.open.clear()
    committer = Committer(gate, helper_at=10, helper_after=60)
    futures = [committer.put(0)]
    assert gate.entered.wait(5)
    futures += [committer.put(n) for n in range(9)]
    gate.entered.clear()
    assert len(gate.batches) == 1
    futures.append(committer.put(9))
    assert gate.entered.wait(5)  # while the first is still held
    gate.open.set()
    for future in futures:
        future.result(5)
    assert len({name for _, _, name in gate.batches}) == 2


def test_later_goes_aside_and_delays_nobody() -> None:
    released = threading.Event()

    def commit(units: list, patient: bool) -> Sequence:
        if patient:
            assert released.wait(5)
            return units
        return [LATER if unit == "busy" else unit for unit in units]

    committer = Committer(commit)
    busy = committer.put("busy")
    for n in range(5):
        assert committer.put(n).result(5) == n
    assert not busy.done() and committer.waiting() + len(committer._running) > 0
    released.set()
    assert busy.result(5) == "busy"
    assert committer.drain(5)


def test_later_from_the_side_thread_comes_again() -> None:
    tries = []

    def commit(units: list, patient: bool) -> Sequence:
        tries.append(patient)
        return [LATER] if len(tries) < 4 else units

    assert Committer(commit).put("unit").result(5) == "unit"
    assert tries == [False, True, True, True]


def test_an_exception_as_outcome_is_of_one_unit() -> None:
    committer = Committer(lambda units, _patient: [ValueError(unit) if unit == 2 else unit for unit in units], inline=True)
    assert committer.put(1).result() == 1
    with pytest.raises(ValueError):
        committer.put(2).result()


def test_a_commit_that_raises_refuses_its_batch_for_now_and_the_thread_goes_on() -> None:
    def commit(units: list, _patient: bool) -> Sequence:
        if units == ["bad"]:
            raise RuntimeError("a bug")
        return units

    committer = Committer(commit)
    with pytest.raises(TemporarilyUnavailable):
        committer.put("bad").result(5)
    assert committer.put("good").result(5) == "good"


def test_too_many_waiting_are_refused_at_once() -> None:
    gate = Gate()
    gate.open.clear()
    committer = Committer(gate, most_waiting=3, helper_after=60)
    futures = [committer.put(0)]
    assert gate.entered.wait(5)
    futures += [committer.put(n) for n in range(3)]
    with pytest.raises(TemporarilyUnavailable):
        committer.put(9).result(0)
    gate.open.set()
    for future in futures:
        future.result(5)


def test_a_waiter_that_gave_up_harms_nobody() -> None:
    gate = Gate()
    gate.open.clear()
    committer = Committer(gate, helper_after=60)
    first = committer.put(1)
    assert gate.entered.wait(5)
    gone, stays = committer.put(2), committer.put(3)
    assert gone.cancel()
    gate.open.set()
    assert (first.result(5), stays.result(5)) == (10, 30)


def test_an_idle_thread_ends_and_a_put_starts_a_new_one() -> None:
    ended = threading.Event()
    committer = Committer(lambda units, _patient: units, idle_seconds=0.01, on_thread_end=ended.set)
    assert committer.put(1).result(5) == 1
    assert ended.wait(5)
    assert committer.put(2).result(5) == 2


def test_from_many_threads_each_gets_its_own() -> None:
    committer = Committer(lambda units, _patient: [unit + 1 for unit in units], most=7, helper_at=5, helper_after=0.0)
    wrong: list[int] = []

    def putter(seed: int) -> None:
        for n in range(200):
            if committer.put(seed * 1000 + n).result(10) != seed * 1000 + n + 1:
                wrong.append(n)

    threads = [threading.Thread(target=putter, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert committer.drain(5)


def test_a_key_is_in_one_batch_at_a_time() -> None:
    gate = Gate()
    gate.open.clear()
    committer = Committer(gate, helper_at=2, helper_after=60, keys=lambda unit: [unit % 10])
    first = committer.put(1)
    assert gate.entered.wait(5)
    gate.entered.clear()
    same, other = committer.put(11), committer.put(2)
    assert gate.entered.wait(5)
    assert [units for units, _, _ in gate.batches] == [[1], [2]]  # 11 wants what 1 has, and stays
    gate.open.set()
    assert [future.result(5) for future in (first, same, other)] == [10, 110, 20]
    assert committer.drain(5)


def test_what_waits_for_a_key_goes_as_soon_as_it_is_free() -> None:
    committer = Committer(lambda units, _patient: units, most=3, helper_at=1, helper_after=0.0, keys=lambda unit: [unit % 3])
    futures = [committer.put(n) for n in range(3000)]
    assert [future.result(10) for future in futures] == list(range(3000))
    assert committer.drain(5)
