"""What every form shares: sentences that say what is missing or wrong in which field, and what to put there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

_MISSING: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.BooleanField, "Tick “{label}” to go on."),
    (forms.MultipleChoiceField, "Choose at least one entry of “{label}”."),
    (forms.ModelMultipleChoiceField, "Choose at least one entry of “{label}”."),
    (forms.ChoiceField, "Choose an entry of “{label}”."),
    (forms.ModelChoiceField, "Choose an entry of “{label}”."),
    (forms.FileField, "Choose a file for “{label}”."),
    (forms.DateTimeField, "Give a date and a time for “{label}”."),
    (forms.DateField, "Give a date for “{label}”."),
    (forms.TimeField, "Give a time for “{label}”."),
    (forms.IntegerField, "Give a number for “{label}”."),
    (forms.Field, "Fill in “{label}”."),
)
"""Kind of field -> what to do where nothing was given; the first that fits."""

_WRONG: tuple[tuple[type[forms.Field], str, str], ...] = (
    (
        forms.ModelMultipleChoiceField,
        "invalid_choice",
        "“{label}”: an entry is not in the list any more; choose again.",
    ),
    (forms.MultipleChoiceField, "invalid_choice", "“{label}”: choose from the list; %(value)s is not in it."),
    (forms.ChoiceField, "invalid_choice", "“{label}”: choose from the list; %(value)s is not in it."),
    (forms.ModelChoiceField, "invalid_choice", "“{label}”: this entry is not in the list any more; choose again."),
    (forms.DateField, "invalid", "“{label}”: give a date as 2026-03-12."),
    (forms.IntegerField, "invalid", "“{label}”: give a whole number."),
    (forms.EmailField, "invalid", "“{label}”: give an address like name@example.org."),
)


class PlainForm(forms.BaseForm):
    """Puts these sentences in place of the framework's; a field's own sentences stay."""

    def full_clean(self) -> None:
        """Give the fields their sentences as late as possible: forms name their labels after they are made."""
        for name, field in self.fields.items():
            label = field.label or name.replace("_", " ").capitalize()
            own = _changed(field)
            said = {code: text.replace("{label}", str(label)) for code, text in _sentences(field).items()}
            field.error_messages |= {code: text for code, text in said.items() if code not in own}
        super().full_clean()


def _sentences(field: forms.Field) -> Mapping[str, str]:
    wrong = {code: text for kind, code, text in reversed(_WRONG) if isinstance(field, kind)}
    return wrong | {"required": next(text for kind, text in _MISSING if isinstance(field, kind))}


def _changed(field: forms.Field) -> set[str]:
    """Codes whose sentence is not the one that the field's class begins with."""
    first: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        first |= getattr(kind, "default_error_messages", {})
    return {code for code, text in field.error_messages.items() if text != first.get(code)}


class PlainModelForm(PlainForm, forms.ModelForm):
    """The same for a record of the database."""
