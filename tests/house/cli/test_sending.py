"""`manage.py mailbox send-as` and `send-limits`: who sends as whom, and how much."""

import pytest

from tests.house.cli.support import Terminal


@pytest.fixture
def house(terminal: Terminal) -> Terminal:
    terminal("domain", "add", "a.test")
    terminal("mailbox", "add", "u1@a.test")
    terminal("mailbox", "add", "shared@a.test", "--kind", "shared")
    return terminal


def test_grants(house: Terminal) -> None:
    said = house("mailbox", "send-as", "add", "u1@a.test", "Sales@A.test")
    assert said.out == "u1@a.test may send as sales@a.test.\n"
    house("mailbox", "send-as", "add", "u1@a.test", "*@b.test")
    house("alias", "add", "anna@a.test", "u1@a.test")
    assert house("mailbox", "send-as", "list", "u1@a.test", "--json").json == [
        {"send_as": "anna@a.test", "granted": False},
        {"send_as": "u1@a.test", "granted": False},
        {"send_as": "*@b.test", "granted": True},
        {"send_as": "sales@a.test", "granted": True},
    ]
    assert house("mailbox", "send-as", "remove", "u1@a.test", "sales@a.test", "--json").json["removed"] == "sales@a.test"


def test_what_is_refused(house: Terminal) -> None:
    house("mailbox", "send-as", "add", "u1@a.test", "sales@a.test")
    assert house.refused("mailbox", "send-as", "add", "u1@a.test", "SALES@a.test") == ("already_exists", "address")
    assert house.refused("mailbox", "send-as", "add", "u1@a.test", "nonsense") == ("malformed", "address")
    assert house.refused("mailbox", "send-as", "remove", "u1@a.test", "x@a.test") == ("not_found", "address")
    assert house.refused("mailbox", "send-as", "add", "shared@a.test", "x@a.test") == ("conflict", "address")
    assert house.refused("mailbox", "send-limits", "u1@a.test", "--messages-per-day", "many") == ("malformed", "messages_per_day")


def test_limits(house: Terminal) -> None:
    site = house("mailbox", "send-limits", "u1@a.test", "--json").json
    assert site["messages_per_hour"] > 0
    own = house("mailbox", "send-limits", "u1@a.test", "--messages-per-hour", "7", "--recipients-per-day", "0", "--json").json
    assert own == site | {"messages_per_hour": 7, "recipients_per_day": 0}
    again = house("mailbox", "send-limits", "u1@a.test", "--messages-per-hour", "none", "--json").json
    assert again == site | {"recipients_per_day": 0}
