"""Who may reach backups: loads the thing or says that it is not there, and checks the role."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.access import require
from accounts.models import User
from accounts.permissions import Permission
from backups.enums import BackupState
from backups.models import Backup
from common.errors import NotAllowed, NotFound


def visible_backups(user: User) -> QuerySet[Backup]:
    """Every backup that was not deleted. Raises NotAllowed."""
    require(user, Permission.SEE_BACKUPS)
    return Backup.objects.exclude(state=BackupState.DELETED).select_related("created_by")


def may_create(user: User) -> None:
    require(user, Permission.CREATE_BACKUP)


def backup_to_see(user: User, pk: UUID | str) -> Backup:
    """One backup. Invisible or unknown: NotFound."""
    try:
        return visible_backups(user).get(pk=pk)
    except (Backup.DoesNotExist, ValidationError) as missing:
        raise NotFound("There is no such backup.") from missing


def backup_to_verify(user: User, pk: UUID | str) -> Backup:
    """One backup, for staff: an account of a program may only create."""
    backup = backup_to_see(user, pk)
    may_create(user)
    if not user.sees_staff_pages:
        raise NotAllowed("Your role may not verify backups.")
    return backup


def backup_to_restore(user: User, pk: UUID | str) -> Backup:
    """One backup, for those who may restore and prune."""
    backup = backup_to_see(user, pk)
    may_prune(user)
    return backup


def may_prune(user: User) -> None:
    require(
        user, Permission.RESTORE_BACKUP, "Only an administrator or the program director restores and prunes backups."
    )
