"""Where the program stands, how it came there, and the stored figures that this is read from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.models import TimeStamped
from resilience.enums import LevelName, PostureEvent

_USER = settings.AUTH_USER_MODEL


class PostureState(models.Model):
    """The posture as the last evaluation left it; one record (`id` 1). What changed is in `PostureRecord`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    level = models.CharField(max_length=10, choices=LevelName)
    since = models.DateTimeField()
    evaluated_at = models.DateTimeField(help_text="Last evaluation that finished.")
    fully_evaluated_at = models.DateTimeField(
        null=True, blank=True, help_text="Last time that every half-day was computed."
    )
    failure = models.CharField(max_length=300, blank=True, help_text="Why the last evaluation could not finish.")
    triggers = models.JSONField(default=list, help_text="What asks for a level now, confirmed or not.")
    unknown = models.JSONField(default=dict, help_text="Metric -> why it has no value.")
    readings = models.JSONField(default=dict, help_text="Metric -> value; null where unknown.")
    clear_evaluations = models.PositiveIntegerField(default=0)
    clear_since = models.DateTimeField(null=True, blank=True)
    override_level = models.CharField(max_length=10, choices=LevelName, blank=True)
    override_against = models.CharField(max_length=10, choices=LevelName, blank=True)
    override_reason = models.CharField(max_length=500, blank=True)
    override_until = models.DateTimeField(null=True, blank=True)
    override_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_posture"),
            models.CheckConstraint(
                condition=Q(override_level="", override_until__isnull=True)
                | (~Q(override_level="") & Q(override_until__isnull=False)),
                name="posture_override_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.level


class PostureRecord(TimeStamped):
    """One line of the posture's log: an evaluation or a person's word that changed it. Append-only."""

    at = models.DateTimeField(db_index=True)
    event = models.CharField(max_length=15, choices=PostureEvent)
    before = models.CharField(max_length=10, choices=LevelName, blank=True, help_text="In force until now.")
    after = models.CharField(max_length=10, choices=LevelName, help_text="In force from now on.")
    triggers = models.JSONField(default=list)
    unknown = models.JSONField(default=dict)
    readings = models.JSONField(default=dict)
    by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-created_at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.before or 'none'} -> {self.after}"


class DayMargin(models.Model):
    """The margins of one published date, as last computed; missing = never computed."""

    date = models.DateField(primary_key=True)
    computed_at = models.DateTimeField(db_index=True)
    is_published = models.BooleanField(help_text="Whether a published schedule covered the date.")
    margin_all = models.IntegerField(null=True, help_text="Lowest k* over every demand; null = nothing demanded.")
    margin_safety = models.IntegerField(null=True, help_text="Lowest k* over the attending posts.")
    demanded = models.PositiveIntegerField(default=0, help_text="Demand units of the date.")
    filled = models.FloatField(default=0, help_text="Filled demand units of the date.")
    unfilled_hard = models.PositiveIntegerField(default=0, help_text="Hard units that nobody fills.")
    utilization_demanded = models.PositiveIntegerField(default=0, help_text="Person-half-days asked for.")
    utilization_available = models.PositiveIntegerField(default=0, help_text="Person-half-days available.")
    sessions = models.JSONField(
        default=dict, help_text="Session -> scope -> {margin, idle_margin, people, critical, groups, certificate}."
    )

    class Meta:
        ordering = ["date"]

    def __str__(self) -> str:
        return str(self.date)


class Measurement(models.Model):
    """One value of a loop of homeostasis on a date; the newest of a date counts."""

    loop = models.CharField(max_length=40)
    date = models.DateField()
    at = models.DateTimeField()
    value = models.FloatField()

    class Meta:
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["loop", "date"], name="measurement_once_a_day")]

    def __str__(self) -> str:
        return f"{self.loop} {self.date} {self.value:.3f}"
