"""The form of an autoresponder: from when until when, whom, how often, and its words in each language."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailplatform.delivery.autoresponders import MOST_SUBJECT, MOST_TEXT
from mailplatform.delivery.values import Audience
from mailplatform.ui.forms import Form
from webadmin.words import AUDIENCES

FIELDS = ("subject", "text", "outside_subject", "outside_text")
LANGUAGES = (("en", _("In English")), ("it", _("In Italian")))


def _line(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=MOST_SUBJECT)


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=MOST_TEXT, widget=forms.Textarea(attrs={"rows": 5}), **options)


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ResponderForm(Form):
    subjects = {"from": "starts", "until": "ends"}
    groups = (
        ("", ("enabled", "starts", "ends", "days", "audience")),
        *((words, tuple(f"{language}_{name}" for name in FIELDS)) for language, words in LANGUAGES),
    )

    enabled = forms.BooleanField(label=_("Answers automatically"), required=False)
    starts = forms.DateField(label=_("First day"), required=False, widget=_day(), help_text=_("Empty: from now on."))
    ends = forms.DateField(label=_("Last day"), required=False, widget=_day(), help_text=_("Empty: until it is switched off."))
    days = forms.IntegerField(
        label=_("Answers a sender once in so many days"), min_value=1, max_value=365, widget=forms.NumberInput(attrs={"size": 4})
    )
    audience = forms.ChoiceField(label=_("Whom"), choices=[(one, AUDIENCES[one][0]) for one in Audience])

    en_subject = _line(_("Subject"))
    en_text = _text(
        _("Text"), help_text=_("Senders are answered in their language where its words are known. Empty: our own words.")
    )
    en_outside_subject = _line(_("Subject for people outside"))
    en_outside_text = _text(_("Text for people outside"), help_text=_("Empty: the same as for everybody."))
    it_subject = _line(_("Subject"))
    it_text = _text(_("Text"))
    it_outside_subject = _line(_("Subject for people outside"))
    it_outside_text = _text(_("Text for people outside"))

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        if sent.get("starts") and sent.get("ends") and sent["ends"] < sent["starts"]:
            self.add_error("ends", _("The last day is before the first."))
        return sent
