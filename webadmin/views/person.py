"""One page a mailbox, in tabs: what it is, its addresses, what it may hold and send, how its owner signs in."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailplatform.access import sending
from mailplatform.access.permissions import administered_account, changeable_account, may_change
from mailplatform.directory import accounts, quotas
from mailplatform.directory.values import AccountKind, AccountState
from mailplatform.mailflow import limits
from mailplatform.mailflow.accounts import close_account, reopen_account
from mailplatform.runtime.errors import Conflict
from mailplatform.store import usage
from mailplatform.ui.middleware.session import Undo
from webadmin.forms.people import PersonForm, QuotaForm, SendingForm
from webadmin.views.base import Admin, AskPage, FormPage
from webadmin.words import ROLES, STATES

TABS: Sequence[tuple[str, Any, bool]] = (
    ("person", _("General"), False),
    ("person-addresses", _("Addresses"), False),
    ("person-autoresponder", _("Autoresponder"), False),
    ("person-quota", _("Quota and usage"), False),
    ("person-limits", _("Sending limits"), True),
    ("person-send-as", _("Send as"), True),
    ("person-sign-in", _("Sign-in"), True),
)


class OnePerson(Admin):
    """A page of one account; a changed one asks whether who asks may change it."""

    def prepare(self) -> None:
        fetch = administered_account if self.request.method in ("GET", "HEAD") else changeable_account
        self.account = fetch(self.identity, self.kwargs["account_id"])
        self.personal = self.account.kind == AccountKind.PERSONAL
        self.here = "people" if self.personal else "shared"

    @property
    def may(self) -> bool:
        return may_change(self.identity, self.account)

    @property
    def myself(self) -> bool:
        return self.account.user_id == self.identity.user_id

    def page_title(self) -> str:
        return self.account.address

    def trail(self) -> Iterable[tuple[Any, str]]:
        if self.personal:
            return [(gettext("Mailboxes"), reverse("webadmin:people"))]
        return [(gettext("Shared mailboxes"), reverse("webadmin:shared"))]

    def tabs(self) -> Iterable[tuple[Any, str, bool]]:
        here = self.request.resolver_match.url_name if self.request.resolver_match else ""
        seen = [(view, words) for view, words, personal in TABS if self.personal or not personal]
        if not self.may:
            seen = [one for one in seen if one[0] != "person-sign-in"]
        return [(words, self.url(view), view == here) for view, words in seen]

    def subject(self) -> tuple[str, int]:
        return "account", self.account.id

    def url(self, view: str = "person") -> str:
        return reverse(f"webadmin:{view}", args=[self.account.id])

    def context(self, **more: Any) -> dict[str, Any]:
        words = {"states": STATES, "roles": ROLES}
        return super().context(account=self.account, may=self.may, myself=self.myself, **words, **more)


class Person(OnePerson, FormPage):
    template_name = "webadmin/person.html"
    form_class, stamped = PersonForm, True

    def form_options(self) -> dict[str, Any]:
        return {
            "personal": self.personal,
            "roles": self.everything and not self.myself,
            "state": "closed" if self.myself else self.account.state,
            "role": self.account.role or "",
        }

    def initial(self) -> dict[str, Any]:
        one = self.account
        return {"name": one.name, "language": one.language, "state": one.state, "role": one.role}

    def act(self, sent: dict[str, Any]) -> str:
        if not self.everything or self.myself:
            sent.pop("role", None)  # the form has no such field for them; this is the second lock on the same door
        if sent:
            accounts.set_account(self.account.address, actor=self.web.actor, **sent)
        self.web.say(gettext("%(address)s is saved.") % {"address": self.account.address})
        return self.url()

    def context(self, **more: Any) -> dict[str, Any]:
        used = usage.usage(self.account.id)
        limit = quotas.limits([self.account.id])[self.account.id]
        return super().context(used=used, limit=limit, closed=self.account.state == AccountState.CLOSED, **more)


class Close(OnePerson, AskPage):
    submit = _("Close mailbox")

    def page_title(self) -> str:
        return gettext("Close %(address)s?") % {"address": self.account.address}

    def tabs(self) -> Iterable[tuple[Any, str, bool]]:
        return ()

    def consequences(self) -> Sequence[str]:
        return [
            gettext("Mail to it is refused as unknown, and whoever is signed in is put out."),
            gettext("All its mail is kept, and so is its address; nobody else can be given it."),
            gettext("It can be opened again at any time, as it was."),
        ]

    def back_url(self) -> str:
        return self.url()

    def act(self, sent: dict[str, Any]) -> str:
        if self.myself:
            raise Conflict(gettext("This is your own mailbox: you would lock yourself out."))
        close_account(self.account.address, actor=self.web.actor)
        self.web.say(gettext("%(address)s is closed.") % {"address": self.account.address}, Undo(self.url("person-reopen")))
        return reverse("webadmin:people" if self.personal else "webadmin:shared")


class Reopen(OnePerson, AskPage):
    danger, submit = False, _("Open again")

    def page_title(self) -> str:
        return gettext("Open %(address)s again?") % {"address": self.account.address}

    def tabs(self) -> Iterable[tuple[Any, str, bool]]:
        return ()

    def back_url(self) -> str:
        return self.url()

    def act(self, sent: dict[str, Any]) -> str:
        reopen_account(self.account.address, actor=self.web.actor)
        self.web.say(gettext("%(address)s is open again.") % {"address": self.account.address})
        return self.url()


class Quota(OnePerson, FormPage):
    template_name = "webadmin/person_quota.html"
    form_class, stamped = QuotaForm, True

    def initial(self) -> dict[str, Any]:
        return {name: getattr(self.account, name) for name in QuotaForm.base_fields}

    def act(self, sent: dict[str, Any]) -> str:
        if sent:
            accounts.set_account(self.account.address, actor=self.web.actor, **sent)
        self.web.say(gettext("The quota of %(address)s is saved.") % {"address": self.account.address})
        return self.url("person-quota")

    def context(self, **more: Any) -> dict[str, Any]:
        limit = quotas.limits([self.account.id])[self.account.id]
        return super().context(used=usage.usage(self.account.id), limit=limit, **more)


class Personal(OnePerson):
    """A page of those who sign in; shared mailboxes have none of it."""

    def prepare(self) -> None:
        super().prepare()
        if not self.personal or self.account.user_id is None:
            raise Conflict(gettext("Nobody signs in to this mailbox."))
        self.user_id: int = self.account.user_id


class Sending(Personal, FormPage):
    template_name = "webadmin/person_limits.html"
    form_class, stamped = SendingForm, True

    def initial(self) -> dict[str, Any]:
        own = sending.limits_of(self.user_id)
        return {name: getattr(own, name) for name in SendingForm.base_fields}

    def subject(self) -> tuple[str, int]:
        return "user", self.user_id

    def act(self, sent: dict[str, Any]) -> str:
        own = sending.limits_of(self.user_id)
        values = {name: sent.get(name, getattr(own, name)) for name in SendingForm.base_fields}
        sending.set_limits(self.user_id, sending.SendingLimits(**values), actor=self.web.actor)
        self.web.say(gettext("The sending limits of %(address)s are saved.") % {"address": self.account.address})
        return self.url("person-limits")

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(site=limits.in_force(sending.SendingLimits()), **more)


class Secret(Personal):
    """A page that shows, this once, what was drawn."""

    drawn = ""
    words = ""

    def secret(self, view: str) -> HttpResponse:
        self.template_name = "webadmin/secret.html"
        return self.show(secret=self.drawn, words=self.words, onward=self.url(view), again="")
