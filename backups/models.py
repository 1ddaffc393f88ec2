"""Backups, their policy, and the log of restores that survives a restore."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from backups.enums import BackupKind, BackupState, VerifyMethod
from common.models import who_has_when


class BackupPolicy(models.Model):
    """The numbers of the backup policy; one record (`id` 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    fresh_minutes = models.PositiveIntegerField(
        default=120, help_text="A write needs a verified backup younger than this; 5 to 1440."
    )
    minimum_kept = models.PositiveSmallIntegerField(default=2, help_text="Never fewer backups than this remain.")
    retention_days = models.PositiveIntegerField(default=30, help_text="Older files are proposed for deletion.")
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "backup policy"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_backup_policy"),
            models.CheckConstraint(
                condition=models.Q(minimum_kept__gte=2),
                name="at_least_two_backups",
                violation_error_message="At least two backups are always kept.",
            ),
            # Shorter, and a write could outlive its own backup; longer, and the gate would stand open all day.
            models.CheckConstraint(
                condition=models.Q(fresh_minutes__gte=5, fresh_minutes__lte=24 * 60),
                name="backups_stay_fresh_a_while",
                violation_error_message="A backup stays fresh for 5 minutes to 24 hours (1440 minutes).",
            ),
            models.CheckConstraint(
                condition=models.Q(retention_days__gte=1),
                name="backups_are_kept_a_day",
                violation_error_message="Backups are kept for at least one day.",
            ),
        ]

    def __str__(self) -> str:
        return "Backup policy"


class Backup(models.Model):
    """One dump file in the backup folder and what was proven about it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.CharField(max_length=200, unique=True, help_text="Name inside the backup folder.")
    kind = models.CharField(max_length=20, choices=BackupKind)
    label = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=20, choices=BackupState, default=BackupState.CREATING)
    state_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    proof_asked_at = models.DateTimeField(null=True, blank=True, help_text="Until a worker has proven it again.")
    verify_method = models.CharField(max_length=20, choices=VerifyMethod, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    row_counts = models.JSONField(default=dict, blank=True, help_text="Rows of every table in the dump's snapshot.")
    schema_version = models.JSONField(default=dict, blank=True, help_text="Latest migration of every app.")
    postgres_version = models.CharField(max_length=40, blank=True)
    app_version = models.CharField(max_length=40, blank=True)
    remote_copied_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state=BackupState.VERIFIED) | models.Q(verified_at__isnull=False),
                name="verified_backup_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(deleted_at__isnull=True) | models.Q(state=BackupState.DELETED),
                name="deleted_backup_says_so",
            ),
            who_has_when("deleted", name="backup_deleted_by_has_time"),
        ]

    def __str__(self) -> str:
        return self.file


class RestoreLog(models.Model):
    """Who restored what, when, why and how it ended. Written to the restored database as well."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    by_username = models.CharField(max_length=150, help_text="Kept as text: the user may not exist after the restore.")
    reason = models.TextField(blank=True)
    range_start = models.DateField(null=True, blank=True)
    range_end = models.DateField(null=True, blank=True)
    step = models.CharField(max_length=60, blank=True)
    succeeded = models.BooleanField(null=True)
    detail = models.TextField(blank=True)
    safety_backup = models.CharField(max_length=200, blank=True)
    old_database = models.CharField(max_length=100, blank=True)
    row_counts_before = models.JSONField(default=dict, blank=True)
    row_counts_after = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.file} {self.started_at:%Y-%m-%d %H:%M}"
