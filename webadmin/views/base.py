"""What every page of the administrators' web shares: who may come in, the frame around it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from mailplatform.directory.values import Role
from mailplatform.ui import views
from webadmin.navigation import ALL, entries


class Admin(views.Page):
    """A page for administrators and domain administrators; others read that it is not for them."""

    roles = ALL
    icon = "list"

    def shut(self, request: HttpRequest) -> HttpResponse:
        words = gettext(
            "This is where administrators work. You are signed in as %(login)s, which looks after no domain. "
            "If you need something changed, ask whoever administers your mail."
        ) % {"login": self.identity.login}
        context = {"status": 403, "title": gettext("Not for your account"), "words": words, "identity": self.identity}
        return render(request, "ui/error.html", context, status=403)

    @property
    def everything(self) -> bool:
        """Whether who asks administers all of the organisation."""
        return self.identity.role == Role.ADMINISTRATOR

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(navigation=entries(self.identity.role), here_now=self.here, **more)


class ListPage(Admin, views.ListPage):
    pass


class FormPage(Admin, views.FormPage):
    """cancel: the URL name to go back to."""

    cancel = ""

    def cancel_url(self) -> str:
        return reverse(self.cancel) if self.cancel else ""

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(cancel=self.cancel_url(), **more)


class AskPage(Admin, views.AskPage):
    def back_url(self) -> str:
        return reverse(self.back) if self.back else ""
