"""`manage.py queue|route` as a person types them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from mailplatform.mailflow import arrivals
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.store import append
from mailplatform.transport import lease, models, routes
from mailplatform.transport.values import SMTP, Outbound, OutboundItem
from tests.house.cli.support import Terminal
from tests.support.house import rows
from tests.support.messages import a_message

TRACE = "00000000000000000abc"


def queue(*paths: str, reverse_path: str = "u1@a.test", trace_id: str = TRACE) -> list[int]:
    message = append.prepare_message(a_message())
    outbound = Outbound(message, tuple(OutboundItem(SMTP, "", path) for path in paths), reverse_path)
    return list(arrivals.put(Unit(uuid4(), trace_id, outbound=(outbound,))).result(5).queued)


def states() -> dict[str, str]:
    return dict(rows("SELECT forward_path, state FROM transport_queueitem"))


def test_the_queue_by_hand(terminal: Terminal):
    first, second = queue("x@b.test", "y@c.test")
    (third,) = queue("z@b.test", reverse_path="", trace_id=TRACE.replace("abc", "abd"))
    assert [item["recipient"] for item in terminal("queue", "list", "--json").json] == ["x@b.test", "y@c.test", "z@b.test"]
    head, *lines = terminal("queue", "list", "--destination", "b.test").out.splitlines()
    assert head.split()[:3] == ["ID", "STATE", "RECIPIENT"] and len(lines) == 2
    assert [item["id"] for item in terminal("queue", "list", "--sender", "<>", "--json").json] == [third]
    assert [item["id"] for item in terminal("queue", "list", "--sender", "@a.test", "--json").json] == [first, second]
    assert [item["id"] for item in terminal("queue", "list", TRACE, "--json").json] == [first, second]
    assert terminal("queue", "hold", str(first), "--why", "looks odd").out == "1 item is held.\n"
    assert states()["x@b.test"] == "held"
    assert terminal("queue", "list", "--reason", "odd", "--json").json[0]["reason"] == "looks odd"
    assert lease.take({"b.test": 5}, seconds=60, now=clock.now())[0].items[0].item_id == third
    assert terminal("queue", "release", "--state", "held", "--json").json == {"items": 1}
    shown = terminal("queue", "show", TRACE).out
    assert "recipient: x@b.test" in shown and f"manage.py trace --id {TRACE}" in shown
    rows("UPDATE transport_queueitem SET state = 'deferred', due_at = now() + interval '1 h', last_reply = '451 no' RETURNING 1")
    assert terminal("queue", "retry", "--reason", "451").out == "3 items are tried now.\n"
    assert set(states().values()) == {"ready"}
    assert terminal("queue", "delete", "--destination", "c.test").out == "1 item is deleted.\n"
    assert states()["y@c.test"] == "done"
    told = rows("SELECT code, params->>'recipient' FROM trace_event WHERE code IN ('held', 'released', 'deleted') ORDER BY at")
    assert told == [("held", "x@b.test"), ("released", "x@b.test"), ("deleted", "y@c.test")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("queue", "delete"), ("malformed", "id")),
        (("queue", "retry", "999"), ("not_found", "id")),
        (("queue", "show", "999"), ("not_found", "id")),
        (("queue", "list", "--state", "lost"), ("malformed", "state")),
        (("route", "remove", "nothing"), ("not_found", "name")),
        (("route", "add", "r", "--host", "not a host"), ("malformed", "host")),
        (("route", "add", "r", "--tls", "sometimes"), ("malformed", "tls")),
    ],
)
def test_what_is_refused(terminal: Terminal, words, told):
    assert terminal.refused(*words) == told


def test_routes_lead_what_waits_and_what_comes(terminal: Terminal):
    queue("x@b.test", "y@c.test")
    assert terminal("route", "add", "out", "--host", "Relay.example", "--port", "587").out == "The route out is there.\n"
    terminal("route", "add", "direct", "--recipient-domain", "c.test")
    assert terminal.refused("route", "add", "again", "--host", "x.example") == ("already_exists", "name")
    destinations = dict(rows("SELECT forward_path, destination FROM transport_queueitem"))
    assert destinations == {"x@b.test": "relay.example", "y@c.test": "c.test"}
    queue("z@d.test")
    leased = lease.take({"relay.example": 5}, seconds=60, now=clock.now() + timedelta(seconds=1))
    assert {one.items[0].forward_path for one in leased} == {"x@b.test", "z@d.test"}
    assert {(one.route.name, one.route.port) for one in leased if one.route} == {("out", 587)}
    terminal("route", "remove", "out")
    assert rows("SELECT destination FROM transport_queueitem WHERE forward_path = 'y@c.test'") == [("c.test",)]
    assert [route["name"] for route in terminal("route", "list", "--json").json] == ["direct"]


def test_a_password_is_sealed(terminal: Terminal):
    words = ("route", "add", "out", "--host", "relay.example", "--login", "us", "--tls", "verify", "--json")
    shown = terminal(*words, stdin="open sesame\n")
    assert "sesame" not in shown.out
    row = models.Route.objects.get()
    assert b"sesame" not in bytes(row.secret)
    assert routes.unseal(bytes(row.secret)) == "open sesame"
    queue("x@b.test")
    (one,) = lease.take({"relay.example": 1}, seconds=60, now=clock.now())
    assert one.route is not None and one.route.password == "open sesame"
    assert "sesame" not in repr(one)
    assert terminal.refused("route", "add", "bare", "--host", "x.example", "--login", "us", stdin="x\n") == ("malformed", "tls")
