"""How somebody signs in: their password, their app passwords, the browsers they are signed in with."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access import credentials, web_sessions
from mailplatform.access.permissions import changeable_account
from mailplatform.runtime.errors import NotFound
from mailplatform.ui.forms import Nothing
from webadmin.forms.people import SCOPES, AppPasswordForm, PasswordForm
from webadmin.views.base import AskPage, FormPage
from webadmin.views.person import Personal, Secret


class SignIn(Personal, FormPage):
    """What there is; the forms stand beside it."""

    template_name = "webadmin/person_sign_in.html"
    form_class = Nothing

    def prepare(self) -> None:
        super().prepare()
        if not self.may:  # from where and with what an administrator signs in is not for those below to read
            changeable_account(self.identity, self.account.id)

    def act(self, sent: dict[str, Any]) -> str:
        return self.url("person-sign-in")

    def context(self, **more: Any) -> dict[str, Any]:
        words = {str(scope): str(text) for scope, text in SCOPES.items()}
        passwords = [
            (one, ", ".join(words.get(scope, scope) for scope in one.scopes) or gettext("every program"))
            for one in credentials.list_app_passwords(self.user_id)
        ]
        sessions = web_sessions.list_web_sessions(self.user_id)
        mine = self.web.visit.id if self.web.visit else 0
        return super().context(app_passwords=passwords, sessions=sessions, mine=mine, **more)


class SetPassword(Secret, FormPage):
    form_class, submit = PasswordForm, _("Set password")

    def page_title(self) -> str:
        return gettext("Password of %(address)s") % {"address": self.account.address}

    def tabs(self) -> Any:
        return ()

    def trail(self) -> Any:
        return [*super().trail(), (self.account.address, self.url("person-sign-in"))]

    def cancel_url(self) -> str:
        return self.url("person-sign-in")

    def act(self, sent: dict[str, Any]) -> str:
        self.drawn = "" if sent["password"] else credentials.generated()
        credentials.set_password(self.user_id, sent["password"] or self.drawn, actor=self.web.actor)
        if not self.drawn:
            words = gettext("%(address)s has a new password. Whoever was signed in has to sign in again.")
            self.web.say(words % {"address": self.account.address})
        return self.url("person-sign-in")

    def done(self, where: str) -> HttpResponse:
        if not self.drawn:
            return super().done(where)
        self.words = gettext("The new password of %(address)s; it is shown this once.") % {"address": self.account.address}
        return self.secret("person-sign-in")


class AddAppPassword(Secret, FormPage):
    form_class, submit = AppPasswordForm, _("Draw password")

    def page_title(self) -> str:
        return gettext("App password for %(address)s") % {"address": self.account.address}

    lead = _("For one program or device: it can be taken away without changing anything else.")

    def tabs(self) -> Any:
        return ()

    def trail(self) -> Any:
        return [*super().trail(), (self.account.address, self.url("person-sign-in"))]

    def cancel_url(self) -> str:
        return self.url("person-sign-in")

    def act(self, sent: dict[str, Any]) -> str:
        self.drawn = credentials.add_app_password(
            self.user_id, sent["label"], scopes=sent["scopes"], expires_at=sent["expires"], actor=self.web.actor
        )
        self.label = sent["label"].strip()
        return ""

    def done(self, where: str) -> HttpResponse:
        words = gettext("The app password “%(label)s” of %(address)s; it is shown this once.")
        self.words = words % {"label": self.label, "address": self.account.address}
        return self.secret("person-sign-in")


class RemoveAppPassword(Personal, AskPage):
    submit = _("Take it away")

    def prepare(self) -> None:
        super().prepare()
        found = [one for one in credentials.list_app_passwords(self.user_id) if one.id == self.kwargs["password_id"]]
        if not found:
            raise NotFound(subject="label")
        self.password = found[0]

    def page_title(self) -> str:
        return gettext("Take the app password “%(label)s” away?") % {"label": self.password.label}

    def tabs(self) -> Any:
        return ()

    def consequences(self) -> Any:
        return [
            gettext("The program of %(address)s that uses it is signed out and cannot come back.")
            % {"address": self.account.address},
            gettext("It cannot be brought back; a new one can be drawn."),
        ]

    def back_url(self) -> str:
        return self.url("person-sign-in")

    def act(self, sent: dict[str, Any]) -> str:
        credentials.remove_app_password(self.user_id, self.password.label, actor=self.web.actor)
        self.web.say(gettext("The app password “%(label)s” is taken away.") % {"label": self.password.label})
        return self.back_url()


class EndSession(Personal, FormPage):
    """Sign one browser out, at once: signing in again is all it takes to undo."""

    form_class = Nothing

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        return self.done(self.url("person-sign-in"))

    def act(self, sent: dict[str, Any]) -> str:
        known = {one.id for one in web_sessions.list_web_sessions(self.user_id)}
        if self.kwargs["session_id"] not in known:
            raise NotFound(gettext("session: it has ended already"), subject="session")
        ended = web_sessions.put_out(self.kwargs["session_id"], actor=self.web.actor)
        self.web.say(gettext("%(login)s is signed out there.") % {"login": ended.login})
        mine = self.web.visit is not None and self.web.visit.id == ended.id
        return reverse("ui:sign-in") if mine else self.url("person-sign-in")
