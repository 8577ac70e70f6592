"""Form fields for what the house is made of: sizes, counts, lists of addresses. An empty limit is no limit of one's own."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from mailplatform.ui import sizes


class Select(forms.Select):
    """A list to choose from that is written by itself: Django renders a template an option, and there may be hundreds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        context = self.get_context(name, value, attrs)["widget"]
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (one["value"], mark_safe(" selected") if one["selected"] else "", one["label"])
                for _, group, _ in context["optgroups"]
                for one in group
            ),
        )
        return format_html('<select name="{}"{}>{}</select>', name, flatatt(context["attrs"]), options)


class SizeField(forms.CharField):
    """ "5 GB" ↔ bytes; empty ↔ None."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("widget", forms.TextInput(attrs={"size": 12, "placeholder": _("none"), "autocomplete": "off"}))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return sizes.written(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return sizes.to_bytes(text)
        except ValueError:
            words = _("%(text)s is not a size. Write a number and a unit, such as 500 MB or 5 GB, or nothing for no limit.")
            raise forms.ValidationError(words, params={"text": text}) from None


class CountField(forms.IntegerField):
    """A number of things; empty ↔ None."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("min_value", 0)
        options.setdefault("max_value", 2**31 - 1)
        options.setdefault("widget", forms.NumberInput(attrs={"placeholder": _("none"), "autocomplete": "off"}))
        super().__init__(**options)


class LinesField(forms.CharField):
    """One thing a line (commas and semicolons part them too) ↔ a list without doubles."""

    def __init__(self, *, rows: int = 4, **options: Any) -> None:
        attributes = {"rows": rows, "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
        options.setdefault("widget", forms.Textarea(attrs=attributes))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value) or ""
        parted = (part.strip() for line in text.splitlines() for part in line.replace(";", ",").split(","))
        return list(dict.fromkeys(part for part in parted if part))
