"""Guessing made slow: failures are counted by account and by client network; each makes the answer come later, and too many of
them shut the door for a while.

Throttle: the answer to a wrong password waits, half a second at first, twice as long with each further one, up to the longest
delay; doors hold it back, no thread does. Lock-out: from the `failures`th on nothing is looked at for a second, then for two, and
so on up to `longest_seconds`, so a guesser costs no hashing. Both are the same words to the client, as late; an administrator
tells them apart (access.failures). A network from which the account was entered lately keeps its own count, so that strangers
cannot lock somebody out of their own desk. Networks are a /32 of IPv4, a /64 of IPv6. The counts stand in one table for all
processes and machines, which is read again at most once a second for the doors that are shut.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache

from django.conf import settings

from mailplatform.access.failures import Ledger
from mailplatform.runtime.ratelimit import Counter, LocalCounter

_FIRST_SECONDS = 1.0
_NETWORK_FACTOR = 4  # an office behind one address mistypes more than one person does
_KNOWN_SECONDS = 86400.0
_KNOWN_ENTRIES = 20_000
_READ_EVERY = 1.0


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
    """The counts of one process, or of all where there is a ledger.

    failures: so many of one account within `window_seconds` shut it; times four for a network. first_delay, longest_delay:
    seconds that the answer to the first failure waits, and at most.
    """

    def __init__(
        self,
        counter: Counter,
        *,
        failures: int,
        window_seconds: float,
        longest_seconds: float,
        first_delay: float = 0.0,
        longest_delay: float = 0.0,
        ledger: Ledger | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counter = counter
        self._ledger = ledger
        self._failures, self._window, self._longest = failures, window_seconds, longest_seconds
        self._first_delay, self._longest_delay = first_delay, longest_delay
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._shut: OrderedDict[str, float] = OrderedDict()
        self._failing: set[str] = set()
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    @property
    def longest_delay(self) -> float:
        """What an answer waits when nothing is looked at: as long as after many failures."""
        return self._longest_delay

    def shut(self, login: str, client_address: str) -> bool:
        """Whether this account, or this network, has to wait."""
        now = self._monotonic()
        if self._ledger is not None and now - self._read_at >= _READ_EVERY:
            self._read_at = now
            standing = self._ledger.standing()
            with self._lock:
                self._shut = OrderedDict((key, now + left) for key, left in standing.items())
        with self._lock:
            return any(self._shut.get(key, 0.0) > now for key in self._keys(login, network(client_address), now))

    def failed(self, login: str, client_address: str, protocol: str = "") -> float:
        """Count a wrong password (or an unknown login); seconds that the answer is to wait."""
        now = self._monotonic()
        where = network(client_address)
        account = self._account_key(login, where, now)
        delay = 0.0
        for key, who, place, factor in (
            (account, login, where if account != login else "", 1),
            (f"net {where}", "", where, _NETWORK_FACTOR),
        ):
            with self._lock:
                self._failing.add(key)
            if self._ledger is not None:
                count = self._ledger.hit(key, who, place, client_address, protocol, self._window)
            else:
                count = self._counter.hit(f"login {key}", self._window)
            delay = max(delay, self._delay(count // factor))
            excess = count - self._failures * factor
            if excess >= 0:
                self._close(key, min(self._longest, _FIRST_SECONDS * 2.0 ** min(excess, 30)), first=excess == 0)
        return delay

    def succeeded(self, login: str, client_address: str) -> None:
        """Remember that this network is one of the account's own, and forget the failures it had from there."""
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
            if self._ledger is not None:
                self._ledger.forget(own)
            else:
                self._counter.clear(f"login {own}")

    def _delay(self, count: int) -> float:
        return min(self._longest_delay, self._first_delay * 2.0 ** min(count - 1, 30)) if count > 0 else 0.0

    def _close(self, key: str, seconds: float, *, first: bool) -> None:
        if self._ledger is not None:
            self._ledger.shut(key, seconds, first=first)
        with self._lock:
            self._shut[key] = self._monotonic() + seconds
            self._shut.move_to_end(key)
            while len(self._shut) > _KNOWN_ENTRIES:
                self._shut.popitem(last=False)

    def _keys(self, login: str, where: str, now: float) -> tuple[str, str]:
        return self._account_key(login, where, now), f"net {where}"

    def _account_key(self, login: str, where: str, now: float) -> str:
        return f"{login} {where}" if self._known.get((login, where), 0.0) > now else login


@cache
def lockout() -> Lockout:
    """The one of this process, with the site's limits and the ledger of all; made at first use."""
    access = settings.SITE.access
    return Lockout(
        LocalCounter(),
        failures=access.lockout_failures,
        window_seconds=access.lockout_window_seconds,
        longest_seconds=access.lockout_seconds,
        first_delay=access.failure_delay_seconds,
        longest_delay=access.failure_delay_longest_seconds,
        ledger=Ledger(),
    )
