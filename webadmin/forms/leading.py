"""Forms of addresses that lead elsewhere."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailplatform.directory.values import Posting
from mailplatform.ui.fields import LinesField, Select
from mailplatform.ui.forms import Form
from webadmin.forms.people import PlaceForm
from webadmin.words import POSTING

_SUBJECTS = {"target": "targets", "address": "localpart"}
_ENABLED = _("Switched off, mail to it is refused; where it leads is kept.")


def _posting() -> list[tuple[str, Any]]:
    return [(one, POSTING[one][0]) for one in Posting]


class NewAliasForm(PlaceForm):
    subjects = _SUBJECTS
    targets = LinesField(label=_("Leads to"), help_text=_("Addresses of this house, one a line."))


class NewForwardForm(PlaceForm):
    subjects = _SUBJECTS
    targets = LinesField(label=_("Sends on to"), help_text=_("Addresses anywhere, one a line."))


class NewGroupForm(PlaceForm):
    subjects = _SUBJECTS
    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    posting = forms.ChoiceField(label=_("Who may write to it"), choices=_posting)
    targets = LinesField(
        label=_("Members"), required=False, rows=8, help_text=_("Addresses, one a line; groups and addresses outside too.")
    )


class NewCatchAllForm(Form):
    subjects = {"target": "targets", "address": "domain"}
    domain = forms.ChoiceField(label=_("Domain"), widget=Select, help_text=_("Mail that no other address of it takes."))
    targets = LinesField(label=_("Leads to"), help_text=_("Addresses of this house, one a line."))

    def __init__(self, *args: Any, domains: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        choice: Any = self.fields["domain"]
        choice.choices = [(name, name) for name in domains]


class AliasForm(Form):
    subjects = _SUBJECTS
    targets = LinesField(label=_("Leads to"), help_text=_("Addresses of this house, one a line."))
    enabled = forms.BooleanField(label=_("In use"), required=False, help_text=_ENABLED)


class ForwardForm(Form):
    subjects = _SUBJECTS
    targets = LinesField(label=_("Sends on to"), help_text=_("Addresses anywhere, one a line."))
    enabled = forms.BooleanField(label=_("In use"), required=False, help_text=_ENABLED)


class GroupForm(Form):
    subjects = _SUBJECTS
    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    posting = forms.ChoiceField(
        label=_("Who may write to it"),
        choices=_posting,
        help_text=_("Everybody, those with an address in the organisation's domains, or its members."),
    )
    targets = LinesField(
        label=_("Members"), required=False, rows=10, help_text=_("Addresses, one a line; groups and addresses outside too.")
    )
    enabled = forms.BooleanField(label=_("In use"), required=False, help_text=_ENABLED)
