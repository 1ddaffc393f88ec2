"""Telling the program director and the administrators that backups or restores fail."""

from __future__ import annotations

import datetime as dt

from accounts.enums import Role
from accounts.models import User
from accounts.services import notify
from backups.enums import NOT_MADE_YET, BackupState
from backups.models import Backup


def after_failure(backup: Backup, *, at: dt.datetime) -> None:
    """After the second failed creation in a row: a message to those who can help."""
    before = Backup.objects.exclude(pk=backup.pk).exclude(state__in=NOT_MADE_YET).order_by("-created_at").first()
    if before is not None and before.state == BackupState.BROKEN and before.size_bytes == 0:
        tell(
            kind="BACKUP_FAILED",
            title="Two backups in a row have failed",
            body=f"{backup.state_reason} Until a backup succeeds, no schedule can be changed.",
            at=at,
        )


def tell(*, kind: str, title: str, body: str, at: dt.datetime) -> None:
    """A message to every program director and administrator."""
    deciders = User.objects.filter(role__in=[Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR])
    notify(deciders, kind=kind, title=title, body=body, url="/backups", at=at)
