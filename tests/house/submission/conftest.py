from collections.abc import Iterator

import pytest

from mailplatform.access.lockout import lockout
from mailplatform.mailflow import limits


@pytest.fixture(autouse=True)
def counting_anew() -> Iterator[None]:
    """The failures and messages of one test are not the next one's."""
    for counter in (lockout, limits.counter):
        counter.cache_clear()
    yield
    for counter in (lockout, limits.counter):
        counter.cache_clear()
