"""From where a request comes: the client's address, and whether it came over TLS.

Both are what the connection says, unless it is a proxy of `[web] proxy_networks`: then X-Forwarded-For is read from its
right end, as far as proxies of ours wrote it, and X-Forwarded-Proto counts. From anybody else these fields mean nothing.
"""

import ipaddress
from collections.abc import Callable, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Answer = Callable[[HttpRequest], HttpResponse]


class Origin:
    """Sets `request.client_address` (canonical; "" for a unix socket) and the scheme."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxies = [ipaddress.ip_network(text) for text in settings.SITE.web.proxy_networks]
        peer = request.META.get("REMOTE_ADDR", "")
        address = client_address(peer, request.headers.get("X-Forwarded-For", ""), proxies)
        request.client_address = address  # type: ignore[attr-defined]
        if _within(canonical(peer), proxies) and request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https":
            request.META["wsgi.url_scheme"] = request.environ["wsgi.url_scheme"] = "https"  # type: ignore[attr-defined]
        return self._answer(request)


def client_address(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """The address of whoever asks: the last one that no proxy of ours has. What is not an address ends the search."""
    address = canonical(peer)
    for hop in reversed(forwarded.split(",")):
        if not _within(address, proxies):
            break
        further = canonical(hop.strip())
        if not further:
            break
        address = further
    return address


def canonical(text: str) -> str:
    """An address as policies compare it, v4-mapped IPv6 folded; "" for what is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _within(address: str, networks: Sequence[Network]) -> bool:
    if not address:
        return False
    known = ipaddress.ip_address(address)
    return any(known.version == network.version and known in network for network in networks)
