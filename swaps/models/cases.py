"""Decisions that wait for a person, complaints, and weeks offered to whoever wants them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet, who_has_when
from schedules.models import Person
from swaps.enums import LEVELS, CaseKind, CaseStatus, OfferStatus
from swaps.models.records import SwapRecord

_USER = settings.AUTH_USER_MODEL


class EscalationCase(TimeStamped):
    """A swap that a person of a level must decide, until when, and what was decided."""

    swap = models.ForeignKey(SwapRecord, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(max_length=12, choices=CaseKind, default=CaseKind.REQUEST)
    status = models.CharField(max_length=10, choices=CaseStatus, default=CaseStatus.OPEN)
    level = models.PositiveSmallIntegerField(choices=LEVELS, help_text="Who decides now.")
    first_level = models.PositiveSmallIntegerField(choices=LEVELS, help_text="Who was asked first.")
    codes = models.JSONField(default=list, help_text="The checks that ask for the decision.")
    accepted = models.JSONField(
        default=list, blank=True, help_text="What was accepted, finding by finding: anything else asks anew."
    )
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    overdue_at = models.DateTimeField(null=True, blank=True, help_text="When a deadline was first missed.")
    moved_up_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    rationale = models.CharField(max_length=1000, blank=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["swap"], condition=Q(status=CaseStatus.OPEN.value), name="one_open_case_per_swap"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[CaseStatus.APPROVED.value, CaseStatus.REJECTED.value])
                | (Q(decided_at__isnull=False) & ~Q(rationale="")),
                name="decided_case_has_time_and_rationale",
            ),
            who_has_when("decided", name="case_decided_by_has_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()}: {self.swap}"


class Complaint(models.Model):
    """A party says that an executed swap went wrong. Append-only; the text is for the approvers."""

    swap = models.ForeignKey(SwapRecord, on_delete=models.PROTECT, related_name="complaints")
    filed_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    filed_at = models.DateTimeField()
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["filed_at"]

    def __str__(self) -> str:
        return f"Complaint of {self.filed_at:%Y-%m-%d %H:%M}"


class MarketplaceOffer(TimeStamped):
    """A week that a person offers to whoever takes it; taking it carries the offerer's and the taker's consent."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="offers")
    week = models.DateField(help_text="First date of the swap week.")
    week_end = models.DateField()
    note = models.CharField(max_length=200, blank=True, help_text="Shown to everybody.")
    reason_code = models.CharField(max_length=30, default="other")
    status = models.CharField(max_length=10, choices=OfferStatus, default=OfferStatus.OPEN)
    offered_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    offered_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    swap = models.OneToOneField(SwapRecord, null=True, blank=True, on_delete=models.PROTECT, related_name="offer")
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["week"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "week"], condition=Q(status=OfferStatus.OPEN.value), name="one_open_offer_per_week"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.week}"
