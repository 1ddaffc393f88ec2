"""What can be done with backups: one function per deed."""

from backups.services.creating import create
from backups.services.files import BackupFailed
from backups.services.gating import (
    GateBusy,
    NoFreshBackup,
    ensure_fresh,
    fresh_backup,
    guard,
    mark_broken_files,
    policy,
    require_fresh,
)
from backups.services.scratch import RestoreFailed, scratch_restore
from backups.services.verifying import verify

__all__ = [
    "BackupFailed",
    "GateBusy",
    "NoFreshBackup",
    "RestoreFailed",
    "create",
    "ensure_fresh",
    "fresh_backup",
    "guard",
    "mark_broken_files",
    "policy",
    "require_fresh",
    "scratch_restore",
    "verify",
]
