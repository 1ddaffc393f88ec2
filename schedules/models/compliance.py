"""The append-only record of violations in published schedules, and the circuit breaker's state."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet, who_has_when
from schedules.enums import BreakerState, ComplianceStatus
from schedules.models.schedule import Schedule


class ComplianceEvent(TimeStamped):
    """One violation seen in a published schedule; closed by its fix, never deleted."""

    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="compliance_events")
    rule = models.CharField(max_length=40)
    severity = models.CharField(max_length=20)
    key = models.CharField(max_length=64, help_text="SHA-256 of rule, people and dates: the same finding is one event.")
    people = models.JSONField(default=list)
    start_date = models.DateField()
    end_date = models.DateField()
    measured = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    message = models.TextField()
    unavoidable = models.BooleanField(default=False, help_text="No roster of the data could do without it.")
    status = models.CharField(max_length=10, choices=ComplianceStatus, default=ComplianceStatus.OPEN)
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "key"], condition=models.Q(status="OPEN"), name="open_compliance_event_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status="OPEN", closed_at__isnull=True)
                | models.Q(status="CLOSED", closed_at__isnull=False),
                name="closed_compliance_event_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.start_date}"


class Breaker(models.Model):
    """The schedule circuit breaker; one record (`id` 1). Its causes are judged in `resilience`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    state = models.CharField(max_length=10, choices=BreakerState, default=BreakerState.CLOSED)
    cause = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    causes = models.JSONField(default=list, blank=True, help_text="[cause, sentence] that hold now.")
    clear_since = models.DateTimeField(null=True, blank=True, help_text="Since when no cause holds.")
    override_until = models.DateTimeField(null=True, blank=True)
    override_reason = models.CharField(max_length=500, blank=True)
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    override_second = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_breaker"),
            who_has_when("changed", name="breaker_changed_by_has_time"),
        ]

    def __str__(self) -> str:
        return self.get_state_display()
