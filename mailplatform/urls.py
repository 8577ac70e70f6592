"""Pages by string: each web and each HTTP protocol brings a URLconf of its own and is mounted here by its dotted path."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path


def front(request: HttpRequest) -> HttpResponse:
    """What stands at / until a web is mounted there."""
    return HttpResponse("mailplatform is running.\n", content_type="text/plain; charset=utf-8")


def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process answers; says nothing of the rest, so that a lost database does not restart the web."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


urlpatterns: list[URLPattern | URLResolver] = [
    path("", front),
    path("healthz", healthz),
]
