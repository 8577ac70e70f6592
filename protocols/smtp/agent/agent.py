"""The outbound agent: carries one message to its recipients at one destination, and says what each attempt came to.

`SmtpAgent` is the DeliveryAgent of the transport `smtp`. It knows neither queue nor database: it gets a lease as a value,
reads content through a parameter, asks before the final dot, and returns outcomes; when to try again, what to report and
to whom is decided by those who asked.

An attempt: a waiting connection, if there is one; else the destination's hosts in order, each address of theirs, until one
takes a transaction to its end. Invariants: every item of the lease gets one outcome, whatever happens on the other side,
in bounded time and memory; an outcome is "failed" only where a server said 5xx to that recipient or message, where the DNS
is sure, or where the server cannot take such a message; all else is put off with a reason. A lease that is lost ends the
attempt before its dot, and nothing is said about it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailplatform.runtime.errors import MailError
from mailplatform.runtime.resolver import Resolver
from mailplatform.settings.site import server_address
from mailplatform.transport import values
from mailplatform.transport.values import Lease, LeasedItem, Outcome
from protocols.smtp.agent.connect import Call, Caller, Login, Own
from protocols.smtp.agent.content import Content, Read, Unreadable
from protocols.smtp.agent.link import Link, Trouble
from protocols.smtp.agent.pool import Pool
from protocols.smtp.agent.targets import SmartHost, calls
from protocols.smtp.agent.transaction import DEFERRED, BeforeDot, Ending, LeaseLost, ending_of, transact
from protocols.smtp.wire.client_commands import Envelope, ForwardPath

if TYPE_CHECKING:
    from mailplatform.settings.defaults import Outbound
    from mailplatform.settings.site import SiteConfig

log = logging.getLogger(__name__)
_GOODBYE = 421


@dataclass(frozen=True, slots=True)
class _Told:
    """An ending, and where it came about."""

    ending: Ending
    host: str = ""
    address: str = ""
    tls: tuple[str, str] = ("", "")
    note: str = ""
    reports: bool = False  # the server has taken over who is to be told what (RFC 3461)


@dataclass(slots=True)
class _Attempt:
    """One lease on its way."""

    lease: Lease
    envelope: Envelope
    content: Content
    before_dot: BeforeDot
    deadline: float

    @property
    def is_late(self) -> bool:
        return asyncio.get_running_loop().time() >= self.deadline


class SmtpAgent:
    """terms: `[outbound]`. read: the content of a blob, in pieces. own: who we are. One event loop, many deliveries at once."""

    def __init__(self, terms: Outbound, resolver: Resolver, read: Read, *, own: Own, caller: Caller | None = None) -> None:
        self._terms = terms
        self._resolver = resolver
        self._read = read
        self._own = own
        self._caller = caller or Caller(terms, own)
        self._pool = Pool(terms)

    @classmethod
    def for_site(cls, site: SiteConfig, read: Read) -> SmtpAgent:
        """The agent by a site's configuration; make it inside the loop that uses it."""
        servers = [server_address(text) for text in site.dns.servers]
        resolver = Resolver(servers, site.dns.timeout_seconds, ipv6=site.outbound.ipv6)
        return cls(site.outbound, resolver, read, own=own_of(site))

    async def deliver(self, lease: Lease, *, before_dot: BeforeDot) -> list[Outcome]:
        """One attempt at all items of a lease, an outcome each; none when the lease was lost before the dot.

        before_dot: renews the lease and notes that from here on delivery may happen unseen; False: it is lost. It may be asked
        again, when a server took part of the recipients only or another server is tried."""
        message = lease.message
        attempt = _Attempt(
            lease,
            Envelope(
                message.reverse_path,
                len(message.prefix) + message.size,
                smtputf8=message.smtputf8
                or not "".join([message.reverse_path, *(i.forward_path for i in lease.items)]).isascii(),
                ret=message.ret,
                envid=message.envid,
            ),
            Content(message.prefix, message.blob_id, message.size, self._read, eight_bit=message.body8bit),
            before_dot,
            asyncio.get_running_loop().time() + self._terms.attempt_timeout_seconds,
        )
        try:
            await attempt.content.load()
            told = await self._try(attempt)
        except LeaseLost:
            return []
        except Unreadable as error:
            told = [_ours(str(error))] * len(lease.items)
        except MailError as error:  # of before_dot: the database is away
            told = [_ours(f"the queue could not be asked before the end of the message: {error.public}")] * len(lease.items)
        except Exception:
            log.exception("an attempt at %s for %s broke", message.trace_id, lease.destination)
            told = [_ours("a fault of ours, the attempt will be repeated")] * len(lease.items)
        return [_outcome(item, one) for item, one in zip(lease.items, told, strict=True)]

    async def close(self) -> None:
        """End the connections that wait."""
        await self._pool.close()

    async def _try(self, attempt: _Attempt) -> list[_Told]:
        route = attempt.lease.route
        smart_host = None
        if route is not None:
            login = Login(route.login, route.password, route.auth_without_tls) if route.login else None
            smart_host = SmartHost(route.name, route.host, route.port or self._terms.port, route.tls, login)
        key = f"route {smart_host.name}" if smart_host else f"to {attempt.lease.destination}"
        link = self._pool.take(key)
        if link is not None:
            told = await self._over(link, attempt, key)
            if not isinstance(told, _Told):
                return told
            # What had waited too long says nothing about its server: call it anew.
        return await self._call(attempt, smart_host, key)

    async def _call(self, attempt: _Attempt, smart_host: SmartHost | None, key: str) -> list[_Told]:
        """Host after host, until one takes a transaction to its end; else why none did: what may pass counts more than what
        will not, and the last word more than those before."""
        passing: _Told | None = None
        lasting: _Told | None = None
        tried = sessions = 0
        tls = "may" if self._terms.tls else "none"
        destination = attempt.lease.destination
        found = calls(destination, smart_host, self._resolver, self._own.hostname, self._terms.port, tls)
        try:
            async with aclosing(found) as hosts:
                async for call in hosts:
                    if isinstance(call, Trouble):
                        failed = _Told(ending_of(call))
                    elif tried >= self._terms.addresses_a_try or sessions >= self._terms.sessions_a_try or attempt.is_late:
                        passing = passing or (lasting and _put_off(lasting))  # others are left for the next attempt
                        break
                    else:
                        tried += 1
                        result = await self._session(call, attempt, key)
                        if not isinstance(result, _Told):
                            return result
                        failed = result
                        sessions += failed.ending.stage != "connect"
                    if smart_host is not None and failed.ending.enhanced != "5.4.6":
                        failed = _put_off(failed)  # a smart host that will not have us is our own mistake
                    if failed.ending.kind == DEFERRED:
                        passing = failed
                    else:
                        lasting = failed
        except Trouble as trouble:
            lasting = _Told(ending_of(trouble))
        worst = passing or lasting or _Told(Ending(DEFERRED, "dns", "no mail server was found", 0, "4.4.4"))
        return [worst] * len(attempt.lease.items)

    async def _session(self, call: Call, attempt: _Attempt, key: str) -> list[_Told] | _Told:
        """One call. The endings, or why another host may be tried."""
        try:
            link = await self._caller.open(call, attempt.deadline)
        except Trouble as trouble:
            return _Told(ending_of(trouble), call.host, call.address)
        return await self._over(link, attempt, key)

    async def _over(self, link: Link, attempt: _Attempt, key: str) -> list[_Told] | _Told:
        """Transactions over an open link, as many as its server wants for these recipients."""
        link.deadline = attempt.deadline
        told: dict[int, _Told] = {}
        waiting = list(range(len(attempt.lease.items)))
        paths = [ForwardPath(item.forward_path, item.notify, item.orcpt) for item in attempt.lease.items]
        where = _Told(_NOTHING, link.host, link.address, link.tls, link.note, link.offered.dsn)
        try:
            while waiting:
                try:
                    endings = await transact(
                        link, attempt.envelope, [paths[n] for n in waiting], attempt.content, self._terms, attempt.before_dot
                    )
                except Trouble as trouble:
                    endings = [ending_of(trouble)] * len(waiting)
                    if not told:
                        return replace(where, ending=endings[0])
                except LeaseLost:
                    if not told:
                        raise
                    break
                if not told and all(ending.code == _GOODBYE and ending.stage != "dot" for ending in endings):
                    return replace(where, ending=endings[0])
                told |= {n: replace(where, ending=ending) for n, ending in zip(waiting, endings, strict=True)}
                again = [n for n in waiting if told[n].ending.again]
                waiting = again if link.is_usable else []
        except BaseException:
            link.abort()
            raise
        self._pool.give(key, link)
        return [told[n] for n in sorted(told)]


_NOTHING = Ending(DEFERRED, "connect", "")


def _ours(words: str) -> _Told:
    """What kept us, not them."""
    return _Told(Ending(DEFERRED, "data", words, 0, "4.3.0"))


def _put_off(told: _Told) -> _Told:
    return replace(told, ending=replace(told.ending, kind=DEFERRED))


def own_of(site: SiteConfig) -> Own:
    """Who this site is, and where its MX listens."""
    ways = site.listeners().get("smtp", [])
    return Own(site.hostname, frozenset((way.host, way.port) for way in ways))


def _outcome(item: LeasedItem, told: _Told) -> Outcome:
    ending = told.ending
    words = f"{ending.words} ({told.note})" if told.note else ending.words
    return Outcome(
        item_id=item.item_id,
        token=item.token,
        kind=values.Ending(ending.kind),
        reply=words[:500],
        code=ending.code,
        enhanced=ending.enhanced,
        mx=told.host,
        address=told.address,
        tls=" ".join(told.tls).strip(),
        stage=values.Stage(ending.stage),
        in_doubt=ending.in_doubt,
        dsn_relayed=told.reports,
        again=ending.again,
    )
