"""Activities and rotation templates with their weekly patterns."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet
from schedules.domain.problem import Category, Session, ShedTier, SupervisionKind, WorkKind
from schedules.enums import RotationKind
from schedules.models.people import Credential


def _choices(enum: type) -> list[tuple[str, str]]:
    return [(item.value, item.value.replace("_", " ").capitalize() or "None") for item in enum]  # type: ignore[attr-defined]


class Activity(TimeStamped):
    """What a person does in one session."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=120)
    category = models.CharField(max_length=20, choices=_choices(Category))
    am_hours = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    pm_hours = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    night_hours = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    counts_toward_clinic_capacity = models.BooleanField(default=False)
    supervision = models.CharField(max_length=20, choices=_choices(SupervisionKind), default=SupervisionKind.NONE.value)
    provides_supervision = models.BooleanField(default=False)
    shed_tier = models.CharField(max_length=30, blank=True, choices=_choices(ShedTier))
    work_kind = models.CharField(
        max_length=20, blank=True, choices=_choices(WorkKind), help_text="Faculty work it counts as, for weekly limits."
    )
    roles = models.JSONField(default=list, blank=True, help_text="RESIDENT, FACULTY; empty = everybody.")
    pgy_levels = models.JSONField(default=list, blank=True, help_text="Residents of these levels only; empty = all.")
    credential = models.ForeignKey(
        Credential, null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    credential_roles = models.JSONField(
        default=list, blank=True, help_text="Whom the credential binds; empty = everybody."
    )
    colour = models.CharField(max_length=7, blank=True, help_text="#rrggbb; empty = by category.")
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "activities"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class RotationTemplate(TimeStamped):
    """A multi-week experience of a resident."""

    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=20, choices=RotationKind, default=RotationKind.OUTPATIENT)
    is_active = models.BooleanField(default=True)
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["source_id"], condition=~models.Q(source_id=""), name="rotation_source_id_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RotationPattern(TimeStamped):
    """One cell of a rotation's four-week pattern."""

    rotation = models.ForeignKey(RotationTemplate, on_delete=models.CASCADE, related_name="pattern")
    week = models.PositiveSmallIntegerField()
    weekday = models.PositiveSmallIntegerField(help_text="0 = Monday .. 6 = Sunday.")
    session = models.CharField(max_length=5, choices=[(s.value, s.value) for s in Session])
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="+")
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["rotation", "week", "weekday", "session"]
        constraints = [
            models.UniqueConstraint(fields=["rotation", "week", "weekday", "session"], name="pattern_cell_once"),
            models.CheckConstraint(
                condition=models.Q(week__gte=1, week__lte=4, weekday__lte=6), name="pattern_week_1_to_4"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rotation} week {self.week}"
