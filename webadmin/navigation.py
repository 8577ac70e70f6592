"""The navigation: what there is, in groups, and who sees it. A page of the web is one entry here and its URL names."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailplatform.directory.values import Role

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
ALL = frozenset({Role.ADMINISTRATOR, Role.DOMAIN_ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. name: what a page's `here` says; view: the URL name of its list."""

    name: str
    words: str | Promise
    icon: str
    view: str
    roles: frozenset[Role] = ALL


GROUPS: Sequence[tuple[str | Promise, Sequence[Entry]]] = (
    ("", (Entry("start", _("Overview"), "home", "webadmin:start"),)),
    (
        _("Directory"),
        (
            Entry("domains", _("Domains"), "globe", "webadmin:domains"),
            Entry("people", _("Mailboxes"), "person", "webadmin:people"),
            Entry("shared", _("Shared mailboxes"), "tray", "webadmin:shared"),
            Entry("groups", _("Groups"), "people", "webadmin:groups"),
            Entry("aliases", _("Aliases"), "at", "webadmin:aliases"),
            Entry("forwards", _("Forwards"), "forward", "webadmin:forwards"),
            Entry("autoresponders", _("Autoresponders"), "reply", "webadmin:autoresponders"),
            Entry("catch-alls", _("Catch-all"), "funnel", "webadmin:catch-alls"),
        ),
    ),
    (
        _("Limits"),
        (
            Entry("usage", _("Quotas and usage"), "gauge", "webadmin:usage"),
            Entry("limits", _("Sending limits"), "limit", "webadmin:limits"),
        ),
    ),
    (
        _("Mail"),
        (Entry("messages", _("Messages"), "trace", "webadmin:messages"), Entry("queue", _("Queue"), "queue", "webadmin:queue")),
    ),
    (
        _("Safety"),
        (
            Entry("networks", _("Networks"), "network", "webadmin:networks", ADMINISTRATORS),
            Entry("sessions", _("Sessions"), "session", "webadmin:sessions"),
            Entry("audit", _("Log"), "log", "webadmin:audit"),
        ),
    ),
)


def entries(role: str) -> list[tuple[str | Promise, list[Entry]]]:
    """What a role sees, groups without entries left out."""
    seen = [(words, [one for one in group if role in one.roles]) for words, group in GROUPS]
    return [(words, group) for words, group in seen if group]
