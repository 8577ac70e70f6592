"""The drill's own judgement."""

from collections import Counter

import pytest

from tests.drill.ledger import Attempt, Told, broken_promises, refused_for_good


def judged(told: Told, times: int) -> list[str]:
    return broken_promises([Attempt("<m>", ("u1",), "smtp", told)], {"u1": Counter({"<m>": times} if times else {})})


@pytest.mark.parametrize(
    ("told", "times"),
    [(Told.ACKNOWLEDGED, 1), (Told.REFUSED, 0), (Told.REFUSED, 1), (Told.UNKNOWN, 0), (Told.UNKNOWN, 1), (Told.UNSENT, 0)],
)
def test_kept(told: Told, times: int) -> None:
    assert judged(told, times) == []


@pytest.mark.parametrize(
    ("told", "times"),
    [(Told.ACKNOWLEDGED, 0), (Told.ACKNOWLEDGED, 2), (Told.REFUSED, 2), (Told.UNKNOWN, 2), (Told.UNSENT, 1)],
)
def test_broken(told: Told, times: int) -> None:
    assert len(judged(told, times)) == 1


def test_what_nobody_sent() -> None:
    assert broken_promises([], {"u1": Counter({"<x>": 1})}) == ["<x> is at u1 and nobody sent it"]


@pytest.mark.parametrize(("reply", "lines"), [("451 b'4.3.0 later'", 0), ("550 b'5.1.1 no'", 1)])
def test_a_refusal_must_pass(reply: str, lines: int) -> None:
    assert len(refused_for_good([Attempt("<m>", ("u1",), "smtp", Told.REFUSED, reply)])) == lines
