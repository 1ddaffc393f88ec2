"""Forms of the pages: shape and choices only; what is allowed is decided by services."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

from django import forms

from common.forms import PlainForm
from schedules.domain.blocks import ODD_YEAR, YEARS
from schedules.domain.problem import Session
from schedules.enums import AbsenceKind, AbsenceStatus, Algorithm
from schedules.models import Block, Person, RotationTemplate

LONGEST_GRID_DAYS = 98
PGY_LEVELS = (1, 2, 3)


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class RangeForm(PlainForm, forms.Form):
    """Two dates, both included."""

    start = forms.DateField(label="First day", widget=DateInput())
    end = forms.DateField(label="Last day", widget=DateInput())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", "The last day is before the first day.")
        for name, day in (("start", start), ("end", end)):
            if day and day.year not in YEARS:
                self.add_error(name, ODD_YEAR)
        return cleaned


class GridForm(RangeForm):
    """What the schedule page shows. Everything may be left out."""

    start = forms.DateField(required=False)
    end = forms.DateField(required=False)
    range = forms.RegexField(r"^\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d$", required=False)
    version = forms.CharField(required=False)
    against = forms.CharField(required=False)
    group = forms.CharField(required=False)
    person = forms.UUIDField(required=False)
    category = forms.CharField(required=False)
    view = forms.ChoiceField(required=False, choices=[(v, v) for v in ("grid", "day", "person")])
    date = forms.DateField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("range"):
            first, last = cleaned["range"].split("..")
            with suppress(ValueError):
                cleaned["start"], cleaned["end"] = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and (end - start).days >= LONGEST_GRID_DAYS:
            self.add_error("end", f"The grid shows at most {LONGEST_GRID_DAYS} days at once.")
        return cleaned


class CellForm(PlainForm, forms.Form):
    """Which cell: version (`published` or its id), person, date, session."""

    schedule = forms.RegexField(r"^(published|[0-9a-f-]{36})$")
    person = forms.UUIDField()
    date = forms.DateField()
    session = forms.ChoiceField(choices=[(s.value, s.value) for s in Session])


class GenerateForm(RangeForm):
    """One generation request."""

    algorithm = forms.ChoiceField(choices=Algorithm.choices, initial=Algorithm.CP_SAT)
    timeout_seconds = forms.IntegerField(
        label="Time limit (seconds)", min_value=5, max_value=600, initial=120, help_text="5 to 600."
    )
    repair = forms.BooleanField(required=False, label="Repair: change as little as possible of what is published")
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, initial=1, help_text="Same seed, same answer.")
    label = forms.CharField(required=False, max_length=60)
    pgy_levels = forms.TypedMultipleChoiceField(
        label="Only these levels",
        coerce=int,
        choices=[(level, f"PGY-{level}") for level in PGY_LEVELS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None marked: everybody. The published cells of all others stay as they are.",
    )
    rotations = forms.ModelMultipleChoiceField(
        label="Only residents on these rotations",
        queryset=RotationTemplate.objects.filter(block_assignments__isnull=False).distinct().order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class AbsenceForm(PlainForm, forms.Form):
    """An absence for oneself or, for staff, for somebody."""

    person = forms.ModelChoiceField(queryset=Person.objects.filter(is_active=True), empty_label="Choose a person")
    kind = forms.ChoiceField(choices=AbsenceKind.choices, initial=AbsenceKind.LEAVE)
    start_date = forms.DateField(label="First day", widget=DateInput())
    end_date = forms.DateField(label="Last day", widget=DateInput())
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For medical, parental and bereavement leave only you and the program director see it.",
    )

    def __init__(self, *args: Any, own: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if own is not None:
            del self.fields["person"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("start_date"), cleaned.get("end_date")
        if start and end and end < start:
            self.add_error("end_date", "The last day is before the first day.")
        return cleaned


class AbsenceFilterForm(PlainForm, forms.Form):
    """Which absences the list shows."""

    status = forms.ChoiceField(required=False, choices=[("", "Any status"), *AbsenceStatus.choices])
    kind = forms.ChoiceField(required=False, choices=[("", "Any kind"), *AbsenceKind.choices])
    person = forms.ModelChoiceField(required=False, queryset=Person.objects.all(), empty_label="Everybody")
    month = forms.CharField(required=False)

    def clean_month(self) -> dt.date | None:
        """First day of ``YYYY-MM``; None where it names no month."""
        try:
            return dt.datetime.strptime(self.cleaned_data["month"], "%Y-%m").date()  # noqa: DTZ007 (a date)
        except ValueError:
            return None


def block_choices(blocks: list[Block]) -> list[tuple[str, str]]:
    """``("2026-03-12..2026-04-08", "Block 10 ...")`` of every block, for pickers."""
    return [
        (
            f"{b.start_date}..{b.end_date}",
            f"Block {b.number} · {b.start_date:%d %b} – {b.end_date:%d %b %Y}",
        )
        for b in blocks
    ]
