"""The numbers of resilience: one record, editable with history."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from common.models import TrackedQuerySet


def default_strain_limits() -> dict[str, float]:
    """Signs of schedule strain and the value above which each counts, per person over 28 days."""
    return {
        "hours": 70,
        "nights": 6,
        "weekends": 2,
        "streak": 6,
        "quick_returns": 1,
        "short_notice": 2,
        "free_day_gap": 7,
        "flips": 2,
    }


def default_decision_minutes() -> dict[str, int]:
    """Estimated minutes by kind of decision."""
    return {"absence": 5, "generation": 15, "draft": 20, "swap": 10, "approval": 10, "incident": 15}


def default_cohorts() -> dict[str, list[str]]:
    return {}


_AT_LEAST_ONE = [MinValueValidator(1)]


class ResiliencePolicy(models.Model):
    """Windows, times and limits; one record (`id` 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    horizon_days = models.PositiveSmallIntegerField(
        validators=_AT_LEAST_ONE, default=28, help_text="How far the tools look ahead."
    )
    margin_days = models.PositiveSmallIntegerField(validators=_AT_LEAST_ONE, default=14, help_text="Window of k*(all).")
    safety_days = models.PositiveSmallIntegerField(
        validators=_AT_LEAST_ONE, default=7, help_text="Window of k*(safety) and of hard gaps."
    )
    heartbeat_seconds = models.PositiveIntegerField(validators=_AT_LEAST_ONE, default=300)
    nightly_seconds = models.PositiveIntegerField(
        default=86_400, help_text="A full evaluation is due after this time; the nightly run comes earlier."
    )
    stale_after_seconds = models.PositiveIntegerField(
        default=93_600, help_text="Margins computed longer ago are stale: unknown, and the breaker opens. 26 hours."
    )
    unwatched_after_seconds = models.PositiveIntegerField(
        default=3_600, help_text="Without any evaluation for this long, no tool vouches for its answer."
    )
    clear_evaluations = models.PositiveSmallIntegerField(validators=_AT_LEAST_ONE, default=3)
    clear_seconds = models.PositiveIntegerField(default=86_400, help_text="Time that a posture must have been clear.")
    breaker_clear_seconds = models.PositiveIntegerField(
        default=86_400, help_text="Time from HALF_OPEN to CLOSED without a cause."
    )
    spread_setpoint = models.FloatField(
        default=0.10,
        help_text="Workload spread: deviation of hours over their mean among residents who share a rotation.",
    )
    spread_width = models.FloatField(default=0.10)
    strain_limits = models.JSONField(default=default_strain_limits)
    strained_from = models.PositiveSmallIntegerField(default=3, help_text="Signs over the limit that make a strain.")
    decision_minutes = models.JSONField(default=default_decision_minutes)
    cohorts = models.JSONField(
        default=default_cohorts, blank=True, help_text="Named cohort (deployment, pcs_season, ...) -> person ids."
    )
    absence_history_days = models.PositiveSmallIntegerField(
        default=365, help_text="Days of past absences that the observed absence rate is taken from."
    )
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "resilience policy"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_resilience_policy")]

    def __str__(self) -> str:
        return "Resilience policy"
