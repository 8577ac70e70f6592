"""Domains: which names the house receives for, what holds in them, who looks after them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access.permissions import domain_for, domains_for
from mailplatform.directory import administrators, domains
from mailplatform.runtime.errors import NotPermitted
from mailplatform.store.usage import usage_of_domain
from mailplatform.ui.middleware.session import Undo
from webadmin.forms.domains import AppointForm, DomainForm, DomainLimitsForm, NewDomainForm
from webadmin.navigation import ADMINISTRATORS
from webadmin.tables.domains import DomainFilter, DomainTable
from webadmin.views.base import Admin, AskPage, FormPage, ListPage


class Domains(ListPage):
    title, here, icon = _("Domains"), "domains", "globe"
    lead = _("Names this house receives mail for.")
    table_class, filter_class = DomainTable, DomainFilter
    add = ("webadmin:domain-add", _("Add domain"))
    empty, empty_lead = _("No domain yet"), _("Add the first one: mailboxes and addresses live in it.")

    def rows(self) -> QuerySet[Any]:
        return domains.with_counts(domains_for(self.identity)).values(*DomainTable.fields)

    def may_add(self) -> bool:
        return self.everything


class AddDomain(FormPage):
    title, here, roles = _("Add domain"), "domains", ADMINISTRATORS
    form_class, submit, cancel = NewDomainForm, _("Add domain"), "webadmin:domains"

    def form_options(self) -> dict[str, Any]:
        return {"mains": list(domains_for(self.identity).filter(alias_of=None).order_by("name").values_list("name", flat=True))}

    def act(self, sent: dict[str, Any]) -> str:
        info = domains.add_domain(
            sent["domain"],
            alias_of=sent["alias_of"] or None,
            organisation_id=self.identity.organisation_id,
            description=sent["description"],
            actor=self.web.actor,
        )
        self.web.say(gettext("%(name)s is added. Mail for it is received from now on.") % {"name": info.name})
        return reverse("webadmin:domain", args=[info.name])


class _OneDomain(Admin):
    here = "domains"

    def prepare(self) -> None:
        self.domain = domain_for(self.identity, self.kwargs["name"])

    def page_title(self) -> str:
        return self.domain.name

    def trail(self) -> Iterable[tuple[Any, str]]:
        return [(gettext("Domains"), reverse("webadmin:domains"))]

    def tabs(self) -> Iterable[tuple[Any, str, bool]]:
        parts = [("domain", gettext("Settings")), ("domain-limits", gettext("Quotas and limits"))]
        if self.domain.alias_of:
            parts = parts[:1]
        elif self.everything:
            parts.append(("domain-administrators", gettext("Administrators")))
        here = self.request.resolver_match.url_name if self.request.resolver_match else ""
        return [(words, reverse(f"webadmin:{view}", args=[self.domain.name]), view == here) for view, words in parts]

    def subject(self) -> tuple[str, int]:
        return "domain", self.domain.id

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(domain=self.domain, **more)


class DomainSettings(_OneDomain, FormPage):
    template_name = "webadmin/domain.html"
    form_class, stamped = DomainForm, True

    def form_options(self) -> dict[str, Any]:
        return {"everything": self.everything, "alias": self.domain.alias_of is not None}

    def initial(self) -> dict[str, Any]:
        one = self.domain
        return {
            "enabled": one.enabled,
            "description": one.description,
            "subaddress_separator": one.subaddress_separator,
        }

    def act(self, sent: dict[str, Any]) -> str:
        domains.set_domain(self.domain.name, actor=self.web.actor, **sent)
        undo = None
        if sent.get("enabled") is False:
            undo = Undo(reverse("webadmin:domain-enable", args=[self.domain.name]))
        self.web.say(gettext("%(name)s is saved.") % {"name": self.domain.name}, undo)
        return self.request.path

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(kinds=domains.counts_by_kind(self.domain.id), **more)


class DomainLimits(_OneDomain, FormPage):
    template_name = "webadmin/domain_limits.html"
    form_class, stamped = DomainLimitsForm, True

    def prepare(self) -> None:
        super().prepare()
        if self.request.method == "POST" and not self.everything:
            raise NotPermitted(gettext("Only an administrator may change the limits of a domain."))

    def initial(self) -> dict[str, Any]:
        return {name: getattr(self.domain, name) for name in DomainLimitsForm.base_fields}

    def act(self, sent: dict[str, Any]) -> str:
        domains.set_domain(self.domain.name, actor=self.web.actor, **sent)
        self.web.say(gettext("The limits of %(name)s are saved.") % {"name": self.domain.name})
        return self.request.path

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(used=usage_of_domain(self.domain.id), may=self.everything, **more)


class DomainAdministrators(_OneDomain, FormPage):
    roles = ADMINISTRATORS
    template_name = "webadmin/domain_administrators.html"
    form_class, submit = AppointForm, _("Appoint")

    def act(self, sent: dict[str, Any]) -> str:
        administrators.appoint(sent["login"], self.domain.name, actor=self.web.actor)
        words = gettext("%(login)s looks after %(name)s from now on.")
        undo = Undo(reverse("webadmin:domain-dismiss", args=[self.domain.name]), {"login": sent["login"]})
        self.web.say(words % {"login": sent["login"], "name": self.domain.name}, undo)
        return self.request.path

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(appointed=administrators.administrators_of(self.domain.name), **more)


class DismissAdministrator(_OneDomain, FormPage):
    """Taken away at once, since it is given back at once."""

    roles = ADMINISTRATORS
    form_class = AppointForm

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        return self.done(reverse("webadmin:domain-administrators", args=[self.domain.name]))

    def act(self, sent: dict[str, Any]) -> str:
        administrators.dismiss(sent["login"], self.domain.name, actor=self.web.actor)
        words = gettext("%(login)s no longer looks after %(name)s.")
        where = reverse("webadmin:domain-administrators", args=[self.domain.name])
        self.web.say(words % {"login": sent["login"], "name": self.domain.name}, Undo(where, {"login": sent["login"]}))
        return where


class EnableDomain(_OneDomain, AskPage):
    roles = ADMINISTRATORS
    danger, submit = False, _("Switch on")

    def page_title(self) -> str:
        return gettext("Switch %(name)s on?") % {"name": self.domain.name}

    def tabs(self) -> Iterable[tuple[Any, str, bool]]:
        return ()

    def back_url(self) -> str:
        return reverse("webadmin:domain", args=[self.domain.name])

    def act(self, sent: dict[str, Any]) -> str:
        domains.set_domain(self.domain.name, enabled=True, actor=self.web.actor)
        self.web.say(gettext("%(name)s receives mail again.") % {"name": self.domain.name})
        return self.back_url()


class RemoveDomain(_OneDomain, AskPage):
    roles = ADMINISTRATORS
    submit = _("Remove domain")

    def page_title(self) -> str:
        return gettext("Remove %(name)s?") % {"name": self.domain.name}

    def tabs(self) -> Iterable[tuple[Any, str, bool]]:
        return ()

    def consequences(self) -> Sequence[str]:
        name = {"name": self.domain.name}
        return [
            gettext("Mail for %(name)s is refused from that moment on.") % name,
            gettext("Its settings and limits are forgotten. It can be added again, and then begins anew."),
            gettext("It is removed only when no mailbox, address or further name is left in it."),
        ]

    def back_url(self) -> str:
        return reverse("webadmin:domain", args=[self.domain.name])

    def act(self, sent: dict[str, Any]) -> str:
        domains.remove_domain(self.domain.name, actor=self.web.actor)
        self.web.say(gettext("%(name)s is removed.") % {"name": self.domain.name})
        return reverse("webadmin:domains")
