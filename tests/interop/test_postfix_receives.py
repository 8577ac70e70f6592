"""Our outbound agent to a real Postfix: over TLS, with DSN, refusals understood, one connection for several messages.

apt-get install postfix
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterator

import pytest

from mailplatform.transport.values import Ending
from tests.house.smtp_agent.scene import PATIENT, PREFIX, Scene, a_route, play
from tests.support.fake_mx import FakeMx
from tests.support.postfix import Postfix, is_here, postfix

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def peer() -> Iterator[Postfix]:
    assert is_here(), "apt-get install postfix, and run as root"
    more = {"message_size_limit": "1000000", "smtpd_recipient_limit": "3"}
    with postfix("b.test", ("u1", "u2", "u3", "u4"), more=more) as started:
        yield started


def meet(peer: Postfix, scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def run(house: Scene, _mx: FakeMx) -> None:
        house.dns.set("b.test", "MX", "10 mx.b.test.")
        house.dns.set("mx.b.test", "A", "127.0.0.1")
        house.agent._terms = dataclasses.replace(house.agent._terms, port=peer.port)
        await scene(house)

    play(run, terms=PATIENT)


async def arrived(peer: Postfix, user: str, text: bytes) -> bytes:
    """The message with this text, as soon as Postfix has put it down."""
    for _ in range(500):
        found = [message for message in peer.messages(user) if text in message]
        if found:
            assert len(found) == 1
            return found[0]
        await asyncio.sleep(0.02)
    raise AssertionError(peer.log())


def test_over_tls_it_arrives_whole(peer: Postfix) -> None:
    lines = [b"..", b".", b". ", b"", b"Gr\xc3\xbc\xc3\x9fe", b"end-of-first"]
    content = b"From: <sender@out.test>\r\nMessage-ID: <1@out.test>\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"

    async def scene(house: Scene) -> None:
        one, two = await house.deliver("u1@b.test", "nobody@b.test", content=content, ret="HDRS", envid="e1")
        assert (one.kind, one.tls[:7], one.dsn_relayed, one.mx) == (Ending.DELIVERED, "TLSv1.3", True, "mx.b.test")
        assert one.reply.startswith("250 2.0.0 Ok: queued as ")
        assert (two.kind, two.code, two.enhanced, two.stage) == (Ending.FAILED, 550, "5.1.1", "rcpt")
        kept = await arrived(peer, "u1", b"end-of-first")
        assert kept.partition(b"\n\n")[2] == b"\n".join(lines) + b"\n"
        assert PREFIX.strip() in kept

    meet(peer, scene)


def test_one_connection_and_more_recipients_than_it_takes(peer: Postfix) -> None:
    async def scene(house: Scene) -> None:
        for number in range(3):
            content = f"Subject: {number}\r\n\r\nmany-{number}-\r\n".encode()
            answers = await house.deliver(*(f"u{n}@b.test" for n in (1, 2, 3, 4)), content=content)
            assert {answer.kind for answer in answers} == {Ending.DELIVERED}
        for user in ("u1", "u4"):
            for number in range(3):
                await arrived(peer, user, f"many-{number}-".encode())

    before = peer.log().count(" connect from ")
    meet(peer, scene)
    assert peer.log().count(" connect from ") - before == 1


def test_too_large_is_known_before_it_is_sent(peer: Postfix) -> None:
    async def scene(house: Scene) -> None:
        answer = await house.one("u1@b.test", content=b"x" * 70 + b"\r\n" + b"y\r\n" * 400_000)
        assert (answer.kind, answer.enhanced) == (Ending.FAILED, "5.3.4")
        assert answer.reply.endswith("mx.b.test takes up to 1000000")

    meet(peer, scene)


def test_as_a_smart_host_it_need_not_be_found_in_the_dns(peer: Postfix) -> None:
    async def scene(house: Scene) -> None:
        route = dataclasses.replace(a_route(FakeMx(port=peer.port)), tls="encrypt")
        answer = await house.one("u2@b.test", content=b"Subject: r\r\n\r\nby-route\r\n", route=route)
        assert (answer.kind, answer.mx) == (Ending.DELIVERED, "127.0.0.1")
        await arrived(peer, "u2", b"by-route")

    meet(peer, scene)
