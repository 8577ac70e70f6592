"""Every domain error has its reply."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailplatform.runtime import errors
from protocols.smtp.errors import REFUSALS, refusal


def family(kind: type[errors.MailError]) -> Iterator[type[errors.MailError]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("mailplatform."):
            yield child
        yield from family(child)


@pytest.mark.parametrize("kind", sorted(set(family(errors.MailError)), key=lambda kind: kind.__name__))
def test_the_table_is_total(kind: type[errors.MailError]) -> None:
    assert any(base in REFUSALS for base in kind.__mro__)
    if kind.__module__ == errors.__name__:
        assert kind in REFUSALS
    codes = REFUSALS[next(base for base in kind.__mro__ if base in REFUSALS)]
    assert codes.enhanced[0] == str(codes.code)[0] in "45"
    passing = issubclass(kind, errors.TemporarilyUnavailable | errors.OverQuota | errors.LimitReached | errors.Conflict)
    assert passing is (codes.code < 500)


def test_what_is_private_stays_so() -> None:
    raw = refusal(errors.NotFound("no such user", private="password=hunter2", subject="x"), "<u1@a.test>").raw
    assert raw == b"550 5.1.1 <u1@a.test>: No such user\r\n"


def test_an_error_nobody_listed_is_temporary() -> None:
    assert refusal(errors.MailError("strange")).raw == b"451 4.3.0 Strange\r\n"


def test_a_hostile_text_stays_one_reply() -> None:
    assert refusal(errors.NotFound("a\r\n250 2.0.0 Ok")).raw.count(b"\r\n") == 1
