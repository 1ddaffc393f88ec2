"""What can be done with backups: one function per deed."""

from backups.services.catalogue import find, rebuild_catalogue
from backups.services.creating import create
from backups.services.files import BackupFailed
from backups.services.gating import (
    GateBusy,
    NoFreshBackup,
    ensure_fresh,
    fresh_backup,
    guard,
    mark_broken_files,
    newest_verified,
    policy,
    require_fresh,
    shown,
)
from backups.services.integrity import Integrity, check_integrity
from backups.services.ordering import (
    is_at_work,
    make_queued,
    prove_asked,
    request_backup,
    request_proof,
    workers_live,
)
from backups.services.pruning import NotPrunable, protector, prunable, prune
from backups.services.restoring import (
    ConfirmationNeeded,
    NewerSchema,
    RestoreRunning,
    drop_old_database,
    finish_interrupted,
    old_databases,
    restore,
    settle,
)
from backups.services.scratch import RestoreFailed, scratch_restore, working_copy
from backups.services.verifying import verify

__all__ = [
    "BackupFailed",
    "ConfirmationNeeded",
    "GateBusy",
    "Integrity",
    "NewerSchema",
    "NoFreshBackup",
    "NotPrunable",
    "RestoreFailed",
    "RestoreRunning",
    "check_integrity",
    "create",
    "drop_old_database",
    "ensure_fresh",
    "find",
    "finish_interrupted",
    "fresh_backup",
    "guard",
    "is_at_work",
    "make_queued",
    "mark_broken_files",
    "newest_verified",
    "old_databases",
    "policy",
    "protector",
    "prove_asked",
    "prunable",
    "prune",
    "rebuild_catalogue",
    "request_backup",
    "request_proof",
    "require_fresh",
    "restore",
    "scratch_restore",
    "settle",
    "shown",
    "verify",
    "workers_live",
    "working_copy",
]
