"""A swap from request to roll back, every row that it touched, and its append-only record."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet, who_has_when
from schedules.domain.problem import Session
from schedules.models import Person, Schedule
from swaps.domain.tables import SwapStatus, SwapType
from swaps.enums import OPEN_STATUSES, REASONS, STATUSES, TYPES, Event, Scope

_USER = settings.AUTH_USER_MODEL


class SwapRecord(TimeStamped):
    """One request: who gives what to whom, why, what was found, what was decided and done.

    `source_week` and `target_week` are the first dates of the swap weeks. `reason_text` and a sensitive `reason_code`
    are for the requester and the approver alone.
    """

    source_person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="swaps_given")
    source_week = models.DateField(db_index=True)
    source_end = models.DateField(help_text="Last date that changes hands, included.")
    target_person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="swaps_taken")
    target_week = models.DateField(null=True, blank=True)
    target_end = models.DateField(null=True, blank=True)
    swap_type = models.CharField(max_length=20, choices=TYPES)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.WEEK)
    source_places = models.JSONField(default=list, help_text='The sessions given, as ["2026-03-13", "AM"].')
    target_places = models.JSONField(default=list, blank=True, help_text="The sessions taken back.")
    reason_code = models.CharField(max_length=30, choices=REASONS)
    reason_text = models.CharField(max_length=1000, blank=True)
    status = models.CharField(max_length=20, choices=STATUSES, default=SwapStatus.PENDING.value, db_index=True)
    requested_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    requested_at = models.DateTimeField(db_index=True)
    consent_due = models.DateTimeField(help_text="Without consent until then it lapses.")
    consent_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    consent_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="When the partner was reminded to answer.")
    decided_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    rationale = models.CharField(max_length=1000, blank=True)
    judgement = models.JSONField(default=dict, blank=True, help_text="Findings, hours, utilization, alternatives.")
    schedule = models.ForeignKey(
        Schedule,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="swaps",
        help_text="The version that holds the source week.",
    )
    executed_at = models.DateTimeField(null=True, blank=True)
    transaction_id = models.BigIntegerField(null=True, blank=True, help_text="Of the execution, in PostgreSQL.")
    next_check_at = models.DateTimeField(null=True, blank=True, help_text="When monitoring looks again.")
    rolled_back_at = models.DateTimeField(null=True, blank=True)
    rolled_back_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    rollback_reason = models.CharField(max_length=500, blank=True)
    given_up_at = models.DateTimeField(
        null=True, blank=True, help_text="When a new version without it was accepted: it is over, and not rolled back."
    )
    error_code = models.CharField(max_length=40, blank=True)
    conflicts = models.JSONField(default=list, blank=True, help_text="Rows changed meanwhile, where roll back failed.")
    history = HistoricalRecords(excluded_fields=["judgement", "reason_text"])
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        verbose_name = "swap"
        constraints = [
            models.UniqueConstraint(
                fields=["source_person", "source_week"],
                condition=Q(status__in=[status.value for status in OPEN_STATUSES]),
                name="one_open_swap_per_person_and_week",
            ),
            models.CheckConstraint(condition=~Q(source_person=F("target_person")), name="swap_has_two_people"),
            models.CheckConstraint(
                condition=Q(swap_type=SwapType.ONE_TO_ONE.value, target_week__isnull=False, target_end__isnull=False)
                | Q(swap_type=SwapType.ABSORB.value, target_week__isnull=True, target_end__isnull=True),
                name="only_an_exchange_has_a_target_week",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["EXECUTED", "ROLLED_BACK", "ROLLBACK_FAILED"], executed_at__isnull=False)
                | (~Q(status__in=["EXECUTED", "ROLLED_BACK", "ROLLBACK_FAILED"]) & Q(executed_at__isnull=True)),
                name="executed_swap_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="ROLLED_BACK") | Q(rolled_back_at__isnull=False), name="rolled_back_swap_has_time"
            ),
            who_has_when("consent", name="swap_consent_by_has_time"),
            who_has_when("decided", name="swap_decided_by_has_time"),
            who_has_when("rolled_back", name="swap_rolled_back_by_has_time"),
        ]
        indexes = [
            models.Index(fields=["requested_by", "requested_at"]),
            models.Index(fields=["status", "next_check_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.source_person} {self.source_week} to {self.target_person}"


class SwapChange(models.Model):
    """One touched assignment, before and after. Append-only.

    `before` and `after` are null where there is no row, else ``{"id", "schedule", "activity", "source", "locked",
    "rotation", "created_at"}``: enough to put the row back as it was.
    """

    swap = models.ForeignKey(SwapRecord, on_delete=models.PROTECT, related_name="changes")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    session = models.CharField(max_length=5, choices=[(s.value, s.value) for s in Session])
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="swap_changes")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["date", "person", "session"]
        constraints = [
            models.UniqueConstraint(fields=["swap", "schedule", "person", "date", "session"], name="swap_slot_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.date} {self.session}"


class SwapWeekChange(models.Model):
    """One planned FMIT week that changed hands. Append-only."""

    swap = models.ForeignKey(SwapRecord, on_delete=models.PROTECT, related_name="week_changes")
    start_date = models.DateField()
    end_date = models.DateField()
    before = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["swap", "start_date"], name="swap_fmit_week_once")]

    def __str__(self) -> str:
        return f"FMIT {self.start_date}: {self.before} to {self.after}"


class SwapAudit(models.Model):
    """One event of a swap. The database refuses to change or delete it; `user` null = the system.

    `detail` holds codes, times and counts, never names or reasons.
    """

    swap = models.ForeignKey(SwapRecord, on_delete=models.PROTECT, related_name="audit")
    event = models.CharField(max_length=20, choices=Event)
    user = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(db_index=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    detail = models.JSONField(default=dict, blank=True)
    transaction_id = models.BigIntegerField(help_text="In PostgreSQL.")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "swap audit"

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M}"
