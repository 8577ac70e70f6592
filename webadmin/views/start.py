"""The overview: a few figures, each leading to its list, and what was done last."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from mailplatform.access.permissions import accounts_for, addresses_for, domains_for, groups_for
from mailplatform.directory.values import AccountKind, AccountState, AddressKind
from webadmin.views.base import Admin


class Start(Admin):
    title, here = _("Overview"), "start"
    template_name = "webadmin/start.html"

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        alive = accounts_for(self.identity).exclude(state=AccountState.CLOSED)
        return self.show(
            domains=domains_for(self.identity).count(),
            people=alive.filter(kind=AccountKind.PERSONAL).count(),
            shared=alive.exclude(kind=AccountKind.PERSONAL).count(),
            groups=groups_for(self.identity).count(),
            aliases=addresses_for(self.identity, AddressKind.ALIAS).count(),
        )
