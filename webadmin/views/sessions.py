"""Living connections: who is in, by which protocol and program, from where, since when; and the way to put them out."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access import living
from mailplatform.access.living import SessionInfo
from mailplatform.access.permissions import changeable_people_for, people_for
from mailplatform.access.values import Identity
from mailplatform.directory.values import Role
from mailplatform.runtime.errors import NotFound
from mailplatform.ui.paging import PER_PAGE, Numbered
from webadmin.tables.sessions import SessionTable
from webadmin.views.base import Admin, AskPage
from webadmin.words import PROTOCOLS


def sessions_for(identity: Identity) -> list[SessionInfo]:
    """The connections of those somebody administers; who has not signed in yet is shown to administrators only."""
    return _of(identity, people_for(identity))


def endable_for(identity: Identity) -> list[SessionInfo]:
    """Those of them that they may end: not an administrator's, where they are none."""
    return _of(identity, changeable_people_for(identity))


def _of(identity: Identity, people: QuerySet[Any]) -> list[SessionInfo]:
    found = living.list_sessions()
    theirs = set(people.filter(login__in={one.login for one in found}).values_list("login", flat=True))
    strangers = identity.role == Role.ADMINISTRATOR
    return [one for one in found if one.login in theirs or (strangers and not one.login)]


class Sessions(Admin):
    title, here, icon = _("Sessions"), "sessions", "session"
    lead = _("Who is connected at this moment. Those who are put out may sign in again, as long as their password holds.")
    template_name = "webadmin/sessions.html"
    empty, empty_lead = _("Nobody is connected"), _("Connections of mail programs and of the web are shown here while they live.")

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        text, protocol = request.GET.get("q", "").strip().lower(), request.GET.get("protocol", "")
        found = [
            one
            for one in sessions_for(self.identity)
            if (not text or text in f"{one.login} {one.address} {one.client} {one.folder}".lower())
            and (not protocol or one.protocol == protocol)
        ]
        number = int(asked) if (asked := request.GET.get("page", "")).isdigit() and len(asked) < 6 and int(asked) else 1
        start = (number - 1) * PER_PAGE
        shown = found[start : start + PER_PAGE]
        page = Numbered(shown, number, PER_PAGE, len(found), counted=True, more=len(found) > start + PER_PAGE)
        may = {one.id for one in shown} if self.everything else {one.id for one in endable_for(self.identity)}
        table = SessionTable([asdict(one) | {"may": one.id in may} for one in shown], request=None)
        protocols = [(name, words[0]) for name, words in PROTOCOLS.items()]
        return self.show(
            table=table, page=page, q=text, protocol=protocol, protocols=protocols, narrowed=bool(text or protocol), sort=""
        )


class EndSessions(AskPage):
    """One connection, or all of one user."""

    here = "sessions"
    submit = _("Put out")

    def prepare(self) -> None:
        asked, login = self.request.GET.get("id", ""), self.request.GET.get("login", "")
        found = endable_for(self.identity)
        self.found = [one for one in found if (asked and str(one.id) == asked) or (login and one.login == login.lower())]
        if not self.found:
            raise NotFound(gettext("session: it has ended already"), subject="session")

    def page_title(self) -> str:
        who = self.found[0].login or self.found[0].address
        if len(self.found) == 1:
            return gettext("Put %(who)s out?") % {"who": who}
        return gettext("End all %(count)d sessions of %(who)s?") % {"count": len(self.found), "who": who}

    def consequences(self) -> Iterable[str]:
        one = self.found[0]
        if len(self.found) == 1:
            words = PROTOCOLS.get(one.protocol, (one.protocol, ""))[0]
            yield gettext("%(protocol)s from %(address)s with %(client)s is told goodbye and cut off.") % {
                "protocol": words,
                "address": one.address,
                "client": one.client or gettext("an unnamed program"),
            }
        yield gettext("Nothing is lost: the program may connect again at once.")

    def back_url(self) -> str:
        return reverse("webadmin:sessions")

    def act(self, sent: dict[str, Any]) -> str:
        done = living.end_sessions([one.id for one in self.found], actor=self.web.actor)
        words = ngettext("%(count)d session is being ended.", "%(count)d sessions are being ended.", done)
        self.web.say(words % {"count": done})
        return self.back_url()
