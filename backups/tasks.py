"""What the task queue does for backups: the nightly one, the weekly proof, those that somebody asks for."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from backups import services
from backups.enums import BackupKind, BackupState
from backups.models import Backup
from common.services import maintenance


def nightly() -> str:
    """The regular backup of the night; the catalogue is brought in line first."""
    maintenance.require_off()
    services.settle(timezone.now())
    return services.create(kind=BackupKind.REGULAR, by=None, at=timezone.now()).file


def reverify() -> list[str]:
    """Prove every backup again, the longest unproven first: a week whose time runs out goes on where it ended.

    Returns those that are broken.
    """
    maintenance.require_off()
    kept = Backup.objects.filter(state__in=[BackupState.VERIFIED, BackupState.UNVERIFIED])
    checked = [
        services.verify(backup, by=None, at=timezone.now())
        for backup in kept.order_by(F("verified_at").asc(nulls_first=True), "created_at")
    ]
    return [backup.file for backup in checked if backup.state == BackupState.BROKEN]


def make(backup_id: str) -> None:
    """A backup that somebody asked for; a second ring finds nothing to make."""
    maintenance.require_off()
    services.make_queued(backup_id, at=timezone.now())


def prove(backup_id: str) -> None:
    """A proof that somebody asked for."""
    maintenance.require_off()
    services.prove_asked(backup_id, at=timezone.now())
