"""Styles and scripts, served by ourselves: read once, named by their content, kept by browsers for a year.

No build, no folder to collect into: the few files of ours, and htmx as the django-htmx package brings it, stand in
memory, compressed once. A changed file has a new name, so nobody ever sees an old one.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

HERE = files("mailplatform.ui") / "static" / "ui"
FROM_OTHERS = {"htmx.js": files("django_htmx") / "static" / "django_htmx" / "htmx-2.min.js"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes plain and compressed, its type, and the name that its content gives it."""

    tag: str
    kind: str
    plain: bytes
    packed: bytes


@cache
def asset(name: str) -> Asset:
    """The file of this name. Raises FileNotFoundError."""
    name = "".join(name)  # templates hand over a kind of text that paths do not take
    places = [FROM_OTHERS[name]] if name in FROM_OTHERS else [HERE / name] if name.replace(".", "").isalnum() else []
    if not places or not places[0].is_file():
        raise FileNotFoundError(name)
    plain = places[0].read_bytes()
    tag = hashlib.sha256(plain).hexdigest()[:12]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(tag, f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, plain, gzip.compress(plain, 9, mtime=0))


def url_of(name: str) -> str:
    """Where browsers find it."""
    return reverse("ui:asset", args=[asset(name).tag, name])


def serve(request: HttpRequest, tag: str, name: str) -> HttpResponse:
    """The file; one that is asked for by an old content's name is given, but not to keep."""
    try:
        found = asset(name)
    except FileNotFoundError:
        return HttpResponse("there is no such file\n", status=404, content_type="text/plain; charset=utf-8")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.packed if packed else found.plain, content_type=found.kind)
    response.headers["Cache-Control"] = _FOREVER if tag == found.tag else "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
