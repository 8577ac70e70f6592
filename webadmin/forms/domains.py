"""Forms of a domain: adding one, what holds in it, its limits, who looks after it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailplatform.ui.fields import CountField, Select, SizeField
from mailplatform.ui.forms import Form


class NewDomainForm(Form):
    domain = forms.CharField(
        label=_("Name"),
        max_length=253,
        help_text=_("As it stands after the @, such as example.org."),
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    alias_of = forms.ChoiceField(
        label=_("Another name of"),
        required=False,
        widget=Select,
        help_text=_("Choose a domain to give it a further name: every address then works under both. Leave empty for a new one."),
    )
    description = forms.CharField(label=_("Description"), required=False, max_length=200)

    def __init__(self, *args: Any, mains: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        choice: Any = self.fields["alias_of"]
        choice.choices = [("", _("none, it stands by itself")), *((name, name) for name in mains)]


class DomainForm(Form):
    enabled = forms.BooleanField(
        label=_("Receives mail"), required=False, help_text=_("Switched off, mail for it is refused; everything is kept.")
    )
    description = forms.CharField(label=_("Description"), required=False, max_length=200, help_text=_("For administrators only."))
    subaddress_separator = forms.CharField(
        label=_("Subaddress separator"),
        required=False,
        max_length=1,
        strip=False,
        help_text=_("With +, mail for anna+travel reaches anna. Empty switches subaddresses off."),
        widget=forms.TextInput(attrs={"size": 2, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, everything: bool = True, alias: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if not everything:
            del self.fields["enabled"]
        if alias:
            del self.fields["subaddress_separator"]


class DomainLimitsForm(Form):
    groups = (
        (_("Each mailbox, where it has no limit of its own"), ("account_quota_bytes", "account_quota_messages")),
        (_("The domain as a whole"), ("quota_bytes", "quota_messages")),
        (_("Each message"), ("max_message_size", "max_recipients")),
    )
    account_quota_bytes = SizeField(label=_("Space"), help_text=_("For example 5 GB. Empty: unlimited."))
    account_quota_messages = CountField(label=_("Messages"), max_value=2**31 - 1)
    quota_bytes = SizeField(label=_("Space of all mailboxes together"))
    quota_messages = CountField(label=_("Messages of all mailboxes together"))
    max_message_size = SizeField(label=_("Largest message"), help_text=_("What is larger is refused. Empty: as the site says."))
    max_recipients = CountField(label=_("Most recipients of one message"), min_value=1)


class AppointForm(Form):
    login = forms.CharField(
        label=_("E-mail address"),
        max_length=320,
        help_text=_("Of somebody with a mailbox here, in any domain of the organisation."),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocapitalize": "off", "spellcheck": "false"}),
    )
