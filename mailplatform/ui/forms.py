"""Forms: fields in groups, errors in words beside the field and once more in a summary, refusals of the house among them.

A refusal (MailError) names its subject; a form says which of its fields that is. The house writes "field: words" for the
command line; beside a field the words alone stand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

from mailplatform.runtime.errors import MailError

_FIELD = re.compile(r"^[a-z_]+: ")


class Renderer(TemplatesSetting):
    """Django's, with our template for a field."""

    field_template_name = "ui/field.html"


class Form(forms.Form):
    """groups: (heading, names of fields). subjects: what a refusal is about → the field that says so."""

    required_css_class = "required"
    use_required_attribute = False  # the words come from us, in the page's language
    groups: Sequence[tuple[Any, Sequence[str]]] = ()
    subjects: Mapping[str, str] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)

    def mark(self) -> None:
        """Put the focus on the first field that is wrong. When the form is shown again, never while it is made: looking at its
        errors cleans it, with whatever fields it has by then."""
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong is not None:
            self.fields[wrong].widget.attrs["autofocus"] = True

    def grouped(self) -> Iterator[tuple[Any, list[BoundField]]]:
        """(heading, fields) in order; what no group names comes last, without a heading."""
        named = {name for _, names in self.groups for name in names}
        for heading, names in self.groups:
            yield heading, [self[name] for name in names if name in self.fields and not self[name].is_hidden]
        rest = [self[name] for name in self.fields if name not in named and not self[name].is_hidden]
        if rest:
            yield "", rest

    def refuse(self, error: MailError) -> None:
        """Say a refusal of the house at the field it is about."""
        name = self.subjects.get(error.subject, error.subject)
        words = _FIELD.sub("", error.public)
        if not {"@", "."} & set(words.partition(" ")[0]):  # an address and a domain stay as they are
            words = words[:1].upper() + words[1:]
        words += "" if words.endswith((".", "!", "?")) else "."
        self.add_error(name if name in self.fields else None, words)

    def problems(self) -> list[tuple[BoundField | None, str]]:
        """All errors in the order of the fields, for the summary."""
        found: list[tuple[BoundField | None, str]] = [(None, str(words)) for words in self.non_field_errors()]
        for bound in self:
            found.extend((bound, str(words)) for words in bound.errors)
        return found


class Nothing(Form):
    """A form without fields: a button that does something."""
