"""Trace ids: sortable, readable back, of one length."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.trace import ids

moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(3000, 1, 1), timezones=st.just(UTC))
chances = st.integers(min_value=0, max_value=2**ids.CHANCE_BITS - 1)


@given(moments, chances)
def test_tells_when_it_began(at: datetime, chance: int) -> None:
    made = ids.make(at, lambda bits: chance)
    assert len(made) == ids.LENGTH
    assert timedelta() <= at - ids.began(made) < timedelta(milliseconds=1)


@given(moments, moments, chances, chances)
def test_sorts_by_time(one: datetime, other: datetime, chance: int, another: int) -> None:
    first, second = ids.make(one, lambda bits: chance), ids.make(other, lambda bits: another)
    assert (ids.began(first) < ids.began(second)) <= (first < second)


@pytest.mark.parametrize("text", ["", "x" * 19, "0" * 21, "I" + "0" * 19, "0" * 19 + "é"])
def test_refuses_what_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a trace id"):
        ids.began(text)
