"""The program's numbers: one record, editable with history."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from schedules.domain.problem import DEFAULT_WEIGHTS


def default_weights() -> dict[str, int]:
    return dict(DEFAULT_WEIGHTS)


class ProgramPolicy(models.Model):
    """Limits, ratios and weights; one record (`id` 1). Field names equal those of `schedules.domain.problem.Policy`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    program_name = models.CharField(max_length=120, default="Family Medicine Residency")
    weekly_hours_limit = models.FloatField(default=80)
    weekly_hours_warning = models.FloatField(default=75)
    rolling_window_days = models.PositiveSmallIntegerField(default=28)
    worked_days_warning = models.PositiveSmallIntegerField(default=6)
    worked_days_limit = models.PositiveSmallIntegerField(default=13)
    rest_hours = models.FloatField(default=8)
    continuous_hours_limit = models.FloatField(default=24)
    rest_hours_after_24 = models.FloatField(default=14)
    call_every_nth_night = models.PositiveSmallIntegerField(default=3)
    night_float_limit = models.PositiveSmallIntegerField(default=6)
    merge_gap_hours = models.FloatField(default=2)
    pgy1_per_supervisor = models.PositiveSmallIntegerField(default=2)
    upper_per_supervisor = models.PositiveSmallIntegerField(default=4)
    supervision_source = models.CharField(
        max_length=200, default="Program policy; ACGME CPR VI.A.2 leaves the ratio to the program", blank=True
    )
    clinic_capacity = models.PositiveSmallIntegerField(default=8)
    clinic_comfort = models.PositiveSmallIntegerField(default=6)
    equity_absence_days = models.PositiveSmallIntegerField(default=60)
    max_violations = models.PositiveSmallIntegerField(default=5)
    discard_violations = models.PositiveSmallIntegerField(default=10)
    min_coverage = models.FloatField(default=0.80)
    require_n1 = models.BooleanField(default=True)
    weights = models.JSONField(
        default=default_weights, help_text="Points per unit of each soft rule; 0 switches it off."
    )
    clinical_lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Approves shedding at RED together with the program director.",
    )
    second_authority = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Second yes where two are needed; empty = any other director or architect.",
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Takes decisions over when the coordinator has too many.",
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "program policy"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_program_policy")]

    def __str__(self) -> str:
        return self.program_name
