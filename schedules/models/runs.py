"""Generation runs: the row is the truth, the queue is a doorbell."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from backups.models import Backup
from common.models import TimeStamped, TrackedQuerySet
from schedules.enums import BLOCKING_RUN_STATUSES, Algorithm, RunStatus, StopRequest
from schedules.models.calendar import dates_never_overlap
from schedules.models.schedule import Schedule

_USER = settings.AUTH_USER_MODEL


class GenerationRun(TimeStamped):
    """One request to generate a date range, from pre-flight to draft."""

    start_date = models.DateField()
    end_date = models.DateField()
    algorithm = models.CharField(max_length=10, choices=Algorithm, default=Algorithm.CP_SAT)
    timeout_seconds = models.PositiveIntegerField(default=120)
    seed = models.PositiveIntegerField(default=1)
    repair = models.BooleanField(default=False, help_text="Fewest changes to what is published.")
    pgy_levels = models.JSONField(default=list, blank=True)
    rotation_template_ids = models.JSONField(default=list, blank=True)
    label = models.CharField(max_length=60, blank=True)

    status = models.CharField(max_length=24, choices=RunStatus, default=RunStatus.QUEUED, db_index=True)
    failed_step = models.CharField(max_length=24, blank=True)
    reason = models.TextField(blank=True)
    requested_by = models.ForeignKey(_USER, null=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    stop_request = models.CharField(max_length=6, choices=StopRequest, blank=True, default=StopRequest.NONE)
    stopped_by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    preflight = models.JSONField(default=dict, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    backup = models.ForeignKey(Backup, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    claim = models.UUIDField(
        null=True, blank=True, help_text="Token of the worker that holds it; fences the final write."
    )
    worker = models.CharField(max_length=120, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    progress = models.JSONField(default=dict, blank=True, help_text="Latest figures and the objective/bound curve.")
    result = models.JSONField(default=dict, blank=True)
    schedule = models.OneToOneField(Schedule, null=True, blank=True, on_delete=models.SET_NULL, related_name="run")
    retry_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries")
    history = HistoricalRecords(excluded_fields=["progress", "preflight", "result", "heartbeat_at"])
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="run_ends_after_start"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True) | Q(confirmed_at__isnull=False),
                name="run_confirmation_has_time",
            ),
            dates_never_overlap(
                "one_generation_at_a_time_per_range", condition=Q(status__in=[s.value for s in BLOCKING_RUN_STATUSES])
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.start_date} to {self.end_date} ({self.get_status_display()})"


class ConfirmationToken(models.Model):
    """What a pre-flight or dry run handed out: bound to what was shown, to the user, and short-lived."""

    token = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class IdempotencyKey(models.Model):
    """An `Idempotency-Key` and the run it made; stored only when a run is created."""

    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")]
