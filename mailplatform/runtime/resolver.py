"""What the DNS says about where mail goes: MX and addresses, asked of recursive resolvers, kept for their TTL.

Standards: RFC 5321 §5.1 (MX, implicit MX, order), RFC 7505 (null MX), RFC 2181 §10.3 read leniently (an MX that names an
alias is followed). Two kinds of no are kept apart everywhere: a name that is known not to exist, and a question that
could not be answered; only the first may ever refuse mail for good.

Invariants: one question is under way once, however many ask it; the memory of answers is bounded; a TTL is obeyed up to
an hour; a failure is remembered for a few seconds only. Known gaps: no DNSSEC flag yet; no driver for synchronous callers.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from mailplatform.runtime import clock

LONGEST = 3600.0
"""Seconds an answer is kept at most, whatever its TTL says."""
FAILED = 5.0
NOTHING = 60.0
"""Seconds that a failure is remembered, and that a no is, whose SOA says nothing shorter."""
MOST_ANSWERS = 20_000
MOST_RECORDS = 50
"""Records of one answer that are looked at and kept; of MX those that are preferred."""


class Found(StrEnum):
    """How a look-up ended."""

    YES = "yes"
    NOTHING = "nothing"  # the name exists, without such records
    NO_NAME = "no name"  # NXDOMAIN, or no name that DNS could have
    FAILED = "failed"  # nobody knows: servers silent, SERVFAIL, REFUSED


class MxKind(StrEnum):
    """What the MX records of a domain say."""

    LISTED = "listed"
    IMPLICIT = "implicit"  # none: the domain itself is its only host (RFC 5321 §5.1)
    NULL = "null"  # it takes no mail (RFC 7505)
    NO_NAME = "no name"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MxHost:
    """A host that takes a domain's mail; the lower preference is tried first."""

    name: str
    preference: int = 0


@dataclass(frozen=True, slots=True)
class MxAnswer:
    """hosts: in the order to try them, equals at random. detail: words about a failure."""

    kind: MxKind
    hosts: tuple[MxHost, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """Addresses of a host: IPv6 first. found is YES when there is one, FAILED when none is known but one may exist."""

    found: Found
    addresses: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    found: Found
    records: tuple[Any, ...] = ()  # (preference, host), sorted; or addresses as text
    ttl: float = NOTHING
    detail: str = ""


class Resolver:
    """servers: (address, port) of recursive resolvers, tried in order; none: the system's. timeout: of one question to one
    server, in seconds. shuffle puts equals in some order. Use one in one event loop."""

    def __init__(
        self,
        servers: Sequence[tuple[str, int]] = (),
        timeout: float = 2.0,
        *,
        ipv6: bool = True,
        shuffle: Callable[[list[Any]], None] = random.shuffle,
        now: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in servers]
        self._resolver.timeout = timeout
        self._resolver.lifetime = timeout * (max(len(self._resolver.nameservers), 1) + 1)
        self._kinds = ("AAAA", "A") if ipv6 else ("A",)
        self._shuffle = shuffle
        self._now = now
        self._kept: dict[tuple[str, str], tuple[float, _Answer]] = {}
        self._under_way: dict[tuple[str, str], asyncio.Task[_Answer]] = {}

    async def mx(self, domain: str) -> MxAnswer:
        """The hosts that take mail for a domain (A-labels)."""
        answer = await self._ask(domain, "MX")
        if answer.found is Found.NO_NAME:
            return MxAnswer(MxKind.NO_NAME, detail=answer.detail)
        if answer.found is Found.FAILED:
            return MxAnswer(MxKind.FAILED, detail=answer.detail)
        if answer.found is Found.NOTHING:
            return MxAnswer(MxKind.IMPLICIT, (MxHost(_key(domain)),))
        named = [record for record in answer.records if record[1]]
        if not named:
            return MxAnswer(MxKind.NULL)
        hosts: list[MxHost] = []
        for preference, equals in groupby(named, key=lambda pair: pair[0]):
            names = [name for _, name in equals]
            self._shuffle(names)  # RFC 5321 §5.1: spread the load among equals
            hosts.extend(MxHost(name, preference) for name in names)
        return MxAnswer(MxKind.LISTED, tuple(hosts))

    async def addresses(self, host: str) -> HostAnswer:
        """The addresses of a host, asked for at once, IPv6 before IPv4, each kind in some order."""
        answers = await asyncio.gather(*(self._ask(host, kind) for kind in self._kinds))
        found: list[str] = []
        for answer in answers:
            of_kind = list(answer.records)
            self._shuffle(of_kind)
            found.extend(of_kind)
        if found:
            return HostAnswer(Found.YES, tuple(found))
        worst = next((a for a in answers if a.found is Found.FAILED), None)
        if worst is not None:
            return HostAnswer(Found.FAILED, detail=worst.detail)
        gone = all(answer.found is Found.NO_NAME for answer in answers)
        return HostAnswer(Found.NO_NAME if gone else Found.NOTHING, detail=answers[0].detail)

    def forget(self) -> None:
        """Ask everything anew."""
        self._kept.clear()

    async def _ask(self, name: str, kind: str) -> _Answer:
        question = (_key(name), kind)
        kept = self._kept.get(question)
        if kept is not None and kept[0] > self._now():
            return kept[1]
        task = self._under_way.get(question)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._look_up(*question))
            self._under_way[question] = task
            task.add_done_callback(lambda _done: self._under_way.pop(question, None))
        # One who gives up must not take the answer away from the others.
        return await asyncio.shield(task)

    async def _look_up(self, name: str, kind: str) -> _Answer:
        answer = await self._resolve(name, kind)
        if answer.ttl > 0:
            while len(self._kept) >= MOST_ANSWERS:
                del self._kept[next(iter(self._kept))]
            self._kept.pop((name, kind), None)
            self._kept[name, kind] = (self._now() + min(answer.ttl, LONGEST), answer)
        return answer

    async def _resolve(self, name: str, kind: str) -> _Answer:
        try:
            question = dns.name.from_text(name + ".")
        except (dns.exception.DNSException, UnicodeError) as error:
            return _Answer(Found.NO_NAME, detail=f"{name[:80]} is no domain name: {error}")
        try:
            found = await self._resolver.resolve(question, kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return _Answer(Found.NO_NAME, detail=f"the domain name {name} does not exist")
        except dns.exception.Timeout:
            return _Answer(Found.FAILED, ttl=FAILED, detail=f"DNS did not answer for {name} ({kind})")
        except dns.resolver.NoNameservers:
            return _Answer(Found.FAILED, ttl=FAILED, detail=f"DNS failed for {name} ({kind})")
        except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
            return _Answer(Found.FAILED, ttl=FAILED, detail=f"DNS failed for {name} ({kind}): {type(error).__name__}")
        if found.rrset is None:
            return _Answer(Found.NOTHING, detail=f"{name} has no {kind} record")
        records = sorted(_mx(one) for one in found.rrset) if kind == "MX" else [str(one.address) for one in found.rrset]
        return _Answer(Found.YES, tuple(records[:MOST_RECORDS]), float(found.rrset.ttl))


def _mx(record: Any) -> tuple[int, str]:
    return int(record.preference), _key(record.exchange.to_text())


def _key(name: str) -> str:
    return name.rstrip(".").lower()
