"""Django's protection against forged forms, with a cookie that fits the connection.

Over TLS the cookie is Secure and its name begins with `__Host-` (RFC 6265 and its coming revision, §4.1.3.2 there), so no
neighbour on plain HTTP can set it; over plain HTTP, which is for this machine, it goes by its bare name.
"""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

SAFE = "__Host-"


def cookie_name(request: HttpRequest, name: str) -> str:
    """How a cookie of ours is called on this connection."""
    return SAFE + name if request.is_secure() else name


class Csrf(CsrfViewMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        plain = settings.CSRF_COOKIE_NAME
        here = request.COOKIES.get(cookie_name(request, plain))
        request.COOKIES.pop(plain, None)
        if here is not None:
            request.COOKIES[plain] = here
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        name = settings.CSRF_COOKIE_NAME
        if request.is_secure() and (made := response.cookies.pop(name, None)) is not None:
            response.set_cookie(SAFE + name, made.value, max_age=made["max-age"], secure=True, httponly=True, samesite="Strict")
        return response
