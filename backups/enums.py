"""Kinds and states of backups, and the risk of each gated operation."""

from __future__ import annotations

from django.db.models import TextChoices


class BackupKind(TextChoices):
    REGULAR = "REGULAR", "Regular"
    SACRED = "SACRED", "Sacred"
    PRE_OPERATION = "PRE_OPERATION", "Pre-operation"


class BackupState(TextChoices):
    QUEUED = "QUEUED", "Waiting for a worker"
    CREATING = "CREATING", "Being made"
    UNVERIFIED = "UNVERIFIED", "Not verified"
    VERIFIED = "VERIFIED", "Verified"
    BROKEN = "BROKEN", "Broken"
    DELETED = "DELETED", "Deleted"


NOT_MADE_YET = frozenset({BackupState.QUEUED, BackupState.CREATING})


class VerifyMethod(TextChoices):
    RESTORE = "restore", "Scratch restore, row counts equal"
    CHECKSUM = "checksum", "Checksum only"


class Risk(TextChoices):
    NONE = "NONE", "None"
    MEDIUM = "MEDIUM", "Medium"
    HIGH = "HIGH", "High"
    CRITICAL = "CRITICAL", "Critical"
