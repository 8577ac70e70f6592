"""The demonstration is made once, whatever happens to the start that makes it."""

from dataclasses import replace

import pytest
from django.conf import settings

from mailplatform.demo import make, queue
from mailplatform.demo.people import PEOPLE
from mailplatform.directory import accounts, addresses, groups
from mailplatform.directory.values import CLI
from mailplatform.mailflow import arrivals
from mailplatform.store import verify
from mailplatform.supervisor.endpoints import FIRST_ACCOUNTS
from mailplatform.transport import routes
from tests.support.house import rows

GIVEN = [{**one, "password": "correct horse battery"} for one in FIRST_ACCOUNTS]


@pytest.fixture
def with_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SITE", replace(settings.SITE, demo=replace(settings.SITE.demo, sink=True)))


def counts() -> dict[str, int]:
    return dict(
        rows("SELECT d.name, count(*) FROM store_entry e JOIN directory_account d ON d.id = e.account_id GROUP BY d.name")
    )


def test_people_mail_and_queue(rollback, with_sink) -> None:
    assert make.ensure(GIVEN)
    assert [one.kind for one in accounts.list_accounts()].count("shared") == 1
    assert addresses.get_address("info@example.test").targets == ("anna@example.test",)
    assert len(groups.get_group("team@example.test").targets) == 3
    made = counts()
    assert 380 <= sum(made.values()) <= 500 and made["Anna Rossi"] > 100
    assert rows("SELECT count(*) FROM store_expunged WHERE expunged_at < now() - interval '20 h'") == [(1,)]
    assert rows("SELECT count(*) FROM store_entry WHERE internal_date < now() - interval '90 d'")[0][0] > 10
    assert {row[0] for row in rows("SELECT forward_path FROM transport_queueitem")} == {
        PEOPLE[name].address for name in ("slow", "full", "refuse")
    }
    assert not list(verify.verify().problems)
    assert make.ensure(GIVEN) and counts() == made, "made twice"
    assert len(routes.list_routes()) == 1 and rows("SELECT count(*) FROM transport_queueitem") == [(3,)]


def test_a_start_that_was_killed_is_taken_up(real, monkeypatch: pytest.MonkeyPatch) -> None:
    put, putting = arrivals.put, []

    def killed(unit):
        if len(putting) == 100:
            for future in putting:
                future.result(60)
            raise KeyboardInterrupt
        putting.append(put(unit))
        return putting[-1]

    monkeypatch.setattr(arrivals, "put", killed)
    with pytest.raises(KeyboardInterrupt):
        make.ensure(GIVEN)
    partly = sum(counts().values())
    assert 100 <= partly < 300
    monkeypatch.undo()
    rows("DELETE FROM store_arrival RETURNING 1")  # days later: nobody remembers the unit ids
    assert make.ensure(GIVEN)
    ids = [row[0] for row in rows("SELECT account_id || message_id FROM store_message")]
    assert len(ids) == len(set(ids)) and sum(counts().values()) > 380


def test_a_domain_of_somebody_else_is_left_alone(rollback) -> None:
    make.domains.add_domain("example.test", actor=CLI)
    assert not make.ensure(GIVEN)
    assert accounts.list_accounts() == []


def test_the_route_follows_the_port(rollback, with_sink, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.lead()
    (route,) = routes.list_routes()
    assert (route.port, route.recipient_domain, route.retry_after) == (10026, "slow.test", queue.RETRY_AFTER)
    monkeypatch.setattr(settings, "SITE", replace(settings.SITE, demo=replace(settings.SITE.demo, sink_port=4444)))
    queue.lead()
    queue.lead()
    assert [one.port for one in routes.list_routes()] == [4444]
