"""Forms of networks: what one is, who may come in from where, and trying it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailplatform.access.admission import PROTOCOLS
from mailplatform.access.networks import ALL
from mailplatform.ui.fields import LinesField
from mailplatform.ui.forms import Form, Nothing
from webadmin.words import PROTOCOLS as WORDS

_TEXT = forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off"})
LEVELS = (
    ("organisation", _("everybody")),
    ("domain", _("those of a domain")),
    ("group", _("those in a group")),
    ("user", _("one person")),
)


def protocols() -> list[tuple[str, Any]]:
    """Those that somebody can sign in to by now."""
    return [(name, WORDS[name][0]) for name in PROTOCOLS if name in WORDS]


class NewNetworkForm(Form):
    subjects = {"network": "name", "cidr": "cidrs"}
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("As you speak of it: office, branch, vpn."), widget=_TEXT)
    cidrs = LinesField(label=_("Networks"), help_text=_("Such as 192.0.2.0/24, 2001:db8::/32 or a single address, one a line."))
    description = forms.CharField(label=_("Description"), required=False, max_length=200)


class NetworkForm(Form):
    subjects = {"network": None, "cidr": "cidrs"}  # type: ignore[dict-item]
    cidrs = LinesField(
        label=_("Networks"), required=False, help_text=_("Such as 192.0.2.0/24, 2001:db8::/32 or a single address.")
    )
    description = forms.CharField(label=_("Description"), required=False, max_length=200)
    force = forms.BooleanField(
        label=_("Save it even if it shuts administrators out"),
        required=False,
        help_text=_("Without this, a change that would shut you or the last administrator out of the web is refused."),
    )


class RuleForm(Form):
    subjects = {"domain": "subject", "group": "subject", "user": "subject", "protocol": "protocols", "network": "networks"}
    level = forms.ChoiceField(label=_("Who"), choices=LEVELS)
    subject = forms.CharField(
        label=_("Address or domain"),
        required=False,
        max_length=320,
        help_text=_("Of the person, group or domain; nothing for everybody."),
        widget=_TEXT,
    )
    protocols = forms.MultipleChoiceField(
        label=_("By which way"),
        required=False,
        choices=protocols,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: by every way that no other rule of theirs names."),
    )
    networks = forms.MultipleChoiceField(label=_("From where"), widget=forms.CheckboxSelectMultiple)
    force = NetworkForm.base_fields["force"]

    def __init__(self, *args: Any, names: Sequence[tuple[str, Any]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        choice: Any = self.fields["networks"]
        choice.choices = list(names)

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        if sent.get("level") != "organisation" and not sent.get("subject", "").strip() and "subject" not in self.errors:
            self.add_error("subject", _("Write the address or the domain it is for."))
        return {**sent, "protocols": sent.get("protocols") or [ALL]}


class TryForm(Form):
    subjects = {"from": "address"}
    user = forms.CharField(label=_("Who"), max_length=320, widget=_TEXT, help_text=_("Their e-mail address."))
    address = forms.CharField(label=_("From"), max_length=64, widget=_TEXT, help_text=_("An IP address."))
    protocol = forms.ChoiceField(label=_("By"), choices=protocols)


class ClearForm(Nothing):
    force = NetworkForm.base_fields["force"]
