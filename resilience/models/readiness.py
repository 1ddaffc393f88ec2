"""Adjustments of the readiness worksheet: a person's rating against the measured one, by name and reason."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet


class ReadinessAdjustment(TimeStamped):
    """The rating of one area as a person set it; holds until its date or until another is made."""

    area = models.CharField(max_length=1, choices=[("P", "People"), ("S", "Supervision"), ("T", "Required experience")])
    rating = models.PositiveSmallIntegerField(help_text="1 (best) to 4.")
    measured = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The rating that it replaces.")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField(db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    until = models.DateTimeField()
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(rating__gte=1, rating__lte=4), name="readiness_rating_1_to_4"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="readiness_adjustment_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.area}-{self.rating}"
