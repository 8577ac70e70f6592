"""Who asks: the session of a request's cookie, read once and only where a page wants it, and what it says next (toasts)."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from mailplatform.access import web_sessions
from mailplatform.access.values import Identity
from mailplatform.access.web_sessions import Visit
from mailplatform.directory.values import Actor
from mailplatform.runtime.database import close_connection, lost
from mailplatform.ui.middleware.csrf import cookie_name
from mailplatform.ui.middleware.origin import Answer

COOKIE = "mailplatform_session"
LOOKS_AGAIN = "X-Looks-Again"
"""Sent by pages that ask for news by themselves: no sign that somebody sits there, so the session becomes idle all the same."""
_MOST_TOASTS = 5


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take a thing back: a form that posts these fields there."""

    url: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Toast:
    """One sentence on the next page."""

    text: str
    undo: Undo | None = None
    kind: str = "done"


class Web:
    """What pages know of whoever asks; `request.web`."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._new: list[Toast] = []
        self._shown = False

    @property
    def client_address(self) -> str:
        return str(getattr(self._request, "client_address", ""))

    @cached_property
    def visit(self) -> Visit | None:
        """The session, None for those who are not signed in. The first question a request asks of the database, so a connection
        that was lost since the last request is found out here, and opened again."""
        key = self._request.COOKIES.get(cookie_name(self._request, COOKIE), "")
        if not key:
            return None
        asked: dict[str, Any] = {"client_address": self.client_address, "busy": LOOKS_AGAIN not in self._request.headers}
        try:
            return web_sessions.visit(key, **asked)
        except (OperationalError, InterfaceError) as error:
            if not lost(error):
                raise
            close_connection()
            return web_sessions.visit(key, **asked)

    @property
    def identity(self) -> Identity | None:
        return self.visit.identity if self.visit else None

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit. Only where somebody is signed in."""
        assert self.identity is not None
        return Actor(self.identity.user_id, self.identity.login)

    def say(self, text: str, undo: Undo | None = None, kind: str = "done") -> None:
        """Show a sentence on the next page, with a way back where there is one."""
        self._new.append(Toast(text, undo, kind))

    def toasts(self) -> list[Toast]:
        """What is to be said on this page, and no more after it."""
        self._shown = True
        kept = list(self.visit.data.get("toasts", ())) if self.visit else []
        said = [Toast(one["text"], Undo(**one["undo"]) if one["undo"] else None, one["kind"]) for one in kept] + self._new
        self._new = []
        return said

    def remember(self) -> None:
        """Keep what was not shown yet, forget what was."""
        if "visit" not in self.__dict__ or self.visit is None:
            return
        kept: list[dict[str, Any]] = [] if self._shown else list(self.visit.data.get("toasts", ()))
        left = (kept + [asdict(one) for one in self._new])[-_MOST_TOASTS:]
        if left != list(self.visit.data.get("toasts", ())):
            web_sessions.keep(self.visit.id, {**self.visit.data, "toasts": left})


class Session:
    """Sets `request.web`."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        web = request.web = Web(request)  # type: ignore[attr-defined]
        response = self._answer(request)
        web.remember()
        return response


def set_cookie(request: HttpRequest, response: HttpResponse, key: str) -> None:
    """Give the browser its key; gone when the browser is closed, read by no script."""
    name = cookie_name(request, COOKIE)
    response.set_cookie(name, key, secure=request.is_secure(), httponly=True, samesite="Lax", path="/")


def clear_cookie(request: HttpRequest, response: HttpResponse) -> None:
    response.set_cookie(
        cookie_name(request, COOKIE), "", max_age=0, secure=request.is_secure(), httponly=True, samesite="Lax", path="/"
    )
