"""The program's numbers for swaps: one record, editable with history."""

from __future__ import annotations

import datetime as dt

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

import swaps.domain.tables as domain
from common.models import TrackedQuerySet


def default_continuity_points() -> dict[str, int]:
    return {kind.name: points for kind, points in domain.SwapPolicy().continuity_points.items()}


def default_continuity_activities() -> dict[str, str]:
    return {code: kind.name for code, kind in domain.SwapPolicy().continuity_activities.items()}


def workdays() -> list[int]:
    return list(range(5))


class SwapPolicy(models.Model):
    """Limits, times and thresholds; one record (`id` 1). Field names equal `swaps.domain.tables.SwapPolicy`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    requests_per_day = models.PositiveSmallIntegerField(default=10, validators=[MinValueValidator(1)])
    pending_per_person = models.PositiveSmallIntegerField(default=5, validators=[MinValueValidator(1)])
    days_ahead = models.PositiveSmallIntegerField(default=180)
    reason_length = models.PositiveSmallIntegerField(default=500)
    consent_time = models.DurationField(default=dt.timedelta(hours=48))
    rollback_time = models.DurationField(default=dt.timedelta(hours=24))
    monitoring_time = models.DurationField(default=dt.timedelta(hours=24))
    first_monitoring_after = models.DurationField(default=dt.timedelta(minutes=5))
    monitoring_every = models.DurationField(default=dt.timedelta(hours=1))
    alternatives = models.PositiveSmallIntegerField(default=3)
    fmit_week_starts_on = models.PositiveSmallIntegerField(default=4, help_text="0 = Monday .. 6 = Sunday.")
    other_week_starts_on = models.PositiveSmallIntegerField(default=0, help_text="0 = Monday .. 6 = Sunday.")
    fmit_weeks_reject = models.FloatField(default=3, help_text="FMIT weeks in a row that nobody may lead.")
    fmit_weeks_escalate = models.FloatField(default=2)
    imminent_warn_days = models.FloatField(default=14)
    imminent_escalate_days = models.FloatField(default=7)
    gap_at_once_days = models.FloatField(default=1)
    moonlighting_reject_hours = models.FloatField(default=80)
    fairness_warn_sigma = models.FloatField(default=1.5)
    fairness_escalate_sigma = models.FloatField(default=2)
    continuity_plan_points = models.FloatField(default=3)
    continuity_escalate_points = models.FloatField(default=5)
    utilization_warn = models.FloatField(default=0.80)
    utilization_escalate = models.FloatField(default=0.85)
    resilience_coordinator_delta = models.FloatField(default=0.05)
    resilience_architect_delta = models.FloatField(default=0.10)
    blast_radius = models.FloatField(default=10)
    failed_attempts = models.FloatField(default=3)
    failed_attempts_days = models.PositiveSmallIntegerField(default=30)
    fairness_months = models.PositiveSmallIntegerField(default=3)
    fairness_least_sigma = models.FloatField(default=1, help_text="Weeks; below it nobody is an outlier.")
    continuity_points = models.JSONField(
        default=default_continuity_points, help_text="Points of PANEL, FOLLOW_UP, TEACHING and PROCEDURE sessions."
    )
    continuity_activities = models.JSONField(
        default=default_continuity_activities,
        help_text="What a resident's half-day of an activity is to continuity, by its code.",
    )
    opens_at = models.TimeField(default=dt.time(8))
    closes_at = models.TimeField(default=dt.time(17))
    working_days = models.JSONField(default=workdays, help_text="0 = Monday .. 6 = Sunday.")
    coordinator_time = models.DurationField(default=dt.timedelta(hours=4), help_text="Of working hours.")
    director_time = models.DurationField(default=dt.timedelta(hours=24))
    architect_time = models.DurationField(default=dt.timedelta(hours=48))
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "swap policy"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_swap_policy"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="swap_policy_has_working_hours"),
            models.CheckConstraint(condition=~Q(working_days=[]), name="swap_policy_has_working_days"),
        ]

    def __str__(self) -> str:
        return "Swap policy"
