"""Plans kept ready for a loss of people, and work that was shed, each bound to the published cells it was made for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet, who_has_when
from resilience.enums import FallbackScenario, PlanState, SheddingState, ShedLevelName

_USER = settings.AUTH_USER_MODEL
CHANGES_HELP = "[person, date, session, activity before, activity after]; null = no cell."


class FallbackPlan(TimeStamped):
    """One scenario's plan: a diff against the published cells with digest `base`. The newest of a key counts."""

    key = models.CharField(max_length=64, unique=True, help_text="SHA-256 of scenario, people and dates.")
    scenario = models.CharField(max_length=20, choices=FallbackScenario)
    people = models.JSONField(help_text="Who is lost, as sorted ids.")
    start_date = models.DateField()
    end_date = models.DateField()
    base = models.CharField(max_length=64, help_text="SHA-256 of the published cells of the dates.")
    result = models.CharField(max_length=64, help_text="SHA-256 of the same cells with the plan in force.")
    changes = models.JSONField(default=list, help_text=CHANGES_HELP)
    moved = models.JSONField(default=list, help_text="Who takes something over.")
    filled = models.FloatField(default=0)
    demanded = models.FloatField(default=0)
    open_posts = models.JSONField(default=list, help_text="[date, session, post, missing].")
    unresolved = models.JSONField(default=list, help_text="Hard findings that come with the loss and stay.")
    assumptions = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=PlanState, default=PlanState.VALID)
    computed_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField(help_text="When its last date is over.")
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    approval = models.UUIDField(null=True, blank=True, help_text="The approval that activated it.")
    history = HistoricalRecords(excluded_fields=["changes", "open_posts", "unresolved"])
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["scenario", "start_date", "key"]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="fallback_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(state=PlanState.ACTIVATED) | Q(activated_at__isnull=False),
                name="activated_fallback_has_time",
            ),
            who_has_when("activated", name="fallback_activated_by_has_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_scenario_display()} {self.start_date} to {self.end_date}"


class SheddingExecution(TimeStamped):
    """Work given up in the published schedule, with what is needed to bring it back exactly."""

    level = models.CharField(max_length=10, choices=ShedLevelName)
    start_date = models.DateField()
    end_date = models.DateField()
    base = models.CharField(max_length=64, help_text="SHA-256 of the published cells of the dates before it.")
    result = models.CharField(max_length=64, help_text="SHA-256 of the same cells after it.")
    changes = models.JSONField(default=list, help_text=CHANGES_HELP)
    effects = models.JSONField(default=list, help_text="What each level would restore.")
    gaps = models.JSONField(default=list, help_text="[date, session, post, missing] left open.")
    snapshot = models.JSONField(default=list, help_text="[person, date, session, activity, source, locked] before it.")
    state = models.CharField(max_length=10, choices=SheddingState, default=SheddingState.EXECUTED)
    executed_at = models.DateTimeField(db_index=True)
    executed_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    approval = models.UUIDField(help_text="The approval that allowed it.")
    restore_due = models.DateField(null=True, blank=True, help_text="When the work is to come back.")
    restored_at = models.DateTimeField(null=True, blank=True)
    restored_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    backup_file = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords(excluded_fields=["changes", "effects", "snapshot"])
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["-executed_at"]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="shedding_ends_after_start"),
            models.CheckConstraint(
                condition=Q(state=SheddingState.EXECUTED, restored_at__isnull=True)
                | Q(state=SheddingState.RESTORED, restored_at__isnull=False),
                name="restored_shedding_has_time",
            ),
            who_has_when("restored", name="shedding_restored_by_has_time"),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.start_date} to {self.end_date}"
