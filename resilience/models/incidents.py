"""What went wrong with the program, what was done about it, and the record of both that is only ever added to."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet, who_has_when
from resilience.domain.incidents import IncidentState
from resilience.enums import (
    OPEN_INCIDENTS,
    ImpactName,
    IncidentKind,
    IncidentStateName,
    LevelName,
    TargetStep,
    TimelineEvent,
)
from schedules.models import Absence

_USER = settings.AUTH_USER_MODEL
_SEVERITIES = [LevelName.YELLOW.value, LevelName.ORANGE.value, LevelName.RED.value, LevelName.BLACK.value]


class IncidentQuerySet(TrackedQuerySet):
    def open(self) -> IncidentQuerySet:
        """Those that somebody still has to see to the end."""
        return self.filter(state__in=OPEN_INCIDENTS)


class Incident(TimeStamped):
    """One thing that went wrong, from its detection to its review. At most one of a cause is open."""

    number = models.PositiveIntegerField(unique=True, help_text="Counted from 1; people speak of an incident by it.")
    kind = models.CharField(max_length=12, choices=IncidentKind)
    cause = models.CharField(max_length=120, help_text="What it is about: one open incident per cause.")
    state = models.CharField(max_length=20, choices=IncidentStateName, default=IncidentStateName.DETECTED)
    severity = models.CharField(max_length=10, choices=LevelName, help_text="Now.")
    highest = models.CharField(max_length=10, choices=LevelName, help_text="The gravest it ever was.")
    severity_since = models.DateTimeField()
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True, help_text="Without names of people and reasons of absences.")
    trigger_metric = models.CharField(max_length=80, blank=True)
    trigger_value = models.CharField(max_length=80, blank=True)
    trigger_threshold = models.CharField(max_length=80, blank=True)
    people = models.JSONField(default=list, help_text="Ids of those who are missing.")
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    happened_at = models.DateTimeField()
    detected_at = models.DateTimeField(db_index=True)
    analysed_at = models.DateTimeField(null=True, blank=True, help_text="Last analysis that finished.")
    analysis_asked_at = models.DateTimeField(null=True, blank=True, help_text="When the queue was last asked for it.")
    analysis_failures = models.PositiveSmallIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    impact = models.JSONField(default=dict, help_text="People, half-days, coverage, gaps of 7 days, duty-hour risk.")
    analysis = models.JSONField(default=dict, help_text="Tool -> its answer.")
    snapshot = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the published cells analysed.")
    recommendations = models.JSONField(default=list, help_text="Each with its simulated effect.")
    recovery_missing = models.JSONField(default=list, help_text="What stood in the way of RECOVERED when last looked.")
    recovery_checked_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)
    lessons = models.TextField(blank=True)
    follow_ups = models.JSONField(default=list, help_text="{text, due}.")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    history = HistoricalRecords(excluded_fields=["analysis", "impact", "recommendations"])
    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-detected_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=Q(state__in=OPEN_INCIDENTS), name="one_open_incident_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(severity__in=_SEVERITIES, highest__in=_SEVERITIES), name="incident_has_a_severity"
            ),
            models.CheckConstraint(
                condition=Q(state=IncidentState.MERGED.value, merged_into__isnull=False)
                | (~Q(state=IncidentState.MERGED.value) & Q(merged_into__isnull=True)),
                name="merged_incident_says_into_which",
            ),
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")) | Q(start_date__isnull=True, end_date__isnull=True),
                name="incident_ends_after_start",
            ),
            who_has_when("acknowledged", name="incident_acknowledged_by_has_time"),
            who_has_when("closed", name="incident_closed_by_has_time"),
        ]

    def __str__(self) -> str:
        return f"Incident {self.number}: {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_INCIDENTS


class IncidentEvent(models.Model):
    """One line of an incident's timeline. Append-only: a trigger of the database refuses everything else."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="timeline")
    at = models.DateTimeField(db_index=True)
    event = models.CharField(max_length=20, choices=TimelineEvent)
    text = models.TextField(blank=True)
    detail = models.JSONField(default=dict, blank=True)
    by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.event}"


class IncidentTarget(models.Model):
    """One thing that was to be done by a time: done in time, done late, missed, or overtaken by a stricter one."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="targets")
    step = models.CharField(max_length=12, choices=TargetStep)
    severity = models.CharField(max_length=10, choices=LevelName)
    starts_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was seen to be overdue, and told upward."
    )
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="When another severity's took its place.")

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "step"],
                condition=Q(done_at__isnull=True, dropped_at__isnull=True),
                name="one_open_target_per_step",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} by {self.due_at:%Y-%m-%d %H:%M}"

    def is_met(self, at: dt.datetime) -> bool | None:
        """Whether it was kept; None where it is not decided yet, or was overtaken."""
        if self.done_at is not None:
            return self.done_at <= self.due_at
        return False if self.dropped_at is None and at > self.due_at else None


class AbsenceAnalysis(TimeStamped):
    """What an absence does to the program, and what is proposed: made when it is reported or granted."""

    absence = models.OneToOneField(Absence, on_delete=models.CASCADE, related_name="analysis")
    impact = models.CharField(max_length=10, choices=ImpactName)
    computed_at = models.DateTimeField()
    lost = models.JSONField(default=list, help_text="Everybody who is missing on its dates, as ids.")
    margin_all = models.IntegerField(null=True)
    margin_safety = models.IntegerField(null=True)
    margins = models.JSONField(default=dict, help_text="Date -> [k*(all), k*(safety)] without everybody missing.")
    idle_covers = models.BooleanField(null=True)
    certificate = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why the impact is unknown.")
    proposals = models.JSONField(default=list)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="absences")

    def __str__(self) -> str:
        return f"{self.impact} impact"
