"""Numbers, sizes and unique-ids of one session, and the table of states. RFC 1939 §5, §7."""

from __future__ import annotations

import re
import time
from array import array

import pytest

from protocols.pop3.wire import commands as c
from protocols.pop3.wire.drop import PIECE, Drop
from protocols.pop3.wire.machine import ALLOWED, State, allowed
from tests.wire.pop3.test_grammar import COMMANDS


def test_numbers_stay_when_others_are_deleted() -> None:
    drop = Drop(7, [3, 5, 9], [10, 20, 30])
    assert (drop.messages, drop.octets) == (3, 60)
    drop.delete(1)
    assert (drop.messages, drop.octets) == (2, 40)
    assert [drop.index(number) for number in (0, 1, 2, 3, 4)] == [None, 0, None, 2, None]
    assert b"".join(drop.scan()) == b"1 10\r\n3 30\r\n"
    assert b"".join(drop.unique_ids()) == b"1 7.3\r\n3 7.9\r\n"
    assert drop.reset() == 1
    assert (drop.messages, drop.octets, drop.index(2)) == (3, 60, 1)


def test_unique_ids_are_of_their_alphabet() -> None:
    drop = Drop(2**32 - 1, [2**32 - 1], [1])
    assert re.fullmatch(r"[!-~]{1,70}", drop.unique_id(0))


@pytest.mark.parametrize("count", [0, 1, PIECE - 1, PIECE, PIECE + 1])
def test_listings_lose_nothing_at_their_seams(count: int) -> None:
    drop = Drop(1, range(1, count + 1), [1] * count)
    assert b"".join(drop.scan()).count(b"\r\n") == b"".join(drop.unique_ids()).count(b"\r\n") == count


def test_a_thousand_unique_ids_take_no_time() -> None:
    drop = Drop(1_764_000_000, array("I", range(1, 1001)), array("I", [5000]) * 1000)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        b"".join(drop.unique_ids())
        took.append(time.perf_counter() - began)
    assert min(took) < 0.005


def test_every_command_has_its_states() -> None:
    for _, command in COMMANDS:
        states = {state for state in State if allowed(state, command)}
        if isinstance(command, c.Capa | c.Lang | c.Quit):
            assert states == {State.AUTHORIZATION, State.TRANSACTION}
        elif isinstance(command, c.User | c.Pass | c.Auth | c.Stls | c.Utf8):
            assert states == {State.AUTHORIZATION}
        else:
            assert states == {State.TRANSACTION}
    assert ALLOWED[State.UPDATE] == frozenset()
