"""What a person is asked to allow, and who allowed or refused it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet
from resilience.enums import OPEN_APPROVALS, ApprovalAction, ApprovalState, ApproverPart, LevelName
from resilience.models.incidents import Incident

_USER = settings.AUTH_USER_MODEL


class Approval(TimeStamped):
    """One act that waits for the word of persons, bound to the hash of what they were shown."""

    action = models.CharField(max_length=20, choices=ApprovalAction)
    target = models.CharField(max_length=60, blank=True, help_text="Level of shedding, id of a plan.")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="approvals")
    title = models.CharField(max_length=200)
    facts = models.JSONField(default=dict, help_text="What was shown.")
    shown = models.CharField(max_length=64, help_text="SHA-256 of what was shown.")
    start_date = models.DateField()
    end_date = models.DateField()
    base = models.CharField(max_length=64, help_text="SHA-256 of the published cells of the dates when it was asked.")
    posture = models.CharField(max_length=10, choices=LevelName, help_text="In force when it was asked.")
    needed = models.JSONField(help_text="Parts that have to say yes.")
    state = models.CharField(max_length=10, choices=ApprovalState, default=ApprovalState.PENDING)
    proposed_by = models.ForeignKey(
        _USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="Empty = the system."
    )
    proposed_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Refused, expired, void or withdrawn.")
    ended_reason = models.CharField(max_length=300, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    is_emergency = models.BooleanField(default=False, help_text="One person allowed what takes two.")
    review_due = models.DateTimeField(null=True, blank=True, help_text="Until when the second review is owed.")
    review_told_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    history = HistoricalRecords(excluded_fields=["facts"])
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="approval_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(state=ApprovalState.USED) | Q(used_at__isnull=False), name="used_approval_has_time"
            ),
            models.CheckConstraint(
                condition=Q(is_emergency=False) | Q(review_due__isnull=False), name="emergency_owes_a_review"
            ),
            models.UniqueConstraint(
                fields=["action", "target", "shown"],
                condition=Q(state__in=OPEN_APPROVALS),
                name="asked_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ApprovalVote(models.Model):
    """One person's word on an approval, in a part. Append-only."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="votes")
    part = models.CharField(max_length=20, choices=ApproverPart)
    by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    agrees = models.BooleanField()
    is_review = models.BooleanField(default=False, help_text="The second review of an emergency, afterwards.")
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "part"], name="one_word_per_part"),
            models.UniqueConstraint(
                fields=["approval", "by"], condition=Q(by__isnull=False), name="one_word_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part}: {'yes' if self.agrees else 'no'}"
