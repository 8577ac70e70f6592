"""The outside world and the role that calls it: a DNS server, mail exchangers by domain, and the outbound role, in one loop.

The loop runs in a thread of its own; `world.mx["b.test"]` is a FakeMx that its domain's MX record leads to. All listen on one
port of different loopback addresses, as `[outbound] port` names one for all.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import uvloop
from django.conf import settings

from mailplatform.settings.site import SiteConfig
from protocols.smtp.agent import service
from tests.support.dns_server import DnsServer
from tests.support.fake_mx import FakeMx

SWIFT: dict[str, Any] = {
    "retry_after": (0.2,),
    "tick_missing_seconds": 0.3,
    "poll_seconds": 0.1,
    "probe_longest_seconds": 0.2,
    "lease_seconds": 30.0,
    "drain_seconds": 2.0,
    "connect_timeout_seconds": 2.0,
    "command_timeout_seconds": 2.0,
    "greeting_timeout_seconds": 2.0,
}


class World:
    """What stands outside; `site` is the one in force while it runs."""

    def __init__(self, site: SiteConfig, domains: Sequence[str], more: dict[str, Any]) -> None:
        self.mx = {name: FakeMx(host=f"127.0.0.{n}") for n, name in enumerate(domains, 2)}
        self.dns = DnsServer()
        self.site = site
        self._more = more
        self._ready, self._moved = threading.Event(), threading.Condition()
        self._failed: BaseException | None = None

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.dns)
            port = 0
            for name, mx in self.mx.items():
                mx.port = port
                await stack.enter_async_context(mx)
                port = mx.port
                self.dns.set(name, "MX", f"10 mx.{name}.")
                self.dns.set(f"mx.{name}", "A", mx.host)
            outbound = dataclasses.replace(self.site.outbound, **{**SWIFT, "port": port, **self._more})
            dns = dataclasses.replace(self.site.dns, servers=("{}:{}".format(*self.dns.address),))
            self.site = dataclasses.replace(self.site, outbound=outbound, dns=dns)
            settings.SITE = self.site
            await service.serve(self.site, self._stopping, ready=self._ready.set)

    def run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            self._failed = error
        finally:
            self._ready.set()

    def wait(self, condition: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Until the condition holds; it is looked at whenever the world may have moved. AssertionError after so long."""
        deadline = threading.Event()
        for _ in range(int(seconds / 0.05)):
            if found := condition():
                return found
            assert self._failed is None, self._failed
            deadline.wait(0.05)
        raise AssertionError(f"{condition} does not hold after {seconds} s")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)


@contextmanager
def outside(site: SiteConfig, domains: Sequence[str], **more: Any) -> Iterator[World]:
    """The world with these domains, and the outbound role in it. more: keys of `[outbound]`."""
    before = settings.SITE
    world = World(site, domains, more)
    thread = threading.Thread(target=world.run, name="outside", daemon=True)
    thread.start()
    try:
        assert world._ready.wait(20)
        if world._failed is not None:
            raise world._failed
        yield world
        world.stop()
        thread.join(20)
        assert not thread.is_alive(), "the outbound role does not stop"
    finally:
        settings.SITE = before
