"""The optional second copy of a verified backup in an object store."""

from __future__ import annotations

import datetime as dt

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages

from backups.models import Backup
from backups.services import files

_log = structlog.get_logger(__name__)


def copy(backup: Backup, *, at: dt.datetime) -> Backup:
    """Copy file and sidecar to the storage named `backups` where one is configured.

    Losing this copy is a warning in the row and the log, never a failure of the backup.
    """
    if "backups" not in settings.STORAGES:
        return backup
    path = files.path_of(backup.file)
    try:
        store = storages["backups"]
        for source in (path, files.sidecar_of(path)):
            with source.open("rb") as content:
                store.save(source.name, File(content))
    except Exception as error:
        # A foreign store fails in ways of its own; whatever it is, the local backup stands.
        _log.warning("backup_copy_lost", file=backup.file, failure=type(error).__name__)
        backup.state_reason = (
            f"The copy to the object store failed ({type(error).__name__}); the file here is verified."
        )
        backup.save(update_fields=["state_reason"])
        return backup
    backup.remote_copied_at = at
    backup.save(update_fields=["remote_copied_at"])
    return backup
