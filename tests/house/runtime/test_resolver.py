"""Where mail goes, by a DNS server that has good and bad days (RFC 5321 §5.1, RFC 7505)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from mailplatform.runtime.resolver import Found, HostAnswer, MxAnswer, MxHost, MxKind, Resolver
from tests.support.dns_server import DnsServer

R = TypeVar("R")

RECORDS = {
    ("a.test", "MX"): ["20 mx2.a.test.", "10 mx1.a.test.", "10 mx0.a.test."],
    ("mx1.a.test", "A"): ["127.0.0.2"],
    ("mx1.a.test", "AAAA"): ["::1"],
    ("bare.test", "A"): ["127.0.0.3"],
    ("null.test", "MX"): ["0 ."],
    ("odd.test", "MX"): ["0 .", "10 mx1.a.test."],
    ("alias.test", "CNAME"): ["bare.test."],
    ("down.test", "A"): ["127.0.0.9"],
}


def ask(question: Callable[[Resolver, DnsServer], Awaitable[R]], *, ttl: int = 0, **options: Any) -> R:
    async def scene() -> R:
        async with DnsServer(RECORDS, ttl=ttl) as server:
            server.failing.add("down.test")
            server.silent.add("silent.test")
            server.garbage.add("garbage.test")
            server.truncated.add("a.test")
            return await question(Resolver([server.address], options.pop("timeout", 2.0), **options), server)

    return asyncio.run(scene())


def mx(domain: str, **options: Any) -> MxAnswer:
    return ask(lambda resolver, _server: resolver.mx(domain), **options)


def addresses(host: str, **options: Any) -> HostAnswer:
    return ask(lambda resolver, _server: resolver.addresses(host), **options)


def test_hosts_come_in_order_equals_as_shuffled() -> None:
    hosts = mx("A.test.", shuffle=lambda names: names.sort(reverse=True))
    assert hosts == MxAnswer(MxKind.LISTED, (MxHost("mx1.a.test", 10), MxHost("mx0.a.test", 10), MxHost("mx2.a.test", 20)))


def test_equals_change_places() -> None:
    assert {mx("a.test").hosts[0].name for _ in range(30)} == {"mx0.a.test", "mx1.a.test"}


@pytest.mark.parametrize(
    ("domain", "kind", "hosts"),
    [
        ("bare.test", MxKind.IMPLICIT, ("bare.test",)),
        ("alias.test", MxKind.IMPLICIT, ("alias.test",)),
        ("null.test", MxKind.NULL, ()),
        ("odd.test", MxKind.LISTED, ("mx1.a.test",)),  # RFC 7505 §3: a null MX stands alone or is none
        ("nowhere.test", MxKind.NO_NAME, ()),
        ("down.test", MxKind.FAILED, ()),
        ("garbage.test", MxKind.FAILED, ()),
        ("x" * 64 + ".test", MxKind.NO_NAME, ()),
        ("a..test", MxKind.NO_NAME, ()),
    ],
)
def test_what_a_domain_says(domain: str, kind: MxKind, hosts: tuple[str, ...]) -> None:
    answer = mx(domain, timeout=0.3)
    assert (answer.kind, tuple(host.name for host in answer.hosts)) == (kind, hosts)


def test_silence_is_a_failure_not_a_no() -> None:
    answer = mx("silent.test", timeout=0.05)
    assert (answer.kind, answer.detail) == (MxKind.FAILED, "DNS did not answer for silent.test (MX)")


def test_nobody_listens() -> None:
    async def scene() -> MxAnswer:
        async with DnsServer({}) as server:
            address = server.address
        return await Resolver([address], 0.05).mx("a.test")

    assert asyncio.run(scene()).kind is MxKind.FAILED


def test_ipv6_stands_first() -> None:
    assert addresses("mx1.a.test").addresses == ("::1", "127.0.0.2")
    assert addresses("mx1.a.test", ipv6=False).addresses == ("127.0.0.2",)
    assert addresses("alias.test").addresses == ("127.0.0.3",)


def test_kinds_of_no_addresses() -> None:
    assert addresses("null.test").found is Found.NOTHING
    assert addresses("nowhere.test").found is Found.NO_NAME
    assert addresses("down.test").found is Found.FAILED


def test_a_long_answer_comes_by_tcp() -> None:
    async def question(resolver: Resolver, server: DnsServer) -> tuple[MxKind, int]:
        return (await resolver.mx("a.test")).kind, server.by_tcp

    assert ask(question) == (MxKind.LISTED, 1)


def test_an_answer_is_kept_for_its_ttl_and_asked_for_once() -> None:
    now = [0.0]

    async def question(resolver: Resolver, server: DnsServer) -> list[int]:
        counts = []
        for moment in (0.0, 29.0, 31.0):
            now[0] = moment
            await asyncio.gather(*(resolver.mx("a.test") for _ in range(20)))
            counts.append(server.asked["a.test", "MX"])
        return counts

    # Each question is asked twice here: by UDP, which says "too long", and by TCP.
    assert ask(question, ttl=30, now=lambda: now[0]) == [2, 2, 4]


def test_one_who_gives_up_leaves_the_answer_to_others() -> None:
    async def question(resolver: Resolver, _server: DnsServer) -> MxKind:
        hasty = asyncio.ensure_future(resolver.mx("bare.test"))
        patient = asyncio.ensure_future(resolver.mx("bare.test"))
        await asyncio.sleep(0)
        hasty.cancel()
        return (await patient).kind

    assert ask(question) is MxKind.IMPLICIT


def test_a_domain_with_a_thousand_hosts_has_fifty() -> None:
    async def question(resolver: Resolver, server: DnsServer) -> MxAnswer:
        server.set("many.test", "MX", *(f"{n} mx{n}.many.test." for n in range(1000, 0, -1)))
        server.set("many.test", "A", *(f"127.{n // 250}.{n % 250}.1" for n in range(1000)))
        assert len((await resolver.addresses("many.test")).addresses) == 50
        return await resolver.mx("many.test")

    assert [host.preference for host in ask(question).hosts] == list(range(1, 51))
