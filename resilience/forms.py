"""Forms of the pages: shape and choices only; what is allowed is decided by services."""

from __future__ import annotations

from django import forms

from common.forms import PlainForm
from resilience.enums import DocumentKind, LevelName, ShedLevelName
from schedules.forms import DateInput, RangeForm
from schedules.models import Person

AREAS = (("P", "P: people"), ("S", "S: supervision"), ("T", "T: required experience"))


class ReasonForm(PlainForm, forms.Form):
    """Why."""

    reason = forms.CharField(label="Why", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class PostureOverrideForm(ReasonForm):
    """Another posture for a while."""

    level = forms.ChoiceField(
        label="Posture", choices=[choice for choice in LevelName.choices if choice[0] != LevelName.UNKNOWN]
    )
    hours = forms.IntegerField(label="Hours", min_value=1, max_value=24, initial=8, help_text="At most 24.")

    field_order = ["level", "hours", "reason"]


class BreakerOverrideForm(ReasonForm):
    """For how long changes pass an open breaker; a second person approves it."""

    hours = forms.IntegerField(label="Hours", min_value=1, max_value=8, initial=4, help_text="At most 8.")

    field_order = ["hours", "reason"]


class WhatIfForm(RangeForm):
    """People who would be lost, and when."""

    start = forms.DateField(label="First day", widget=DateInput(), required=False)
    end = forms.DateField(label="Last day", widget=DateInput(), required=False)
    people = forms.ModelMultipleChoiceField(
        label="Who is lost",
        queryset=Person.objects.filter(is_active=True).order_by("role", "name"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one person."},
    )

    field_order = ["people", "start", "end"]


class SheddingForm(PlainForm, forms.Form):
    """How much may be given up."""

    level = forms.ChoiceField(
        label="Up to level", required=False, choices=[("", "The smallest that suffices"), *ShedLevelName.choices]
    )


class ReadinessForm(ReasonForm):
    """A person's rating against the measured one."""

    area = forms.ChoiceField(label="Area", choices=AREAS)
    rating = forms.ChoiceField(label="Rating", choices=[(n, str(n)) for n in (1, 2, 3, 4)])
    days = forms.IntegerField(label="Days", min_value=1, max_value=90, initial=14, help_text="Then the measured one.")

    field_order = ["area", "rating", "days", "reason"]


SEVERITIES = [
    (level.value, level.label) for level in (LevelName.YELLOW, LevelName.ORANGE, LevelName.RED, LevelName.BLACK)
]


class IncidentFilterForm(PlainForm, forms.Form):
    """Which incidents are listed."""

    show = forms.ChoiceField(required=False, choices=[("open", "Open"), ("all", "All")])


class ReportForm(PlainForm, forms.Form):
    """Something that a person saw."""

    title = forms.CharField(label="What happened", max_length=200)
    summary = forms.CharField(
        label="Summary", required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="Without names or reasons."
    )
    severity = forms.ChoiceField(label="Severity", choices=SEVERITIES)


class DraftForm(PlainForm, forms.Form):
    """Which document is to be drafted."""

    kind = forms.ChoiceField(label="Document", choices=DocumentKind)
