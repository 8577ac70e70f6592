"""The overview: a few figures, each leading to its list, and what was done last. Red only where somebody has to act."""

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access.permissions import accounts_for, addresses_for, audit_for, domains_for, groups_for
from mailplatform.directory.values import AccountKind, AccountState, AddressKind
from mailplatform.runtime import clock
from mailplatform.transport.backlog import backlog
from mailplatform.ui import sizes
from webadmin.said import actor, said
from webadmin.tables.people import nearly_full
from webadmin.views.base import Admin
from webadmin.views.people import Usage

_FULLEST, _EVENTS = 6, 8
Tile = dict[str, Any]


class Start(Admin):
    title, here = _("Overview"), "start"
    template_name = "webadmin/start.html"

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        domains = domains_for(self.identity).count()
        return self.show(
            domains=domains,
            tiles=self.tiles(domains),
            fullest=self.fullest(),
            events=self.events(),
            audit_url=reverse("webadmin:audit"),
        )

    def tiles(self, domains: int) -> list[Tile]:
        alive = accounts_for(self.identity).exclude(state=AccountState.CLOSED)
        people = alive.filter(kind=AccountKind.PERSONAL).count()
        found = [
            _tile(gettext("Domains"), "globe", "domains", domains),
            _tile(gettext("Mailboxes"), "person", "people", people),
            _tile(gettext("Shared mailboxes"), "tray", "shared", alive.exclude(kind=AccountKind.PERSONAL).count()),
            _tile(gettext("Groups"), "people", "groups", groups_for(self.identity).count()),
            _tile(gettext("Aliases"), "at", "aliases", addresses_for(self.identity, AddressKind.ALIAS).count()),
            self.full(),
        ]
        return [*found, *self.machine()] if self.everything else found

    def full(self) -> Tile:
        page = Usage()
        page.identity = self.identity
        full = nearly_full(page.rows(), 95).count()
        words = ngettext("%(count)d mailbox is full or nearly", "%(count)d mailboxes are full or nearly", full) % {"count": full}
        tile = _tile(gettext("Nearly full"), "gauge", "usage", full, words if full else gettext("every mailbox has room"))
        return {**tile, "url": tile["url"] + "?full=95", "tone": "warn" if full else ""}

    def machine(self) -> list[Tile]:
        """The queue and the disk: of the house as a whole, so for administrators alone."""
        waiting = backlog(clock.now())
        count = sum(waiting.items.values())
        oldest = max(waiting.due.values(), default=0)
        late = oldest > 900
        detail = gettext("the oldest is due since %(count)d minutes") % {"count": oldest // 60} if late else ""
        figures = os.statvfs(settings.SITE.home)
        free = figures.f_bavail * figures.f_frsize
        percent = 100 * figures.f_bavail / max(figures.f_blocks, 1)
        low = percent < 2 * settings.SITE.store.min_free_percent
        shown = gettext("%(percent)d %% of the disk") % {"percent": percent}
        return [
            {**_tile(gettext("Waiting in the queue"), "queue", "queue", int(count), detail), "tone": "warn" if late else ""},
            {**_tile(gettext("Free space"), "disk", "usage", sizes.shown(free), shown), "tone": "bad" if low else ""},
        ]

    def fullest(self) -> Sequence[Any]:
        page = Usage()
        page.identity = self.identity
        return page.records(list(page.rows().order_by("-used_bytes", "pk")[:_FULLEST]))

    def events(self) -> list[dict[str, Any]]:
        rows = audit_for(self.identity).order_by("-id").values_list("at", "actor_name", "code", "subject_name")[:_EVENTS]
        return [{"at": at, "actor": actor(name), "words": said(code), "subject": subject} for at, name, code, subject in rows]


def _tile(words: str, icon: str, view: str, figure: Any, detail: str = "") -> Tile:
    shown = sizes.number(figure) if isinstance(figure, int) else figure
    return {"words": words, "icon": icon, "url": reverse(f"webadmin:{view}"), "figure": shown, "detail": detail, "tone": ""}
