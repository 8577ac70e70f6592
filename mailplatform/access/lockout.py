"""Guessing made slow: failures are counted by account and by client network, and too many of them shut the door for a
while.

The pause begins at one second and doubles with each further failure up to `longest_seconds`; nothing is looked at
meanwhile, so a guesser costs no hashing. A network from which the account was entered lately keeps its own count, so
that strangers cannot lock somebody out of their own desk. Networks are a /32 of IPv4, a /64 of IPv6. Counts are
shared through Valkey where there is one (runtime.ratelimit), and kept per process at the same limits where there is
none.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache

from django.conf import settings

from mailplatform.runtime import metrics
from mailplatform.runtime.ratelimit import Counter, SharedCounter

SIGN_INS = metrics.Counter(
    "sign_ins_total", "Sign-ins by outcome: good, failed (what was sent was wrong), shut (locked out).", "outcome"
)

_FIRST_SECONDS = 1.0
_NETWORK_FACTOR = 4  # an office behind one address mistypes more than one person does
_KNOWN_SECONDS = 86400.0
_KNOWN_ENTRIES = 20_000


def network(client_address: str) -> str:
    """The network an address counts for; v4-mapped IPv6 is IPv4. Anything else counts as it is written."""
    try:
        address = ipaddress.ip_address(client_address.partition("%")[0])
    except ValueError:
        return client_address
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(address), 64), strict=False))
        address = address.ipv4_mapped
    return str(address)


class Lockout:
    """The counts of one process, or of all where `counter` is shared.

    failures: so many of one account within `window_seconds` shut it; times four for a network.
    """

    def __init__(
        self,
        counter: Counter,
        *,
        failures: int,
        window_seconds: float,
        longest_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counter = counter
        self._failures, self._window, self._longest = failures, window_seconds, longest_seconds
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._shut: OrderedDict[str, float] = OrderedDict()
        self._failing: set[str] = set()
        self._lock = threading.Lock()

    def shut(self, login: str, client_address: str) -> bool:
        """Whether this account, or this network, has to wait. Costs no call to anything outside the process."""
        now = self._monotonic()
        with self._lock:
            shut = any(self._shut.get(key, 0.0) > now for key in self._keys(login, network(client_address), now))
        if shut:
            SIGN_INS.add(1, "shut")
        return shut

    def failed(self, login: str, client_address: str) -> None:
        """Count a wrong password (or an unknown login)."""
        SIGN_INS.add(1, "failed")
        now = self._monotonic()
        where = network(client_address)
        for key, most in (
            (self._account_key(login, where, now), self._failures),
            (f"net {where}", self._failures * _NETWORK_FACTOR),
        ):
            with self._lock:
                self._failing.add(key)
            excess = self._counter.hit(f"login {key}", self._window) - most
            if excess >= 0:
                self._close(key, now + min(self._longest, _FIRST_SECONDS * 2.0 ** min(excess, 30)))

    def succeeded(self, login: str, client_address: str) -> None:
        """Remember that this network is one of the account's own, and forget the failures it had from there."""
        SIGN_INS.add(1, "good")
        where = network(client_address)
        own = f"{login} {where}"
        with self._lock:
            self._known[login, where] = self._monotonic() + _KNOWN_SECONDS
            self._known.move_to_end((login, where))
            while len(self._known) > _KNOWN_ENTRIES:
                self._known.popitem(last=False)
            failed = own in self._failing
            self._failing.discard(own)
            self._shut.pop(own, None)
        if failed:
            self._counter.clear(f"login {own}")

    def _close(self, key: str, until: float) -> None:
        with self._lock:
            self._shut[key] = until
            self._shut.move_to_end(key)
            while len(self._shut) > _KNOWN_ENTRIES:
                self._shut.popitem(last=False)

    def _keys(self, login: str, where: str, now: float) -> tuple[str, str]:
        return self._account_key(login, where, now), f"net {where}"

    def _account_key(self, login: str, where: str, now: float) -> str:
        return f"{login} {where}" if self._known.get((login, where), 0.0) > now else login


@cache
def lockout() -> Lockout:
    """The one of this process, with the site's limits and counts shared through Valkey; made at first use."""
    access, server = settings.SITE.access, settings.SITE.redis
    return Lockout(
        SharedCounter(settings.SITE.redis_url, timeout=server.timeout_seconds, breaker=server.breaker_seconds),
        failures=access.lockout_failures,
        window_seconds=access.lockout_window_seconds,
        longest_seconds=access.lockout_seconds,
    )
