"""Schedules (versions), their assignments, and the publications that made them current."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from common.models import Guarded, GuardedQuerySet, TimeStamped, TrackedQuerySet, who_has_when
from schedules.domain.problem import Session
from schedules.domain.roster import Source
from schedules.enums import ScheduleStatus
from schedules.models.calendar import dates_never_overlap
from schedules.models.people import Person
from schedules.models.rotations import Activity, RotationTemplate

_USER = settings.AUTH_USER_MODEL


class ScheduleQuerySet(GuardedQuerySet):
    def published(self, first: dt.date, last: dt.date) -> ScheduleQuerySet:
        """The published versions with a date in first..last, the earliest first."""
        return self.filter(status=ScheduleStatus.PUBLISHED, start_date__lte=last, end_date__gte=first).order_by(
            "start_date"
        )


class Schedule(Guarded, TimeStamped):
    """A version of the assignments of a date range. At most one published schedule covers a date. Gate only."""

    start_date = models.DateField(db_index=True)
    end_date = models.DateField()
    status = models.CharField(max_length=20, choices=ScheduleStatus, default=ScheduleStatus.DRAFT)
    label = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField(default=1, help_text="Grows with every change of its rows; optimistic lock.")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="Of the inputs that it was made from.")
    stale_since = models.DateTimeField(null=True, blank=True)
    stale_reason = models.CharField(max_length=300, blank=True)
    validation = models.JSONField(default=dict, blank=True, help_text="The last report of the rule table.")
    coverage_rate = models.FloatField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    history = HistoricalRecords(excluded_fields=["validation"])
    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="schedule_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(status=ScheduleStatus.PUBLISHED) | Q(published_at__isnull=False),
                name="published_schedule_has_time",
            ),
            who_has_when("published", name="schedule_published_by_has_time"),
            dates_never_overlap("one_published_schedule_per_date", condition=Q(status=ScheduleStatus.PUBLISHED)),
        ]

    def __str__(self) -> str:
        return self.label or f"Schedule {self.start_date} to {self.end_date}"


class Assignment(Guarded, TimeStamped):
    """Person x date x session -> activity within one schedule. Gate only."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="assignments")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="assignments")
    date = models.DateField()
    session = models.CharField(max_length=5, choices=[(s.value, s.value) for s in Session])
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="+")
    rotation = models.ForeignKey(RotationTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=10, choices=[(s.value, s.value.title()) for s in Source])
    locked = models.BooleanField(default=False)
    history = HistoricalRecords()
    objects = GuardedQuerySet.as_manager()

    class Meta:
        ordering = ["date", "person", "session"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "person", "date", "session"], name="not_double_booked"),
        ]
        indexes = [models.Index(fields=["schedule", "date"]), models.Index(fields=["person", "date"])]

    def __str__(self) -> str:
        return f"{self.person} {self.date} {self.session} {self.activity.code}"


class Publication(TimeStamped):
    """One publish of a draft: what it replaced, what it carried over, and whether it was rolled back."""

    schedule = models.OneToOneField(Schedule, on_delete=models.PROTECT, related_name="publication")
    published_at = models.DateTimeField(db_index=True)
    published_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    override_reason = models.TextField(blank=True)
    acceptance = models.JSONField(default=dict, blank=True)
    replaced = models.ManyToManyField(
        Schedule, related_name="replaced_by", blank=True, help_text="Superseded versions."
    )
    remainders = models.ManyToManyField(
        Schedule, related_name="remainder_of", blank=True, help_text="Carried-over rows outside the draft's dates."
    )
    backup_file = models.CharField(max_length=200, blank=True)
    rolled_back_at = models.DateTimeField(null=True, blank=True)
    rolled_back_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    rollback_reason = models.CharField(max_length=500, blank=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at"]
        constraints = [who_has_when("rolled_back", name="publication_rolled_back_by_has_time")]

    def __str__(self) -> str:
        return f"{self.schedule} published {self.published_at:%Y-%m-%d %H:%M}"


class Amendment(TimeStamped):
    """A change a draft makes just outside its dates: the post-call day of its last call, in a published neighbour."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="amendments")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    session = models.CharField(max_length=5, choices=[(s.value, s.value) for s in Session])
    activity = models.ForeignKey(
        Activity, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty = removed."
    )
    before = models.ForeignKey(
        Activity, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty = nothing there."
    )
    reason = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["date", "session"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "person", "date", "session"], name="amendment_once_per_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.date} {self.session}"
