"""Routes with times of their own: how they are written, and what they do to an item that is put off."""

from datetime import timedelta

import pytest

from mailplatform.directory.values import CLI
from mailplatform.runtime import clock
from mailplatform.runtime.errors import Malformed
from mailplatform.transport import lease, ledger, routes
from mailplatform.transport.values import Ending
from tests.house.transport.test_outbound import answer, queue
from tests.support.house import rows


@pytest.mark.parametrize(
    ("text", "seconds"), [("", ()), ("5m", (300.0,)), ("2, 2.5s,1h", (2.0, 2.5, 3600.0)), (" 1d ", (86400.0,))]
)
def test_pauses_in_words(text: str, seconds: tuple[float, ...]) -> None:
    assert routes.pauses(text) == seconds


@pytest.mark.parametrize("text", ["x", "5m,", "-1s", "1y", "5 minutes", ",", "1e9"])
def test_pauses_that_are_none(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        routes.pauses(text)
    assert caught.value.subject == "retry_after"


@pytest.mark.parametrize(("host", "pauses"), [("", (1.0,)), ("b.test", (0.0,)), ("b.test", (1.0,) * 33), ("b.test", (1e9,))])
def test_times_that_a_route_cannot_have(rollback, host: str, pauses: tuple[float, ...]) -> None:
    with pytest.raises(Malformed) as caught:
        routes.add_route("r", host=host, retry_after=pauses, actor=CLI)
    assert caught.value.subject == "retry_after"


def test_an_item_waits_as_its_route_says(rollback) -> None:
    added = routes.add_route("slow", host="[127.0.0.1]", port=26, recipient_domain="slow.test", retry_after=(2, 40), actor=CLI)
    assert added.retry_after == (2.0, 40.0) and routes.list_routes() == [added]
    queue("x@slow.test")
    queue("x@other.test")
    for seconds in (2, 40, 40):
        now = clock.now()
        (one,) = lease.take({"[127.0.0.1]": 1}, seconds=60, now=now)
        assert one.route is not None and one.route.retry_after == (2.0, 40.0)
        ahead = ledger.write([answer(one, Ending.DEFERRED, "451 later")], now)
        (due,) = ahead.dues
        assert timedelta(seconds=seconds * 0.9) <= due - now <= timedelta(seconds=seconds * 1.1) and not ahead.reports
        rows(
            "UPDATE transport_queueitem SET state = 'ready', due_at = now() - interval '1 s' WHERE state = 'deferred' RETURNING 1"
        )
    now = clock.now()
    (other,) = lease.take({"other.test": 1}, seconds=60, now=now)
    ahead = ledger.write([answer(other, Ending.FAILED, "550 no")], now)
    assert ahead.reports and not ahead.dues
