"""What stands around every HTTP request of the web: its id, its line in the log, its figures, and ``/metrics``.

WSGI, before Django: figures need no sign-in and no database. They go to the networks of ``[metrics] networks`` only, judged by
the address that the connection comes from; a request that a proxy passed on (X-Forwarded-For, Forwarded) is refused, since a
proxy on loopback would show them to everybody.
Invariants: a request has one id, in the log, in X-Request-ID of the answer and nowhere taken from the client; the log has the
path without its query, where tokens could stand.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mailplatform.runtime import health, metrics
from mailplatform.runtime import log as house_log

log = logging.getLogger(__name__)

REQUESTS = metrics.Counter("http_requests_total", "Requests of the web by method and status.", "method", "status")
SECONDS = metrics.Histogram("http_request_seconds", "How long the web took to begin its answer.")
_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR")
)
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def around(application: Wsgi, folder: Path, networks: health.Networks) -> Wsgi:
    """The application with all that. folder: the status sockets of this instance."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.monotonic()
        identity = secrets.token_hex(8)
        token = house_log.request.set(identity)

        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            _count(environ, status, time.monotonic() - began)
            return start_response(status, [*headers, ("X-Request-ID", identity)], *more)

        try:
            if environ.get("PATH_INFO") == "/metrics":
                return _figures(environ, begin, folder, networks)
            return application(environ, begin)
        finally:
            house_log.request.reset(token)

    return answer


def _count(environ: dict[str, Any], status: str, seconds: float) -> None:
    method = str(environ.get("REQUEST_METHOD", ""))
    REQUESTS.add(1, method if method in _METHODS else "other", status[:3])
    SECONDS.observe(seconds)
    path = str(environ.get("PATH_INFO", ""))[:200].encode("unicode_escape").decode()
    if path not in ("/healthz", "/metrics"):
        log.info("%s %s %s %s %.3f s", environ.get("REMOTE_ADDR", "-"), method, path, status[:3], seconds)


def _figures(environ: dict[str, Any], begin: Callable[..., Any], folder: Path, networks: health.Networks) -> Iterable[bytes]:
    asks = str(environ.get("REMOTE_ADDR", ""))
    if any(name in environ for name in _FORWARDED) or not health.within(asks, networks):
        begin("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"figures are for [metrics] networks\n"]
    body = metrics.merged(text for _, status, text in health.everyone(folder, "/metrics") if status == 200).encode()
    begin("200 OK", [("Content-Type", metrics.CONTENT_TYPE), ("Content-Length", str(len(body)))])
    return [body]
