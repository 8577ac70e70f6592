"""Whom the agent calls, and what it says when there is nobody (RFC 5321 §5.1, RFC 7505)."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from mailplatform.transport.values import Ending
from tests.house.smtp_agent.scene import HASTY, Scene, a_route, play
from tests.support.fake_mx import CLOSE, HANG, FakeMx

QUICK = dataclasses.replace(HASTY, connect_timeout_seconds=0.3)


@pytest.mark.parametrize(
    ("records", "kind", "enhanced", "words"),
    [
        ({}, Ending.FAILED, "5.1.2", "the domain name b.test does not exist"),
        ({("b.test", "MX"): ["0 ."]}, Ending.FAILED, "5.1.10", "b.test takes no mail (null MX)"),
        ({("b.test", "TXT"): ["x"]}, Ending.FAILED, "5.4.4", "mail server b.test has no address"),
        ({("b.test", "MX"): ["10 gone.b.test."]}, Ending.FAILED, "5.4.4", "mail server gone.b.test has no address"),
        ({("b.test", "MX"): ["10 down.test."]}, Ending.DEFERRED, "4.4.3", "DNS failed for down.test (AAAA)"),
        ({("b.test", "MX"): ["10 gone.test.", "20 down.test."]}, Ending.DEFERRED, "4.4.3", "DNS failed for down.test (AAAA)"),
        ({("b.test", "MX"): ["10 down.test.", "20 gone.test."]}, Ending.DEFERRED, "4.4.3", "DNS failed for down.test (AAAA)"),
        ({("b.test", "MX"): ["10 out.test.", "20 mx.a.test."]}, Ending.FAILED, "5.4.6", "mail goes in a circle"),
        ({("b.test", "A"): ["127.0.0.9"]}, Ending.DEFERRED, "4.4.1", "connection refused"),
    ],
)
def test_nobody_to_call(records: dict[tuple[str, str], list[str]], kind: Ending, enhanced: str, words: str) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        house.dns.failing.add("down.test")
        house.dns.records.update(records)
        answer = await house.one("u1@b.test")
        assert (answer.kind, answer.enhanced) == (kind, enhanced)
        assert answer.reply.startswith(words)
        assert answer.stage == ("connect" if enhanced == "4.4.1" else "dns")
        assert mx.connections == 0

    play(scene)


def test_a_silent_dns_is_never_the_end() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        house.dns.silent.add("b.test")
        answer = await house.one("u1@b.test")
        assert (answer.kind, answer.stage, answer.enhanced) == (Ending.DEFERRED, "dns", "4.4.3")

    play(scene)


def test_a_domain_without_mx_is_its_own() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        house.dns.set("b.test", "A", "127.0.0.1")
        answer = await house.one("u1@b.test")
        assert (answer.kind, answer.mx) == (Ending.DELIVERED, "b.test")

    play(scene)


@pytest.mark.parametrize("literal", ["[127.0.0.1]", "[IPv6:::1]"])
def test_an_address_literal_asks_no_dns(literal: str) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(f"u1@{literal}")
        assert (answer.kind, answer.address) == (Ending.DELIVERED, literal.strip("[]").removeprefix("IPv6:"))
        assert not house.dns.asked

    play(scene, FakeMx(host="::1" if ":" in literal else "127.0.0.1"))


def test_the_next_exchanger_takes_what_the_first_does_not() -> None:
    """Refused, silent, hanging up, with a bad greeting: all of them before the message was anybody's."""

    async def scene(house: Scene, last: FakeMx) -> None:
        house.dns.set("a.test", "MX", "10 mx1.test.", "20 mx2.test.", "30 mx3.test.", "40 mx4.test.", "50 mx.a.test.")
        for number in (1, 2, 3, 4):
            house.dns.set(f"mx{number}.test", "A", f"127.0.1.{number}")
        says = [{"GREETING": [HANG]}, {"EHLO": [CLOSE]}, {"GREETING": [554]}]
        async with (
            FakeMx(host="127.0.1.2", port=last.port, say=says[0]) as two,
            FakeMx(host="127.0.1.3", port=last.port, say=says[1]) as three,
            FakeMx(host="127.0.1.4", port=last.port, say=says[2]) as four,
        ):
            answer = await house.one()
            assert (answer.kind, answer.mx, answer.address) == (Ending.DELIVERED, "mx.a.test", "127.0.0.1")
            assert [mx.connections for mx in (two, three, four, last)] == [1, 1, 1, 1]

    play(scene, terms=dataclasses.replace(HASTY, sessions_a_try=4))


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "DOT"])
def test_the_next_exchanger_after_a_loss(stage: str) -> None:
    """Before the dot another one may be tried; after it never, or there would be two."""

    async def scene(house: Scene, last: FakeMx) -> None:
        house.dns.set("a.test", "MX", "10 mx1.test.", "50 mx.a.test.")
        house.dns.set("mx1.test", "A", "127.0.1.1")
        async with FakeMx(host="127.0.1.1", port=last.port, say={stage: [CLOSE]}):
            answer = await house.one()
        if stage == "DOT":
            assert (answer.kind, answer.in_doubt, answer.mx, len(last.taken)) == (Ending.DEFERRED, True, "mx1.test", 0)
        else:
            assert (answer.kind, answer.in_doubt, answer.mx, len(last.taken)) == (Ending.DELIVERED, False, "mx.a.test", 1)

    play(scene)


def test_a_refusal_of_the_recipient_is_an_answer() -> None:
    async def scene(house: Scene, last: FakeMx) -> None:
        house.dns.set("a.test", "MX", "10 mx1.test.", "50 mx.a.test.")
        house.dns.set("mx1.test", "A", "127.0.1.1")
        async with FakeMx(host="127.0.1.1", port=last.port, say={"RCPT": [451]}):
            answer = await house.one()
        assert (answer.kind, answer.mx, last.connections) == (Ending.DEFERRED, "mx1.test", 0)

    play(scene)


def test_ipv6_first_then_ipv4() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        house.dns.set("mx.a.test", "AAAA", "::1")
        assert (await house.one()).address == "127.0.0.1"
        async with FakeMx(host="::1", port=mx.port) as six:
            await house.agent.close()
            answer = await house.one()
            assert (answer.kind, answer.address, len(six.taken)) == (Ending.DELIVERED, "::1", 1)

    play(scene)


def test_an_attempt_has_a_number_of_addresses() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        house.dns.set("mx.a.test", "A", *(f"127.0.1.{n}" for n in range(1, 9)))
        async with FakeMx(host="127.0.1.8", port=mx.port) as eighth:
            answer = await house.one()
            assert (answer.kind, answer.stage, answer.address, eighth.connections) == (Ending.DEFERRED, "connect", "127.0.1.3", 0)

    play(scene, terms=dataclasses.replace(HASTY, addresses_a_try=3))


def test_hosts_that_never_take_mail_refuse_for_good_unless_some_were_not_asked() -> None:
    """RFC 7504 §3."""

    async def scene(house: Scene, mx: FakeMx) -> None:
        house.dns.set("mx.a.test", "A", "127.0.0.1", "127.0.1.1")
        async with FakeMx(host="127.0.1.1", port=mx.port, say={"GREETING": [521]}):
            answer = await house.one()
            assert (answer.kind, answer.stage, answer.code) == (Ending.FAILED, "greeting", 521)
            house.dns.set("mx.a.test", "A", "127.0.0.1", "127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4")
            assert (await house.one()).kind == Ending.DEFERRED

    play(scene, FakeMx(say={"GREETING": [521]}), terms=dataclasses.replace(HASTY, addresses_a_try=2))


@pytest.mark.parametrize("greeting", [554, "554 5.7.1 your network is listed", 550])
def test_a_refused_session_is_a_delay_and_the_next_exchanger_is_asked(greeting: int | str) -> None:
    """RFC 5321 §3.1: nothing is said of the message yet."""

    async def scene(house: Scene, last: FakeMx) -> None:
        house.dns.set("a.test", "MX", "10 mx1.test.", "50 mx.a.test.")
        house.dns.set("mx1.test", "A", "127.0.1.1")
        async with FakeMx(host="127.0.1.1", port=last.port, say={"GREETING": [greeting]}) as first:
            last.say["GREETING"] = [greeting, "220 mx.test ESMTP"]
            answer = await house.one()
            assert (answer.kind, answer.stage, answer.enhanced[:2]) == (Ending.DEFERRED, "greeting", "4.")
            assert (answer.mx, first.connections, last.connections) == ("mx.a.test", 1, 1)
            answer = await house.one()
            assert (answer.kind, answer.mx, first.connections, last.connections) == (Ending.DELIVERED, "mx.a.test", 2, 2)

    play(scene)


def test_we_do_not_talk_to_ourselves_by_name() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        house.dns.set("a.test", "MX", "10 mx.a.test.", "20 Out.test.", "30 behind.test.")
        answer = await house.one()
        assert (answer.kind, answer.mx) == (Ending.DELIVERED, "mx.a.test")
        mx.say["GREETING"] = [CLOSE]
        await house.agent.close()
        assert (await house.one()).mx == "mx.a.test"  # and never one behind us
        assert house.dns.asked["behind.test", "A"] == house.dns.asked["out.test", "A"] == 0

    play(scene)


def test_we_do_not_talk_to_ourselves_by_address() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        house.dns.set("mx.a.test", "A", "127.0.0.9")
        async with FakeMx(host="127.0.0.9", port=mx.port) as ourselves:
            # The scene's Own was made for this port before it was known: say it again.
            house.agent._caller._own = dataclasses.replace(house.agent._own, listeners=frozenset({("127.0.0.9", mx.port)}))
            answer = await house.one()
            assert (answer.kind, answer.enhanced, ourselves.taken) == (Ending.FAILED, "5.4.6", [])

    play(scene)


def test_we_do_not_talk_to_ourselves_by_greeting() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one()
        assert (answer.kind, answer.enhanced, answer.stage, mx.commands) == (Ending.FAILED, "5.4.6", "connect", [])

    play(scene, FakeMx(say={"GREETING": ["220 OUT.test ESMTP"]}))


def test_a_route_goes_to_its_host_whatever_the_dns_says() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one("u1@nowhere.test", route=a_route(mx))
        assert (answer.kind, answer.mx) == (Ending.DELIVERED, "127.0.0.1")
        assert (await house.one("u1@nowhere.test", route=a_route(mx, host="mx.a.test"))).kind == Ending.DELIVERED

    play(scene)


def test_a_route_to_nowhere_is_our_own_mistake() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx, host="gone.test"))
        assert (answer.kind, answer.enhanced) == (Ending.DEFERRED, "4.4.4")

    play(scene)


def test_many_attempts_at_once() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answers = await asyncio.gather(*(house.one(f"u{n}@a.test") for n in range(50)))
        assert {answer.kind for answer in answers} == {Ending.DELIVERED}
        assert sorted(t.forward_paths for t in mx.taken) == sorted([f"u{n}@a.test"] for n in range(50))
        assert len(house.agent._pool) == mx.living == 50

    play(
        scene, terms=dataclasses.replace(HASTY, command_timeout_seconds=5, data_end_timeout_seconds=5, greeting_timeout_seconds=5)
    )
