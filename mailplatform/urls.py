"""Pages by string: each web and each HTTP protocol brings a URLconf of its own and is mounted here by its dotted path."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path

handler400 = "mailplatform.ui.errors.bad_request"
handler403 = "mailplatform.ui.errors.forbidden"
handler404 = "mailplatform.ui.errors.not_found"
handler500 = "mailplatform.ui.errors.failed"


def front(request: HttpRequest) -> HttpResponse:
    """The front door leads to the administrators' web, until people have one of their own there."""
    return HttpResponseRedirect("/admin/")


def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process answers; says nothing of the rest, so that a lost database does not restart the web."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


urlpatterns: list[URLPattern | URLResolver] = [
    path("", front, name="front"),
    path("healthz", healthz),
    path("", include("mailplatform.ui.urls")),
    path("admin/", include("webadmin.urls")),
]
