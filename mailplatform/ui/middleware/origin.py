"""From where a request comes: the client's address, and whether it came over TLS.

Both are what the connection says, unless it is a proxy of `[web] proxy_networks`: then X-Forwarded-For is read from its
right end, as far as proxies of ours wrote it, and X-Forwarded-Proto counts. From anybody else these fields mean nothing.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from mailplatform.runtime.addresses import canonical, client_address, network, within

Answer = Callable[[HttpRequest], HttpResponse]


class Origin:
    """Sets `request.client_address` (canonical) and the scheme."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxies = [network(text) for text in settings.SITE.web.proxy_networks]
        peer = canonical(request.META.get("REMOTE_ADDR", ""))
        address = client_address(peer, request.headers.get("X-Forwarded-For", ""), proxies)
        request.client_address = address  # type: ignore[attr-defined]
        if within(peer, proxies) and request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https":
            request.META["wsgi.url_scheme"] = "https"
        return self._answer(request)
