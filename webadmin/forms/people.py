"""Forms of a mailbox: opening one, what it is, what it may hold and send, how its owner signs in."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailplatform.access.values import Scope
from mailplatform.directory.values import AccountKind, AccountState, Language, Role
from mailplatform.runtime import clock
from mailplatform.ui.fields import CountField, Select, SizeField
from mailplatform.ui.forms import Form
from webadmin.words import KINDS, ROLES, STATES

LOCALPART = forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"})
LANGUAGES = {Language.ENGLISH: "English", Language.ITALIAN: "Italiano"}
SCOPES = {
    Scope.IMAP: _("IMAP (mail programs)"),
    Scope.POP3: _("POP3 (old mail programs)"),
    Scope.SUBMISSION: _("Sending (submission)"),
    Scope.MANAGESIEVE: _("Rules (ManageSieve)"),
    Scope.JMAP: _("JMAP"),
    Scope.DAV: _("Calendars and contacts (DAV)"),
}


def address_input() -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": "email", "autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"})


class PlaceForm(Form):
    """Begins with an address in one of the domains somebody administers."""

    subjects = {"address": "localpart", "domain": "domain"}

    localpart = forms.CharField(label=_("Address"), max_length=128, help_text=_("What stands before the @."), widget=LOCALPART)
    domain = forms.ChoiceField(label=_("Domain"), widget=Select)

    def __init__(self, *args: Any, domains: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        choice: Any = self.fields["domain"]
        choice.choices = [(name, f"@{name}") for name in domains]

    @property
    def address(self) -> str:
        return f"{self.cleaned_data['localpart'].strip()}@{self.cleaned_data['domain']}"

    def clean_localpart(self) -> str:
        text = str(self.cleaned_data["localpart"]).strip()
        if "@" in text:
            raise forms.ValidationError(_("Write only what stands before the @; the domain is chosen beside it."))
        return text


class NewPersonForm(PlaceForm):
    subjects = {**PlaceForm.subjects, "name": "name"}

    name = forms.CharField(label=_("Name"), required=False, max_length=200, help_text=_("As it shows in lists and on mail."))
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=1000,
        help_text=_("At least 8 characters. Empty: one is drawn and shown once."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )
    quota_bytes = SizeField(label=_("Space"), help_text=_("For example 5 GB. Empty: as the domain says."))


class NewSharedForm(PlaceForm):
    name = forms.CharField(label=_("Name"), required=False, max_length=200, help_text=_("As it shows in lists and on mail."))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=lambda: [(kind, KINDS[kind][0]) for kind in (AccountKind.SHARED, AccountKind.RESOURCE)]
    )
    quota_bytes = SizeField(label=_("Space"), help_text=_("For example 5 GB. Empty: as the domain says."))


class PersonForm(Form):
    name = forms.CharField(label=_("Name"), required=False, max_length=200, help_text=_("As it shows in lists and on mail."))
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=lambda: [("", _("as the organisation")), *LANGUAGES.items()],
        help_text=_("What the system writes to them, such as reports of mail that could not be delivered."),
    )
    state = forms.ChoiceField(
        label=_("State"),
        choices=lambda: [(state, STATES[state][0]) for state in (AccountState.ACTIVE, AccountState.SUSPENDED)],
        help_text=_("Suspended: mail still comes in, nobody signs in."),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=lambda: [(role, ROLES[role][0]) for role in (Role.EMPLOYEE, Role.ADMINISTRATOR)],
        help_text=_("An administrator may change everything here. Who looks after single domains is said at the domain."),
    )

    def __init__(self, *args: Any, personal: bool = True, roles: bool = True, state: str = "", role: str = "", **options: Any):
        super().__init__(*args, **options)
        if not personal:
            del self.fields["language"]
        if not (personal and roles) or role == Role.DOMAIN_ADMINISTRATOR:
            del self.fields["role"]
        if state == AccountState.CLOSED:
            del self.fields["state"]


class QuotaForm(Form):
    quota_bytes = SizeField(label=_("Space"), help_text=_("For example 5 GB. Empty: as the domain says."))
    quota_messages = CountField(label=_("Messages"), help_text=_("Empty: as the domain says."))
    max_message_size = SizeField(label=_("Largest message"), help_text=_("What is larger is refused. Empty: as the domain says."))


class SendingForm(Form):
    groups = (
        (_("In an hour"), ("messages_per_hour", "recipients_per_hour")),
        (_("In a day"), ("messages_per_day", "recipients_per_day")),
    )
    messages_per_hour = CountField(label=_("Messages"))
    recipients_per_hour = CountField(label=_("Recipients"))
    messages_per_day = CountField(label=_("Messages"))
    recipients_per_day = CountField(label=_("Recipients"))


class PasswordForm(Form):
    password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        max_length=1000,
        help_text=_("At least 8 characters. Empty: one is drawn and shown once."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )


class AppPasswordForm(Form):
    subjects = {"scope": "scopes"}

    label = forms.CharField(label=_("What it is for"), max_length=100, help_text=_("Such as “telephone” or “scanner”."))
    scopes = forms.MultipleChoiceField(
        label=_("Good for"),
        required=False,
        choices=lambda: list(SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: for every program, but never for this web."),
    )
    expires = forms.DateField(
        label=_("Good until"), required=False, help_text=_("Empty: for ever."), widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean_expires(self) -> datetime | None:
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        end = datetime.combine(day, time(), tzinfo=timezone.get_current_timezone()) + timedelta(days=1)
        if end <= clock.now():
            raise forms.ValidationError(_("This day has passed."))
        return end


class GrantForm(Form):
    address = forms.CharField(
        label=_("May also send as"),
        max_length=320,
        help_text=_("An address, or *@example.org for all of a domain. Own addresses need no permission."),
        widget=address_input(),
    )


class AliasOfForm(PlaceForm):
    """A further address of somebody."""
