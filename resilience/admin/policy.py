"""The numbers of resilience: one record."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from resilience.domain.homeostasis import Indicator
from resilience.enums import FallbackScenario
from resilience.models import ResiliencePolicy
from schedules.admin.base import ProgramAdmin
from schedules.admin.forms import NumberTableForm, number_fields
from schedules.models import Person

_KINDS = ("absence", "generation", "draft", "swap", "approval", "incident")
_TABLES = (
    ("strain_limits", "strain_", tuple(indicator.name.lower() for indicator in Indicator), 200),
    ("decision_minutes", "minutes_", _KINDS, 600),
)
_COHORTS = tuple(
    scenario.value
    for scenario in FallbackScenario
    if scenario not in (FallbackScenario.SINGLE_ABSENCE, FallbackScenario.DUAL_ABSENCE)
)


class _People(forms.ModelMultipleChoiceField):
    """Active people of the program, chosen by name."""

    def __init__(self, label: str) -> None:
        super().__init__(queryset=Person.objects.filter(is_active=True), required=False, label=label)


class _PolicyForm(NumberTableForm):
    tables = _TABLES

    class Meta:
        model = ResiliencePolicy
        exclude = ("strain_limits", "decision_minutes", "cohorts")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _COHORTS:
            field = f"cohort_{name}"
            if field in self.fields:
                self.fields[field].initial = (self.instance.cohorts or {}).get(name, [])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given = {name: cleaned[f"cohort_{name}"] for name in _COHORTS if f"cohort_{name}" in cleaned}
        people = {name: sorted(str(person.pk) for person in chosen) for name, chosen in given.items()}
        self.instance.cohorts = {**(self.instance.cohorts or {}), **people}
        return cleaned


_FIELDS = {
    **dict(number_fields(_TABLES)),
    **{f"cohort_{name}": _People(f"Cohort {name.replace('_', ' ')}") for name in _COHORTS},
}


@admin.register(ResiliencePolicy)
class ResiliencePolicyAdmin(ProgramAdmin):
    """Windows in days, times in seconds, limits, and the named cohorts of people."""

    form = type("PolicyForm", (_PolicyForm,), _FIELDS)
    deletable = False
    list_display = ("__str__", "horizon_days", "margin_days", "safety_days", "heartbeat_seconds")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not ResiliencePolicy.objects.exists()
