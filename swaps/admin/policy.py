"""The program's numbers for swaps: one record."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from schedules.admin.base import ProgramAdmin
from schedules.admin.forms import WEEKDAYS, NumberTableForm, number_fields, several
from swaps.domain.tables import ContinuityKind
from swaps.models import SwapPolicy

_POINTS = (("continuity_points", "points_", tuple(kind.name for kind in ContinuityKind), 20),)


DURATION_HELP = "Days, then hours:minutes:seconds; 2 00:00:00 is two days."


def _weekday(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=WEEKDAYS, coerce=int, widget=UnfoldAdminSelectWidget)


class _PolicyForm(NumberTableForm):
    tables = _POINTS
    fmit_week_starts_on = _weekday("FMIT week starts on")
    other_week_starts_on = _weekday("Other week starts on")
    working_days = several(WEEKDAYS, int, "Days on which the coordinator's hours run.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name in self.declared_fields and hasattr(self.instance, name):
                # Fields of this form know no default of the model.
                field.initial = getattr(self.instance, name)
            if isinstance(field, forms.DurationField):
                field.help_text = field.help_text or DURATION_HELP

    class Meta:
        model = SwapPolicy
        exclude = ("continuity_points",)


FIELDSETS = (
    ("Requests", ("requests_per_day", "pending_per_person", "days_ahead", "reason_length", "alternatives")),
    ("The swap week", ("fmit_week_starts_on", "other_week_starts_on")),
    ("Answers and windows", ("consent_time", "rollback_time", "monitoring_time")),
    ("Watching executed swaps", ("first_monitoring_after", "monitoring_every")),
    ("Decisions", ("coordinator_time", "architect_time", "director_time", "opens_at", "closes_at", "working_days")),
    ("FMIT weeks in a row", ("fmit_weeks_escalate", "fmit_weeks_reject")),
    ("Notice", ("imminent_warn_days", "imminent_escalate_days", "gap_at_once_days")),
    ("Hours", ("moonlighting_reject_hours",)),
    ("Fairness", ("fairness_months", "fairness_least_sigma", "fairness_warn_sigma", "fairness_escalate_sigma")),
    (
        "Continuity",
        (
            *(f"points_{kind.name}" for kind in ContinuityKind),
            *("continuity_activities", "continuity_plan_points", "continuity_escalate_points"),
        ),
    ),
    (
        "Resilience",
        (
            *("utilization_warn", "utilization_escalate", "resilience_coordinator_delta"),
            *("resilience_architect_delta", "blast_radius"),
        ),
    ),
    ("Earlier attempts", ("failed_attempts", "failed_attempts_days")),
)
"""Every field of the form, by what it is about."""


@admin.register(SwapPolicy)
class SwapPolicyAdmin(ProgramAdmin):
    form = type("PolicyForm", (_PolicyForm,), dict(number_fields(_POINTS)))
    fieldsets = tuple((title, {"fields": names}) for title, names in FIELDSETS)
    deletable = False
    list_display = ("__str__", "consent_time", "rollback_time", "coordinator_time", "director_time", "architect_time")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not SwapPolicy.objects.exists()
