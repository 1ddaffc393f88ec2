"""Admin forms where a record keeps a list or a table in one field: check boxes and numbers instead of JSON."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget

from common.forms import PlainModelForm
from schedules import models
from schedules.domain.problem import DEFAULT_WEIGHTS, Role, WorkKind
from schedules.domain.rules.prices import priced

WEEKDAYS = tuple(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))
_ROLES = tuple((role.value, role.value.title()) for role in Role)
_LEVELS = tuple((level, f"PGY-{level}") for level in (1, 2, 3))
_KINDS = tuple(kind.value for kind in WorkKind if kind)


def several(choices: Iterable[tuple[Any, str]], coerce: Any, help_text: str) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        choices=list(choices),
        coerce=coerce,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=help_text,
        empty_value=[],
    )


def _number(label: str, most: int, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=0, max_value=most, help_text=help_text, widget=UnfoldAdminIntegerFieldWidget
    )


class ActivityForm(PlainModelForm):
    roles = several(_ROLES, str, "Who may hold it; none = everybody.")
    pgy_levels = several(_LEVELS, int, "Residents of these levels only; none = all.")
    credential_roles = several(_ROLES, str, "Whom the credential binds; none = everybody.")

    class Meta:
        model = models.Activity
        fields = "__all__"


class DemandForm(PlainModelForm):
    weekdays = several(WEEKDAYS, int, "None = every day.")
    roles = several(_ROLES, str, "Who counts; none = everybody.")

    class Meta:
        model = models.Demand
        fields = "__all__"


class NumberTableForm(PlainModelForm):
    """Shows the numbers of a JSON table as fields of their own. `tables`: (field of the model, prefix, keys, most)."""

    tables: tuple[tuple[str, str, tuple[str, ...], int], ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for table, prefix, keys, _ in self.tables:
            stored = getattr(self.instance, table) or {}
            for key in keys:
                name = f"{prefix}{key}"
                if name in self.fields:
                    self.fields[name].initial = stored.get(key, 0)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for table, prefix, keys, _ in self.tables:
            stored = getattr(self.instance, table) or {}
            given = {key: cleaned[f"{prefix}{key}"] for key in keys if f"{prefix}{key}" in cleaned}
            setattr(self.instance, table, {**stored, **given})
        return cleaned


def number_fields(tables: tuple[tuple[str, str, tuple[str, ...], int], ...]) -> dict[str, forms.IntegerField]:
    """A number field for every key of every table, by prefix and key."""
    return {
        f"{prefix}{key}": _number(f"{table} {key}".replace("_", " ").capitalize(), most)
        for table, prefix, keys, most in tables
        for key in keys
    }


_DUTY_TABLES = (("minimum", "min_", _KINDS, 14), ("maximum", "max_", _KINDS, 14))
_WEIGHT_TABLES = (("weights", "weight_", tuple(DEFAULT_WEIGHTS), 1000),)


def _weight_fields() -> dict[str, forms.IntegerField]:
    """A number per soft rule, with the rule's own sentence."""
    return {
        f"{prefix}{code}": _number(f"Weight of {code}", most, priced(code))
        for _, prefix, codes, most in _WEIGHT_TABLES
        for code in codes
    }


class _FacultyDutyForm(NumberTableForm):
    tables = _DUTY_TABLES
    available_weekdays = several(WEEKDAYS, int, "Days on which the duty works.")

    class Meta:
        model = models.FacultyDuty
        exclude = ("minimum", "maximum")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for kind in _KINDS:
            low, high = cleaned.get(f"min_{kind}"), cleaned.get(f"max_{kind}")
            if low is not None and high is not None and low > high:
                self.add_error(f"min_{kind}", "The minimum is above the maximum.")
        return cleaned


class _PolicyForm(NumberTableForm):
    tables = _WEIGHT_TABLES

    class Meta:
        model = models.ProgramPolicy
        exclude = ("weights",)


FacultyDutyForm = type("FacultyDutyForm", (_FacultyDutyForm,), dict(number_fields(_DUTY_TABLES)))
PolicyForm = type("PolicyForm", (_PolicyForm,), dict(_weight_fields()))
