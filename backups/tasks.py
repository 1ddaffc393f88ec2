"""What the task queue does for backups: the nightly one, the weekly proof, those asked for in a page."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User
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
    """Prove every backup again; returns those that are broken."""
    maintenance.require_off()
    checked = [
        services.verify(backup, by=None, at=timezone.now())
        for backup in Backup.objects.filter(state__in=[BackupState.VERIFIED, BackupState.UNVERIFIED])
    ]
    return [backup.file for backup in checked if backup.state == BackupState.BROKEN]


def create(label: str, user_id: str | None) -> str:
    """A backup that somebody asked for: pre-operation with a label, else regular."""
    maintenance.require_off()
    kind = BackupKind.PRE_OPERATION if label else BackupKind.REGULAR
    by = User.objects.filter(pk=user_id).first() if user_id else None
    return services.create(kind=kind, label=label, by=by, at=timezone.now()).file
