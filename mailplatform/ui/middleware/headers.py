"""What a browser is told to keep to: our own scripts and styles only, no frames, no guessing of types, TLS where it is.

Nothing is allowed inline, neither script nor style, so text that slipped into a page unescaped would still do nothing.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from mailplatform.ui.middleware.origin import Answer

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Adds them to every answer; pages are kept by no cache, so that the back button shows nobody else's mail platform."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._answer(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.is_secure() and settings.SITE.web.hsts_seconds:
            response.headers["Strict-Transport-Security"] = f"max-age={int(settings.SITE.web.hsts_seconds)}"  # RFC 6797 §6.1
        return response
