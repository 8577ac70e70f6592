"""What every template knows: who is signed in, the languages, how it should look."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "mailplatform_theme"


def page(request: HttpRequest) -> dict[str, Any]:
    """Nothing here asks the database before a template does."""
    chosen = request.COOKIES.get(THEME_COOKIE, "auto")
    return {
        "request": request,
        "web": getattr(request, "web", None),
        "theme": chosen if chosen in THEMES else "auto",
        "themes": THEMES,
        "languages": settings.LANGUAGES,
        "here": request.get_full_path(),
    }
