"""Networks: their names, who may come in from where, trying it, and who is kept waiting after wrong passwords."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access import explain, failures, networks
from mailplatform.access.networks import ALL, ANYWHERE, NOWHERE, NetworkInfo
from mailplatform.access.subjects import Whose
from mailplatform.runtime.errors import MailError, NotFound
from mailplatform.ui.middleware.session import Undo
from webadmin.forms.networks import LEVELS, ClearForm, NetworkForm, NewNetworkForm, RuleForm, TryForm
from webadmin.navigation import ADMINISTRATORS
from webadmin.views.base import Admin, AskPage, FormPage
from webadmin.words import PROTOCOLS

EVERYWHERE = {ANYWHERE: _("anywhere"), NOWHERE: _("nowhere: it is shut")}


class _Safe(Admin):
    here, roles = "networks", ADMINISTRATORS

    @property
    def organisation(self) -> int:
        assert self.identity.organisation_id is not None
        return self.identity.organisation_id

    def trail(self) -> Iterable[tuple[Any, str]]:
        return [(gettext("Networks"), reverse("webadmin:networks"))]


class Networks(_Safe):
    title, icon = _("Networks"), "network"
    lead = _("From where people may come in. Without a rule everybody may, from everywhere; their password is asked in any case.")
    template_name = "webadmin/networks.html"

    def trail(self) -> Iterable[tuple[Any, str]]:
        return ()

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        rules = [
            {
                "who": dict(LEVELS)[one.level] if one.level == "organisation" else one.subject,
                "level": one.level,
                "subject": one.subject,
                "protocol": one.protocol,
                "by": gettext("every way") if one.protocol == ALL else PROTOCOLS.get(one.protocol, (one.protocol,))[0],
                "networks": [EVERYWHERE.get(name, name) for name in one.networks],
            }
            for one in networks.list_rules(organisation_id=self.organisation)
        ]
        form = TryForm(request.GET) if request.GET.get("user") else TryForm(initial={"address": self.web.client_address})
        answer = words = None
        if form.is_bound and form.is_valid():
            sent = form.cleaned_data
            try:
                answer = explain.explain(sent["user"], client_address=sent["address"], protocol=sent["protocol"])
                words = explain.words(answer)
            except MailError as error:
                form.refuse(error)
        named = [one for one in networks.list_networks(organisation_id=self.organisation) if one.name not in EVERYWHERE]
        locked = failures.list_failures(limit=50)
        return self.show(networks=named, rules=rules, form=form, answer=answer, words=words, locked=locked)


class AddNetwork(_Safe, FormPage):
    title = _("Add network")
    form_class, submit, cancel = NewNetworkForm, _("Add network"), "webadmin:networks"

    def act(self, sent: dict[str, Any]) -> str:
        made = networks.add_network(sent["name"], sent["cidrs"], description=sent["description"], actor=self.web.actor)
        self.web.say(gettext("%(name)s is added. A rule says who may come in from it.") % {"name": made.name})
        return reverse("webadmin:networks")


class _OneNetwork(_Safe):
    def prepare(self) -> None:
        found = [one for one in networks.list_networks(organisation_id=self.organisation) if one.id == self.kwargs["pk"]]
        if not found or found[0].name in EVERYWHERE:
            raise NotFound(gettext("network: there is no such network"), subject="network")
        self.network: NetworkInfo = found[0]

    def page_title(self) -> str:
        return self.network.name


class Network(_OneNetwork, FormPage):
    template_name = "webadmin/network.html"
    form_class, stamped = NetworkForm, True

    def initial(self) -> dict[str, Any]:
        return {"cidrs": list(self.network.cidrs), "description": self.network.description, "force": False}

    def subject(self) -> tuple[str, int]:
        return "network", self.network.id

    def act(self, sent: dict[str, Any]) -> str:
        force = sent.pop("force", False)
        if sent:
            networks.set_network(
                self.network.name, actor=self.web.actor, client_address=self.web.client_address, force=force, **sent
            )
        self.web.say(gettext("%(name)s is saved.") % {"name": self.network.name})
        return reverse("webadmin:networks")

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(network=self.network, **more)


class RemoveNetwork(_OneNetwork, AskPage):
    submit = _("Remove network")

    def page_title(self) -> str:
        return gettext("Remove %(name)s?") % {"name": self.network.name}

    def consequences(self) -> Sequence[str]:
        if self.network.used_by:
            return [gettext("Rules name it: %(users)s. Take those away first.") % {"users": "; ".join(self.network.used_by)}]
        return [gettext("No rule names it, so nobody's way in changes.")]

    def back_url(self) -> str:
        return reverse("webadmin:network", args=[self.network.id])

    def act(self, sent: dict[str, Any]) -> str:
        one = self.network
        networks.remove_network(one.name, actor=self.web.actor)
        fields = {"name": one.name, "cidrs": "\n".join(one.cidrs), "description": one.description}
        self.web.say(gettext("%(name)s is removed.") % {"name": one.name}, Undo(reverse("webadmin:network-add"), fields))
        return reverse("webadmin:networks")


class AddRule(_Safe, FormPage):
    title = _("Add rule")
    lead = _("The nearest rule decides: one person's before their group's, that before the domain's, that before everybody's.")
    form_class, submit, cancel = RuleForm, _("Add rule"), "webadmin:networks"

    def form_options(self) -> dict[str, Any]:
        named = [one.name for one in networks.list_networks(organisation_id=self.organisation) if one.name not in EVERYWHERE]
        return {"names": [*((name, name) for name in named), *EVERYWHERE.items()]}

    def act(self, sent: dict[str, Any]) -> str:
        whose = Whose(sent["level"], "" if sent["level"] == "organisation" else sent["subject"].strip())
        networks.allow(
            whose,
            sent["networks"],
            sent["protocols"],
            actor=self.web.actor,
            client_address=self.web.client_address,
            force=sent["force"],
        )
        self.web.say(gettext("The rule is in force. Those who are in and may no longer be are put out within seconds."))
        return reverse("webadmin:networks")


class ClearRule(_Safe, AskPage):
    danger, submit = True, _("Take the rule away")
    form_class = ClearForm

    def prepare(self) -> None:
        level, subject, protocol = (self.request.GET.get(name, "") for name in ("level", "subject", "protocol"))
        rules = networks.list_rules(organisation_id=self.organisation)
        found = [one for one in rules if (one.level, one.subject, one.protocol) == (level, subject, protocol)]
        if not found:
            raise NotFound(gettext("rule: there is no such rule"), subject="rule")
        self.rule = found[0]

    def page_title(self) -> str:
        who = dict(LEVELS)["organisation"] if self.rule.level == "organisation" else self.rule.subject
        return gettext("Take the rule of %(who)s away?") % {"who": who}

    def consequences(self) -> Sequence[str]:
        by = (
            gettext("every way")
            if self.rule.protocol == ALL
            else str(PROTOCOLS.get(self.rule.protocol, (self.rule.protocol,))[0])
        )
        names = ", ".join(str(EVERYWHERE.get(name, name)) for name in self.rule.networks)
        return [
            gettext("It lets in by %(by)s from: %(networks)s.") % {"by": by, "networks": names},
            gettext("Afterwards the next farther rule decides; where there is none, they may come in from everywhere."),
        ]

    def back_url(self) -> str:
        return reverse("webadmin:networks")

    def act(self, sent: dict[str, Any]) -> str:
        whose = Whose(self.rule.level, self.rule.subject)
        networks.clear(
            whose,
            protocols=[self.rule.protocol],
            actor=self.web.actor,
            client_address=self.web.client_address,
            force=sent["force"],
        )
        self.web.say(gettext("The rule is taken away."))
        return self.back_url()


class ClearLockout(_Safe):
    """Forget wrong passwords, and open what they shut."""

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("webadmin:networks"))

    def post(self, request: HttpRequest, **_: Any) -> HttpResponse:
        login = request.POST.get("login", "")
        network = "" if login else request.POST.get("network", "")
        if login or network:
            try:
                failures.clear_failures(login=login, network=network, actor=self.web.actor)
                self.web.say(gettext("The wrong passwords of %(who)s are forgotten.") % {"who": login or network})
            except NotFound:
                self.web.say(gettext("They were forgotten already."))
        return HttpResponseRedirect(reverse("webadmin:networks"))
